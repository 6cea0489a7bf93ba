"""An operation's records are found in a federation's chain of years without reading all of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa

from moyai.operations.database import audit_reading
from moyai.operations.database.audit_reading import of_operation
from moyai.operations.database.connecting import open_engine
from moyai.operations.database.hosts import conninfo
from moyai.operations.database.prepare import Logins

BEGAN = datetime(2020, 1, 1, tzinfo=UTC)
_FILL = """
INSERT INTO moyai.audit (chain, seq, at, content, sha256)
SELECT 'federation', number, %(began)s + number * interval '1 minute',
  '{"operation":"' || number / 10 || '"}' || repeat(' ', 400), ''
FROM generate_series(%(first)s::bigint, %(last)s::bigint) AS number
"""


@pytest.fixture
def engine(places: Logins) -> Iterator[sa.Engine]:
    found = open_engine(places.of("moyai_operator"))
    yield found
    found.dispose()


def fill(places: Logins, first: int, last: int, without: int | None = None) -> None:
    with psycopg.connect(conninfo(places.url), autocommit=True) as admin:
        admin.execute("SET ROLE moyai_owner")
        for one in (
            ((first, last),) if without is None else ((first, without - 1), (without + 1, last))
        ):
            admin.execute(_FILL, {"began": BEGAN, "first": one[0], "last": one[1]})
        admin.execute("ANALYZE moyai.audit")


def found(engine: sa.Engine, number: int, *, ended: bool = True) -> list[int]:
    since = BEGAN + timedelta(minutes=10 * number)
    until = since + timedelta(minutes=20) if ended else None
    with engine.connect() as connection:
        rows = of_operation(connection, "federation", str(number), since, until)
    return [one.seq for one in rows]


def blocks(engine: sa.Engine, number: int) -> int:
    """That the server looks into."""
    since = BEGAN + timedelta(minutes=10 * number)
    explained = sa.text(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {audit_reading._OF_OPERATION}")
    given = {
        "chain": "federation",
        "since": since,
        "until": since + timedelta(minutes=20),
        "words": f'"operation":"{number}"',
    }
    with engine.connect() as connection:
        [[plans]] = connection.execute(explained, given).all()
    plan = plans[0]["Plan"]
    return int(plan["Shared Hit Blocks"]) + int(plan["Shared Read Blocks"])


def test_records_between_two_moments_are_found_and_no_others(
    engine: sa.Engine, places: Logins, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(places, 1, 2000)
    monkeypatch.setattr(audit_reading, "_read", lambda *_: None)  # rows of this test are no records
    monkeypatch.setattr(audit_reading, "_changed", _as_it_is)
    assert found(engine, 0) == list(range(1, 10))
    assert found(engine, 100) == list(range(1000, 1010))
    assert found(engine, 199, ended=False) == list(range(1990, 2000))
    assert found(engine, 200, ended=False) == [2000]
    assert found(engine, 300) == []


def test_a_row_that_is_missing_hides_no_other(
    engine: sa.Engine, places: Logins, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(places, 1, 2000, without=1001)
    monkeypatch.setattr(audit_reading, "_read", lambda *_: None)
    monkeypatch.setattr(audit_reading, "_changed", _as_it_is)
    for number in (5, 99, 100, 150):
        wanted = [10 * number + at for at in range(10) if 10 * number + at != 1001]
        assert found(engine, number) == wanted


def test_ten_times_as_much_on_record_is_hardly_more_to_look_into(
    engine: sa.Engine, places: Logins
) -> None:
    fill(places, 1, 3000)
    before = blocks(engine, 100)
    fill(places, 3001, 30_000)
    assert blocks(engine, 100) < 2 * before + 50
    assert blocks(engine, 2_900) < 2 * before + 50


class _Row:
    def __init__(self, row: Any) -> None:
        self.seq = row.seq
        self.operation = row.content.split('"')[3]


def _as_it_is(row: Any) -> Any:
    return _Row(row)
