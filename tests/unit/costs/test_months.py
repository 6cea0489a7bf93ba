"""Which month a row is of, by the moment at which its billing period begins."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest
from tests.unit.costs.ledgers import a_ledger, csv_file, focus_row, put

_MONTHS = {
    "2024-09-01": "2024-09",
    "2024-09-01 00:00:00": "2024-09",
    "2024-09-01T00:00:00Z": "2024-09",
    "2024-09-01T00:00:00.000Z": "2024-09",
    "2024-09-01T00:00:00+09:00": "2024-09",
    "2024-08-31T15:00:00Z": "2024-09",  # midnight in Japan
    "2024-08-31 15:00:00": "2024-09",
    "2024-08-31T15:00:00.000Z": "2024-09",
    "2023-12-31T15:00:00Z": "2024-01",
    "2024-02-29T15:00:00Z": "2024-03",
    "2024-02-28T15:00:00Z": "2024-02",  # not the last day of that month
    "2024-08-31T17:00:00-07:00": "2024-09",  # midnight in UTC
    "2024-09-01T00:00:00-07:00": "2024-09",
    "2024-08-31T15:00:00+09:00": "2024-08",
    "2024-08-31T14:59:59Z": "2024-08",
    "2024-08-31": "2024-08",
    "2024-09-15T15:00:00Z": "2024-09",
    "2024-09-30T00:00:00Z": "2024-09",
}


@pytest.mark.parametrize("moment", _MONTHS)
def test_a_row_is_of_the_month_that_begins_then_in_utc_or_in_japan(
    moment: str, tmp_path: Path
) -> None:
    file = csv_file(tmp_path / "a.csv", [focus_row("1", BillingPeriodStart=moment)])
    [found] = put(a_ledger(tmp_path), file)
    assert (str(found.period), found.rows) == (_MONTHS[moment], 1)


@pytest.mark.parametrize("zone", ["TIMESTAMPTZ", "TIMESTAMP", "VARCHAR"])
def test_parquet_is_told_apart_as_csv_is(zone: str, tmp_path: Path) -> None:
    moments = ("2024-08-31 15:00:00+00", "2024-09-01 00:00:00+00", "2024-08-01 00:00:00+00")
    rows = ", ".join(f"(1.5, '{moment}'::{zone})" for moment in moments)
    file = tmp_path / "a.parquet"
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'Asia/Tokyo'")
        connection.execute(
            "COPY (SELECT col0 AS BilledCost, col1 AS BillingPeriodStart, 'USD' AS BillingCurrency "
            f"FROM (VALUES {rows})) TO '{file}' (FORMAT parquet)"
        )
    found = put(a_ledger(tmp_path), file)
    assert [(str(one.period), one.rows) for one in found] == [("2024-08", 1), ("2024-09", 2)]
