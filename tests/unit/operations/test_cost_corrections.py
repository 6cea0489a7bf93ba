"""Closed months that are corrected: settled in an open one, and explained."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from tests.unit.costs.ledgers import csv_file, focus_row
from tests.unit.operations.cost_office import JUNE, MAY, OSAKA, SAKAI, VILLAGE, Office, settled

from moyai.costs import reckoning
from moyai.costs.apportion.allocation import LineKind
from moyai.costs.apportion.inputs import Carried, TaxCarried
from moyai.costs.ledger.groups import RowGroup
from moyai.costs.ledger.manifest import Basis
from moyai.costs.ledger.sorting import sorted_rows
from moyai.costs.ledger.store import Store
from moyai.costs.periods import period_of
from moyai.costs.settled import FileMoved
from moyai.errors import OperationFailed, UsageError
from moyai.operations.costs import periods
from moyai.operations.costs.budgets import allocation
from moyai.operations.costs.explanation import explanation
from moyai.operations.costs.periods import open_costs, verification


def test_a_corrected_file_of_drivers_is_settled_and_the_closed_month_stays(office: Office) -> None:
    closed = office.reckon(MAY).allocation_sha256
    office.drive("usage.csv", _271004="1", _271403="1", _273830="4")
    assert office.reckon(MAY).allocation_sha256 == closed
    assert settled(office.reckon(JUNE)) == {SAKAI: -10_000, VILLAGE: 10_000}
    office.put("june.csv", JUNE, EC2="3")
    office.invoice(JUNE, 300, "3")
    assert settled(office.close(JUNE)) == {SAKAI: -10_000, VILLAGE: 10_000}
    office.drive("usage.csv", _271004="2", _271403="2", _273830="2")
    assert settled(office.reckon("2026-07")) == {OSAKA: 10_000, SAKAI: 10_000, VILLAGE: -20_000}
    assert office.verified()


def test_each_month_of_a_chain_of_corrections_is_reckoned_once(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[str] = []

    def counted(store: Store, basis: Basis, *more: Any) -> Sequence[RowGroup]:
        looks.append(basis.state)
        return sorted_rows(store, basis, *more)

    months = ["2026-06", "2026-07", "2026-08", "2026-09", "2026-10"]
    for month in months:
        office.yen("bill.csv", month, EC2="300")
        office.close(month)
        office.yen("bill.csv", month, EC2="303")
    monkeypatch.setattr(reckoning, "sorted_rows", counted)
    # ¥3 more of October; of each month before it they were settled in the one after it.
    assert sum(settled(office.reckon("2026-11")).values()) == 3
    assert len(looks) == len(set(looks))


def test_a_correction_is_settled_in_the_same_fiscal_year_while_a_month_of_it_is_open(
    office: Office,
) -> None:
    for month in ("2027-02", "2027-03"):
        office.yen("bill.csv", month, EC2="300")
        if month == "2027-02":
            office.close(month)
    office.yen("april.csv", "2027-04", EC2="300")
    office.yen("bill.csv", "2027-02", EC2="303")
    assert settled(office.reckon("2027-03")) == {OSAKA: 1, SAKAI: 1, VILLAGE: 1}
    assert settled(office.reckon("2027-04")) == {}
    office.close("2027-03")
    office.yen("bill.csv", "2027-03", EC2="306")
    assert settled(office.reckon("2027-04")) == {OSAKA: 2, SAKAI: 2, VILLAGE: 2}


def test_a_correction_that_no_longer_fits_its_invoice_is_said_until_the_invoice_is_replaced(
    office: Office,
) -> None:
    office.put("may.csv", MAY, EC2="310", S3="600", RDS="10")
    made = office.reckon(JUNE)
    assert [one.en for one in made.notes] == [
        "correction of 2026-05, which is closed: invoice 2026-05 says 910 USD, its rows sum to 920 "
        "(difference -10); the yen are the invoice's. Where a new one came, take it off with moyai cost "
        "invoice remove 2026-05 --issuer AWS --number 2026-05 and put the new one on record with add."
    ]
    assert office.reckon(MAY).notes == ()
    office.put("june.csv", JUNE, EC2="3")
    office.invoice(JUNE, 300, "3")
    assert office.close(JUNE).notes == made.notes
    office.put("july.csv", "2026-07", EC2="3")
    office.invoice("2026-07", 300, "3")
    assert office.reckon("2026-07").notes == ()
    office.drive("usage.csv", _271004="2", _271403="2", _273830="2")
    assert office.reckon("2026-07").notes == ()  # what a month has settled is not said again
    office.invoice(MAY, 0, "")
    office.invoice(MAY, 92_000, "920.00")
    assert office.reckon("2026-07").notes == ()
    assert settled(office.reckon("2026-07"))


KEPT: dict[str, Callable[[Path, Path], object]] = {
    "deleted": lambda kept, _: kept.unlink(),
    "emptied": lambda kept, _: kept.write_bytes(b""),
    "swapped": lambda kept, other: kept.write_bytes(other.read_bytes()),
}


@pytest.mark.parametrize("name", KEPT)
@pytest.mark.parametrize("which", ["allocation", "inputs"])
def test_what_a_closing_kept_is_looked_at_by_verifying(
    name: str, which: str, office: Office
) -> None:
    closed = open_costs(office.file, "sandbox").manifest.part(period_of(MAY)).closed
    assert closed is not None
    [folder] = office.file.parent.parent.rglob("closings")
    documents = {one: folder / f"{getattr(closed, one)}.json" for one in ("allocation", "inputs")}
    kept = documents.pop(which)
    [other] = documents.values()
    KEPT[name](kept, other)
    with pytest.raises(OperationFailed, match=kept.name[:64]):
        office.verified()


@pytest.mark.parametrize(
    "left",
    [
        {"carried": (Carried("chat", Fraction(10), 1),)},
        {"tax_carried": TaxCarried(differences={Fraction(10): 1})},
    ],
)
def test_what_a_closed_month_left_is_verified(left: dict[str, Any], office: Office) -> None:
    opened = open_costs(office.file, "sandbox")
    with opened.ledger.writing("test") as writer:
        part = writer.manifest.part(period_of(MAY))
        assert part.closed is not None
        closed = replace(part.closed, **left)
        writer.commit(writer.manifest.with_part(period_of(MAY), part.as_closed(closed)))
    assert not office.verified()


def test_drivers_that_were_withdrawn_are_settled_as_the_rule_has_it_without_them(
    office: Office,
) -> None:
    office.withdraw("usage.csv")
    assert settled(office.reckon(JUNE)) == {OSAKA: 10_000, VILLAGE: -10_000}
    assert office.verified()


def test_a_settlements_yen_says_what_was_billed_what_it_comes_to_and_what_changed(
    office: Office,
) -> None:
    office.put("may.csv", MAY, S3="600", EC2="310", RDS="10")
    office.drive("usage.csv", _271004="1", _271403="1", _273830="4")
    office.merge()
    office.invoice(MAY, 0, "")
    office.invoice(MAY, 92_000, "920")
    found = explanation(office.file, "sandbox", JUNE, SAKAI, 1).settled
    assert found is not None
    assert found.period == period_of(MAY)
    assert [(one.title.ja, one.before, one.after) for one in found.rules] == [
        ("基盤", 20_000, 20_666),  # two of three bodies by then
        ("市", 500, 500),
        ("申請", 50_000, 50_000),
    ]
    assert [(one.file, one.before and one.before[0], one.after[0]) for one in found.files] == [
        ("may.csv", 1, 2),
        ("usage.csv", 1, 2),
    ]
    [invoice] = found.invoices
    assert invoice.before is not None
    assert invoice.after is not None
    assert (invoice.before.jpy, invoice.after.jpy) == (91_000, 92_000)
    assert [(one.came, one.file, one.line, one.amount) for one in found.rows.rows] == [
        (False, "may.csv", 2, 300),
        (True, "may.csv", 3, 310),
        (False, "usage.csv", 3, 2),
        (True, "usage.csv", 3, 1),
        (False, "usage.csv", 4, 3),
        (True, "usage.csv", 4, 4),
    ]
    assert (found.rows.more, found.rows.others) == (0, 0)
    # A closed month says the same for ever, whatever comes later.
    office.put("june.csv", JUNE, EC2="4")
    office.invoice(JUNE, 400, "4")
    office.close(JUNE)
    office.withdraw("may.csv")
    office.put("other.csv", MAY, S3="600", EC2="310", RDS="10")
    after_its_share = 200 + 1
    assert explanation(office.file, "sandbox", JUNE, SAKAI, after_its_share).settled == found
    # The same rows in another file have only moved: nothing is to be settled.
    with pytest.raises(UsageError, match="no costs are on record for 2026-07"):
        office.reckon("2026-07")


def test_rows_that_other_bodies_share_are_counted_and_many_are_cut_short(office: Office) -> None:
    rows = [
        focus_row("1", ServiceName=service, BillingPeriodStart=f"{MAY}-01 00:00:00")
        for service in ["EC2"] * 30 + ["RDS"] * 5
    ]
    office.take(csv_file(office.file.parent / "more.csv", rows))
    office.invoice(MAY, 0, "")
    office.invoice(MAY, 94_500, "945")
    found = explanation(office.file, "sandbox", JUNE, VILLAGE, 1).settled
    assert found is not None
    assert [one.rule for one in found.rules] == ["base", "forms"]
    assert (len(found.rows.rows), found.rows.more, found.rows.others) == (20, 10, 5)
    [file] = found.files
    assert (file.before, file.after[0]) == (None, 1)
    office.withdraw("more.csv")
    with pytest.raises(UsageError):
        explanation(office.file, "sandbox", JUNE, VILLAGE, 20_001)


@pytest.mark.parametrize("amount", ["123456789012345678901234567890", "99999999999999999999.5"])
def test_a_yen_of_a_sum_that_fills_the_ledgers_decimals_is_followed_to_its_line(
    office: Office, amount: str
) -> None:
    rows = [
        focus_row(cost, BillingCurrency="JPY", ServiceName="EC2", BillingPeriodStart=f"{JUNE}-01")
        for cost in ("5", amount, "5")
    ]
    office.take(csv_file(office.file.parent / "june.csv", rows))
    share = dict(office.reckon(JUNE).allocation.bodies())[OSAKA][0].lines[0].jpy
    for yen, line in ((1, 2), (share // 2, 3), (share, 4)):
        row = explanation(office.file, "sandbox", JUNE, OSAKA, yen).row
        assert row is not None
        assert row.line == line, yen


def test_a_month_is_closed_over_the_version_that_counts_though_one_before_had_the_same_rows(
    office: Office,
) -> None:
    for amount in ("30", "60", "30"):
        office.yen("june.csv", JUNE, EC2=amount)
    open_state = office.reckon(JUNE).basis.state
    assert office.close(JUNE).basis.state == open_state
    office.withdraw("june.csv", JUNE)
    [file] = _files(office, "2026-07")
    assert file.before is not None
    assert (file.before[0], file.after[0]) == (3, 4)
    office.yen("june.csv", JUNE, EC2="30")
    office.withdraw("june.csv", JUNE)
    [file] = _files(office, "2026-07")
    assert file.before is not None
    assert (file.before[0], file.after[0]) == (3, 6)
    office.yen("july.csv", "2026-07", EC2="30")
    office.close("2026-07")
    office.yen("june.csv", JUNE, EC2="60")
    office.withdraw("june.csv", JUNE)
    assert _files(office, "2026-07") == (file,)


def test_the_same_rows_in_another_file_are_a_state_of_their_own_that_a_closing_keeps(
    office: Office,
) -> None:
    for amount in ("30", "60"):
        office.yen("june.csv", JUNE, EC2=amount)
    office.take(_with_empty_line(office.file.parent / "june.csv", "30"))
    open_state = office.reckon(JUNE).basis.state
    assert office.close(JUNE).basis.state == open_state
    assert office.verified()


def _with_empty_line(path: Path, amount: str) -> Path:
    """A file with one row and an empty line: other bytes than without, and the same rows."""
    row = focus_row(
        amount, BillingCurrency="JPY", ServiceName="EC2", BillingPeriodStart=f"{JUNE}-01"
    )
    csv_file(path, [row])
    path.write_bytes(path.read_bytes() + b"\n")
    return path


def _files(office: Office, month: str) -> tuple[FileMoved, ...]:
    """Files of the settlement of June that the village bears, or is given back."""
    lines = next(
        borne for code, borne in office.reckon(month).allocation.bodies() if code == VILLAGE
    )
    numbered = [line for one in lines for line in one.lines]
    kinds = [line.kind for line in numbered]
    number = 1 + kinds.index(LineKind.SETTLEMENT)
    found = explanation(office.file, "sandbox", month, VILLAGE, 1, number).settled
    assert found is not None
    return found.files


def test_the_month_that_settles_is_the_first_with_costs_after_the_last_closed_one(
    office: Office,
) -> None:
    assert office.unsettled() == {}
    office.yen("july.csv", "2026-07", EC2="300")
    office.close("2026-07")
    office.yen("june.csv", JUNE, EC2="300")  # open, before a closed one
    office.yen("more.csv", MAY, EC2="900")
    assert office.unsettled() == {MAY: "2026-08"}
    office.yen("september.csv", "2026-09", EC2="300")
    assert office.unsettled() == {MAY: "2026-09"}
    told = allocation(office.file, "sandbox", MAY).settling
    assert told is not None
    assert str(told.bearer) == "2026-09"
    assert settled(office.reckon(JUNE)) == {}
    assert sum(settled(office.reckon("2026-09")).values()) > 0
    [may, july] = verification(office.file, "sandbox")
    assert (may.same, may.settling, july.settling) == (True, told, None)
    office.withdraw("more.csv")
    assert office.unsettled() == {}
    office.yen("more.csv", MAY, EC2="950")
    office.close(JUNE)
    office.close("2026-09")
    assert office.unsettled() == {}


def test_closings_are_in_the_order_of_the_ledger_whatever_clocks_say(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """June is closed on a machine whose clock is two minutes behind that of May's."""
    moments = iter(["10:00:00", "09:58:00", "09:58:00"])
    monkeypatch.setattr(periods, "now", lambda: f"2026-07-01T{next(moments)}+00:00")
    office.close(MAY)
    office.yen("june.csv", JUNE, EC2="300")
    office.yen("late.csv", MAY, EC2="3000")
    due = settled(office.reckon(JUNE))
    assert sum(due.values()) == 3300
    assert settled(office.close(JUNE)) == due
    assert office.verified()
    office.yen("july.csv", "2026-07", EC2="300")
    assert settled(office.close("2026-07")) == {}
    assert office.verified()
