"""A file's content is a version of the months that it has."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

import pytest
from tests.unit.costs.ledgers import a_ledger, csv_file, focus_row, put

from moyai.costs.ledger.imported import Outcome
from moyai.costs.ledger.imports import withdrawn
from moyai.costs.ledger.ledger import Ledger
from moyai.costs.ledger.query import group_rows
from moyai.costs.periods import Period
from moyai.errors import UsageError

SEPTEMBER, OCTOBER = Period(2024, 9), Period(2024, 10)


def test_a_changed_file_is_a_new_version_with_its_difference(tmp_path: Path) -> None:
    ledger = a_ledger(tmp_path)
    one, two = focus_row("1.50"), focus_row("2", ServiceName="EC2")
    put(ledger, csv_file(tmp_path / "a.csv", [one, two]))
    before = ledger.basis(SEPTEMBER).state
    more = focus_row("0.125", ServiceName="EC2")
    third = focus_row("3.000", ServiceName="EC2")
    put(ledger, csv_file(tmp_path / "a.csv", [one, two, third]))
    again = focus_row("3", ServiceName="EC2")
    (result,) = put(ledger, csv_file(tmp_path / "a.csv", [more, again, one]))
    assert result.outcome is Outcome.REPLACED
    assert result.difference is not None
    assert (result.difference.added, result.difference.removed) == (1, 1)
    assert result.difference.by_currency == {"USD": Decimal("-1.875")}
    assert result.difference.by_service == {("USD", "EC2"): Decimal("-1.875")}
    basis = ledger.basis(SEPTEMBER)
    assert basis.state != before
    (group,) = {one.amount for one in group_rows(ledger.store, basis, [])}
    assert group == Decimal("4.625")
    assert len(ledger.manifest().part(SEPTEMBER).sources["a.csv"]) == 3


def test_months_of_a_new_version_that_did_not_change_stay(tmp_path: Path) -> None:
    ledger = a_ledger(tmp_path)
    september = [focus_row("1.50"), focus_row("1.50"), focus_row("2", ServiceName="EC2")]
    october = {**focus_row("5"), "BillingPeriodStart": "2024-10-01 00:00:00"}
    put(ledger, csv_file(tmp_path / "a.csv", [*september, october]))
    before = ledger.basis(SEPTEMBER).state
    more = [october | {"BilledCost": "6"}, october]
    # the same rows by other lines and written otherwise
    same = [september[2], september[0], september[1] | {"BilledCost": "1.5"}]
    found = {one.period: one for one in put(ledger, csv_file(tmp_path / "a.csv", [*more, *same]))}
    assert found[SEPTEMBER].outcome is Outcome.UNCHANGED
    assert found[SEPTEMBER].difference is None
    assert found[OCTOBER].outcome is Outcome.REPLACED
    assert ledger.basis(SEPTEMBER).state == before
    assert len(ledger.manifest().part(SEPTEMBER).sources["a.csv"]) == 1
    fewer = [september[0], september[2] | {"ServiceName": "S3"}, september[2], october]
    found = {one.period: one for one in put(ledger, csv_file(tmp_path / "a.csv", fewer))}
    assert found[SEPTEMBER].outcome is Outcome.REPLACED
    assert ledger.basis(SEPTEMBER).state != before


def two_months(folder: Path, september: str, october: str, name: str = "a.csv") -> Path:
    months = (("2024-09-01", september), ("2024-10-01", october))
    rows = [focus_row(cost, BillingPeriodStart=day) for day, cost in months if cost]
    return csv_file(folder / name, rows)


def totals(ledger: Ledger) -> dict[Period, dict[str, Mapping[str, str]]]:
    """What counts: period → file → its sums."""
    periods = ledger.manifest().periods
    return {
        period: {name: one.totals for name, one in part.current(period).sources.items()}
        for period, part in sorted(periods.items())
    }


def test_a_former_content_counts_again_in_all_its_months(tmp_path: Path) -> None:
    ledger = a_ledger(tmp_path)
    states = {}
    for september, october in (("1", "1"), ("1", "2"), ("2", "2"), ("1", "2"), ("1", "1")):
        file = two_months(tmp_path, september, october)
        put(ledger, file)
        found = totals(ledger)
        assert found == {
            SEPTEMBER: {"a.csv": {"USD": september}},
            OCTOBER: {"a.csv": {"USD": october}},
        }
        for period, cost in ((SEPTEMBER, september), (OCTOBER, october)):
            assert states.setdefault((period, cost), ledger.basis(period).state) == (
                ledger.basis(period).state
            )
        again = put(ledger, file)
        assert [one.outcome for one in again] == [Outcome.ALREADY] * 2
        assert totals(ledger) == found


def test_what_becomes_of_a_former_content_is_told_for_each_month(tmp_path: Path) -> None:
    ledger = a_ledger(tmp_path)
    told = []
    for costs in (("1", "1"), ("1", "2"), ("2", "2"), ("1", "2")):
        found = put(ledger, two_months(tmp_path, *costs))
        told.append({one.period: one.outcome for one in found})
    assert told == [
        {SEPTEMBER: Outcome.NEW, OCTOBER: Outcome.NEW},
        {SEPTEMBER: Outcome.UNCHANGED, OCTOBER: Outcome.REPLACED},
        {SEPTEMBER: Outcome.REPLACED, OCTOBER: Outcome.UNCHANGED},
        {SEPTEMBER: Outcome.REPLACED, OCTOBER: Outcome.ALREADY},
    ]


def test_a_month_that_was_unchanged_and_withdrawn_can_be_imported_again(tmp_path: Path) -> None:
    ledger = a_ledger(tmp_path)
    put(ledger, two_months(tmp_path, "1", "1"))
    file = two_months(tmp_path, "1", "2")
    put(ledger, file)
    with ledger.writing("withdraw") as writer:
        part = writer.manifest.part(SEPTEMBER)
        gone = withdrawn(part.sources["a.csv"][-1])
        writer.commit(writer.manifest.with_part(SEPTEMBER, part.with_version("a.csv", gone)))
    found = {one.period: one.outcome for one in put(ledger, file)}
    assert found == {SEPTEMBER: Outcome.NEW, OCTOBER: Outcome.ALREADY}
    assert totals(ledger)[SEPTEMBER] == {"a.csv": {"USD": "1"}}


def test_a_withdrawn_file_is_read_anew(tmp_path: Path) -> None:
    ledger = a_ledger(tmp_path)
    file = tmp_path / "other.csv"
    file.write_text("period,item,service,amount\n2024-09,x,chat,1\n", encoding="utf-8")
    for services, tag in (((), None), (("chat",), "chat"), ((), None)):
        put(ledger, file, services=services)
        (found,) = group_rows(ledger.store, ledger.basis(SEPTEMBER), ["Tags.moyai:service"])
        assert found.values["Tags.moyai:service"] == tag
        with ledger.writing("withdraw") as writer:
            part = writer.manifest.part(SEPTEMBER)
            gone = withdrawn(part.sources["other.csv"][-1])
            writer.commit(
                writer.manifest.with_part(SEPTEMBER, part.with_version("other.csv", gone))
            )


def test_a_copy_of_a_file_that_did_not_change_in_a_month_counts_once(tmp_path: Path) -> None:
    ledger = a_ledger(tmp_path)
    for costs in (("1", "1"), ("1", "2")):
        put(ledger, two_months(tmp_path, *costs))
    found = put(ledger, two_months(tmp_path, "1", "2", "copy.csv"))
    assert [(one.file, one.outcome) for one in found] == [("a.csv", Outcome.ALREADY)] * 2
    assert totals(ledger)[SEPTEMBER] == {"a.csv": {"USD": "1"}}


def test_a_month_that_a_file_no_longer_has_stays_and_is_told(tmp_path: Path) -> None:
    ledger = a_ledger(tmp_path)
    put(ledger, two_months(tmp_path, "1", "1"))
    found = {one.period: one.outcome for one in put(ledger, two_months(tmp_path, "", "2"))}
    assert found == {OCTOBER: Outcome.REPLACED, SEPTEMBER: Outcome.KEPT}
    assert totals(ledger)[SEPTEMBER] == {"a.csv": {"USD": "1"}}
    # As an export that is called alike each month, it says nothing of what it never had.
    found = {one.period: one.outcome for one in put(ledger, two_months(tmp_path, "", "3"))}
    assert found == {OCTOBER: Outcome.REPLACED}


def test_quantities_of_drivers_that_did_not_change_stay(tmp_path: Path) -> None:
    ledger = a_ledger(tmp_path)
    file = tmp_path / "usage.csv"
    head, line = "period,driver,code,quantity\n", "2024-09,requests,271004,15\n"
    file.write_text(head + line)
    put(ledger, file, bodies={"271004": "271004"})
    file.write_text(head + "2024-10,requests,271004,16\n" + line)
    found = put(ledger, file, bodies={"271004": "271004"})
    assert [one.outcome for one in found] == [Outcome.UNCHANGED, Outcome.NEW]


@pytest.mark.parametrize("name", ["b.csv", "a.csv"])
def test_a_content_that_counts_under_another_name_replaces_nothing_unsaid(
    name: str, tmp_path: Path
) -> None:
    ledger = a_ledger(tmp_path)
    put(ledger, csv_file(tmp_path / "a.csv", [focus_row("1")]))
    put(ledger, csv_file(tmp_path / "b.csv", [focus_row("2")]))
    before = ledger.basis(SEPTEMBER).state
    again = csv_file(tmp_path / name, [focus_row("2")])
    with pytest.raises(UsageError, match=r"on record as b\.csv already"):
        put(ledger, again, replaces="a.csv")
    assert ledger.basis(SEPTEMBER).state == before


def test_a_file_replaces_another_by_name(tmp_path: Path) -> None:
    ledger = a_ledger(tmp_path)
    put(ledger, csv_file(tmp_path / "a.csv", [focus_row("1")]))
    put(ledger, csv_file(tmp_path / "a-fixed.csv", [focus_row("3")]), replaces="a.csv")
    assert set(ledger.basis(SEPTEMBER).sources) == {"a.csv"}
    assert ledger.basis(SEPTEMBER).sources["a.csv"].totals == {"USD": "3"}
    with pytest.raises(UsageError, match=r"no file on record is called 'b\.csv'"):
        put(ledger, csv_file(tmp_path / "c.csv", [focus_row("4")]), replaces="b.csv")


def test_a_file_of_the_same_name_leaves_other_periods_alone(tmp_path: Path) -> None:
    ledger = a_ledger(tmp_path)
    october = focus_row("2", BillingPeriodStart="2024-10-01")
    put(ledger, csv_file(tmp_path / "a.csv", [focus_row("1")]))
    before = ledger.basis(SEPTEMBER).state
    (result,) = put(ledger, csv_file(tmp_path / "a.csv", [october]))
    assert (result.period, result.outcome) == (OCTOBER, Outcome.NEW)
    assert ledger.basis(SEPTEMBER).state == before
