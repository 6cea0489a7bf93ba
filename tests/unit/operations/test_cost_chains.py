"""Months that settle one another over several sets of rules."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from tests.sample import lay_out
from tests.unit.operations.cost_office import (
    JUNE,
    MAY,
    OSAKA,
    RULES,
    SAKAI,
    VILLAGE,
    Office,
    settled,
)
from tests.unit.registry.cost_federation import BODIES

from moyai.costs import reckoning
from moyai.costs.explain.lines import NetLine, lines_of
from moyai.costs.ledger.groups import RowGroup
from moyai.costs.ledger.sorting import sorted_rows
from moyai.costs.periods import Period, period_of
from moyai.costs.reckoned import Reckoned
from moyai.costs.settled import Settled
from moyai.errors import UsageError
from moyai.operations.costs import periods
from moyai.operations.costs.budgets import allocation
from moyai.operations.costs.corrections import Settling
from moyai.operations.costs.explanation import explanation
from moyai.operations.costs.periods import close, verification

APRIL, JULY = "2026-04", "2026-07"
_HEAD = RULES[: RULES.index("    - name:")]
_BASE = "{ name: base, where: { ServiceName: EC2 }, shares: [{ by: equal }] }"
_XS = "{ name: xs, where: { ServiceName: X }, shares: [{ by: equal }] }"


def _rules(*sets: tuple[str, str | None, tuple[str, ...]]) -> str:
    """Sets of rules: the first month, the one after the last, pools."""
    found = [_HEAD]
    for first, end, pools in sets:
        found.append(f"    - name: r{first}\n      from: {first}-01\n")
        found += [] if end is None else [f"      until: {end}-01\n"]
        found += ["      pools:\n", *(f"        - {pool}\n" for pool in pools)]
    return "".join(found)


def _capped() -> str:
    """May's pool of X is full at ¥1,000 a body; June has another of its name."""
    cap = "{ name: P, where: { ServiceName: [X, Z] }, shares: [{ by: equal }], maximum: 1000 }"
    wide = "{ name: P, where: { ServiceName: [X, Q] }, shares: [{ by: equal }] }"
    return _rules((APRIL, MAY, (_BASE,)), (MAY, JUNE, (_BASE, cap)), (JUNE, None, (_BASE, wide)))


@pytest.fixture
def open_office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], Office]:
    """A new office of three bodies, by its name and its rules."""

    def made(name: str, rules: str) -> Office:
        monkeypatch.setenv("MOYAI_HOME", str(tmp_path / name / "home"))
        bodies = BODIES.replace('    former_codes: ["279978"]\n', "")
        return Office(lay_out(tmp_path / name / "project", bodies + rules))

    return made


Make = Callable[[str, str], Office]


def _nothing(office: Office) -> None:
    office.yen("more.csv", MAY, EC2="0")


def _both_signs(office: Office) -> None:
    office.yen("up.csv", MAY, EC2="3")
    office.yen("down.csv", MAY, EC2="-3")


def _by_another_name(office: Office) -> None:
    office.withdraw("may.csv")
    office.yen("may-2.csv", MAY, EC2="300", RDS="200")


def _drivers(office: Office) -> None:
    office.drive("usage.csv", _271004="1", _271403="3")


@pytest.mark.parametrize("correct", [_nothing, _both_signs, _by_another_name, _drivers])
def test_a_correction_that_moves_nobodys_yen_is_settled_all_the_same(
    open_office: Make, correct: Callable[[Office], None]
) -> None:
    office = open_office("a", RULES)
    office.yen("may.csv", MAY, EC2="300", RDS="200")
    office.close(MAY)
    correct(office)
    assert office.unsettled() == {MAY: JUNE}
    office.yen("june.csv", JUNE, EC2="300")
    assert settled(office.close(JUNE)) == {}
    assert office.unsettled() == {}
    assert office.verified()


def test_late_costs_that_move_only_who_took_of_their_taker_are_settled(open_office: Make) -> None:
    """X of April is May's by its rules, up to ¥1,000 a body; what May left beyond that is June's."""
    office = open_office("a", _capped())
    office.yen("april.csv", APRIL, EC2="300")
    office.close(APRIL)
    office.yen("late-april.csv", APRIL, X="600")
    office.yen("may.csv", MAY, EC2="300", Z="1200")
    office.close(MAY)
    office.yen("late-may.csv", MAY, Z="3000")
    office.yen("june.csv", JUNE, EC2="300")
    office.close(JUNE)
    office.yen("late-april.csv", APRIL, X="1500")
    office.yen("july.csv", JULY, EC2="300")
    due = settled(office.reckon(JULY))
    assert due == {OSAKA: 330, SAKAI: 330, VILLAGE: 330}
    assert settled(office.close(JULY)) == due
    assert office.unsettled() == {}
    assert office.verified()


def test_what_a_taker_of_late_costs_leaves_is_taken_where_nothing_of_its_own_changed(
    open_office: Make,
) -> None:
    """As above, but that May has no correction of its own: June takes what May leaves of X, and gives it
    back when X shrinks."""
    office = open_office("a", _capped())
    office.yen("april.csv", APRIL, EC2="300")
    office.close(APRIL)
    office.yen("late-april.csv", APRIL, X="600")
    office.yen("may.csv", MAY, EC2="300", Z="1200")
    office.close(MAY)
    office.yen("late-april.csv", APRIL, X="3000")
    office.yen("june.csv", JUNE, EC2="300")
    due = office.reckon(JUNE)
    assert _late_of_pool(due, "P") == {period_of(MAY): 1_620}
    assert office.close(JUNE).allocation == due.allocation
    assert (office.unsettled(), office.verified()) == ({}, True)
    office.yen("late-april.csv", APRIL, X="900")
    office.yen("july.csv", JULY, EC2="300")
    assert office.unsettled() == {APRIL: JULY, MAY: JULY, JUNE: JULY}
    july = office.close(JULY)
    moved = [(str(one.period), one.jpy) for one in july.settlements]
    assert moved == [(MAY, 990 + 1_320 - 3_000), (JUNE, -1_620)]
    assert (office.unsettled(), office.verified()) == ({}, True)


def test_a_pool_of_a_taker_that_has_no_members_yet_is_the_next_ones(open_office: Make) -> None:
    xs = "{ name: xs, service: chat, where: { ServiceName: X }, shares: [{ by: equal }] }"
    office = open_office("a", _rules((APRIL, MAY, (_BASE,)), (MAY, None, (_BASE, xs))))
    text = office.file.read_text(encoding="utf-8")
    text = text.replace("service: chat, from: 2026-04-01", "service: chat, from: 2026-06-01")
    office.file.write_text(text, encoding="utf-8")
    office.yen("april.csv", APRIL, EC2="300")
    office.close(APRIL)
    office.yen("april.csv", APRIL, EC2="303")
    office.yen("may.csv", MAY, EC2="309")
    office.close(MAY)
    office.yen("late.csv", APRIL, X="600")
    office.yen("june.csv", JUNE, EC2="330")
    assert _late_of_pool(office.reckon(JUNE), "xs") == {period_of(MAY): 660}
    assert _late_of_pool(office.close(JUNE), "xs") == {period_of(MAY): 660}
    assert (office.unsettled(), office.verified()) == ({}, True)


@pytest.mark.parametrize("correct_may", [False, True])
def test_what_a_taker_of_late_costs_settles_is_its_bodies_successors(
    open_office: Make, *, correct_may: bool
) -> None:
    """The village joins in May, which takes late costs of April, and merges in June; the file forgets it."""
    office = open_office("a", _rules((APRIL, MAY, (_BASE,)), (MAY, None, (_BASE, _XS))))
    joined = office.file.read_text(encoding="utf-8")
    office.leave(VILLAGE)
    office.yen("april.csv", APRIL, EC2="300")
    office.close(APRIL)
    office.file.write_text(joined, encoding="utf-8")
    office.yen("late-april.csv", APRIL, X="600")
    office.yen("may.csv", MAY, EC2="303")
    office.close(MAY)
    office.merge()
    office.yen("june.csv", JUNE, EC2="300")
    office.close(JUNE)
    office.rewrite((f'    former_codes: ["{VILLAGE}"]\n', ""))
    office.yen("july.csv", JULY, EC2="300")
    office.yen("late-april.csv", APRIL, X="1500")
    if correct_may:
        office.yen("more.csv", MAY, EC2="0")
    assert settled(office.reckon(JULY)) == {OSAKA: 330, SAKAI: 660}
    assert settled(office.close(JULY)) == {OSAKA: 330, SAKAI: 660}
    assert (office.unsettled(), office.verified()) == ({}, True)


@pytest.mark.parametrize(
    ("name", "service"), [("p", "eapp-b"), ("p", None), ("q", None), ("q", "eapp-b")]
)
def test_a_settlement_counts_towards_budgets_by_the_services_of_the_settled_month(
    open_office: Make, name: str, service: str | None
) -> None:
    """April's pool is of chat; from June on its name and service are others."""
    chat = "{ name: p, service: chat, where: { ServiceName: EC2 }, shares: [{ by: equal }] }"
    of_service = "" if service is None else f"service: {service}, "
    other = (
        f"{{ name: {name}, {of_service}where: {{ ServiceName: EC2 }}, shares: [{{ by: equal }}] }}"
    )
    office = open_office("a", _rules((APRIL, JUNE, (chat,)), (JUNE, None, (other,))))
    budgets = ", ".join(
        f"{{ fiscal_year: 2026, service: {one}, amount: 500000 }}" for one in ("chat", "eapp-b")
    )
    office.rewrite(("cost_sharing:\n", f"cost_sharing:\n  budgets: [{budgets}]\n"))
    office.yen("april.csv", APRIL, EC2="10000")
    office.close(APRIL)
    office.yen("may.csv", MAY, EC2="0")
    office.close(MAY)
    office.yen("april.csv", APRIL, EC2="30000")
    office.yen("june.csv", JUNE, EC2="100")
    due = {"chat": 33_000, "eapp-b": 0 if service is None else 110}
    assert _spent(office, JUNE) == due
    office.close(JUNE)
    office.yen("july.csv", JULY, EC2="0")
    assert _spent(office, JULY) == due


def _spent(office: Office, month: str) -> dict[str | None, int]:
    """Service → what its budget has to a month."""
    told = allocation(office.file, "sandbox", month)
    return {one.budget.service: one.spent for one in told.budgets}


def _row_before_its_invoice(office: Office) -> None:
    office.put("usd.csv", APRIL, EC2="5")


def _removed_invoice(office: Office) -> None:
    office.invoice(APRIL, 0, "")


@pytest.mark.parametrize("correct", [_row_before_its_invoice, _removed_invoice])
def test_closed_months_are_shown_while_what_they_come_to_since_cannot_be_reckoned(
    open_office: Make, correct: Callable[[Office], None]
) -> None:
    """May took late costs of April, June those of May: whether they are others cannot be known before April's
    invoice is there."""
    office = open_office(
        "a", _rules((APRIL, MAY, (_BASE,)), (MAY, JUNE, (_XS,)), (JUNE, None, (_BASE,)))
    )
    if correct is _removed_invoice:
        office.put("april.csv", APRIL, EC2="4")
        office.invoice(APRIL, 400, "4")
    else:
        office.yen("april.csv", APRIL, EC2="400")
    office.close(APRIL)
    office.yen("late.csv", APRIL, X="300")
    office.yen("may.csv", MAY, X="0")
    office.close(MAY)
    office.yen("may-late.csv", MAY, EC2="30")
    office.yen("june.csv", JUNE, EC2="0")
    office.close(JUNE)
    correct(office)
    april, may, june = (one.settling for one in verification(office.file, "sandbox"))
    assert office.verified()
    assert april == Settling(period_of(APRIL), period_of(JULY))
    for found, took, whose in ((may, MAY, APRIL), (june, JUNE, MAY)):
        assert found is not None
        assert found.note.en.startswith(
            f"whether late costs of {whose} that {took} bore were changed since is not known yet; where they "
            "were, it is settled in 2026-07 (AWS: no invoice for "
        )
        assert "moyai cost invoice add 2026-04" in found.note.en
    for month, settling in ((APRIL, april), (MAY, may), (JUNE, june)):
        assert allocation(office.file, "sandbox", month).settling == settling
        assert close(office.file, "sandbox", month, 0).settling == settling
    office.yen("july.csv", JULY, EC2="300")
    for reckon in (office.reckon, office.close):
        with pytest.raises(UsageError, match="no invoice for"):
            reckon(JULY)
    office.invoice(APRIL, 500, "5" if correct is _row_before_its_invoice else "4")
    assert office.unsettled() == {APRIL: JULY}
    office.close(JULY)
    assert (office.unsettled(), office.verified()) == ({}, True)


def _late_of_pool(made: Reckoned, name: str) -> dict[Period, int]:
    """Settled month → yen of it that a pool took."""
    [pool] = [one for one in made.allocation.pools if one.name == name]
    return {period: sum(mix.values()) for period, mix in pool.settled_in.items()}


@pytest.mark.parametrize("late", ["EC2", "X"])
def test_what_a_settled_month_had_settled_or_taken_itself_is_in_the_hash_on_papers(
    open_office: Make, monkeypatch: pytest.MonkeyPatch, late: str
) -> None:
    """Two ledgers that differ in what May had of April alone; June settles the same correction of May."""
    rules = _rules((APRIL, MAY, (_BASE,)), (MAY, None, (_BASE, _XS)))
    hashes: list[tuple[str, str]] = []
    for name, yen in (("a", "300"), ("b", "600")):
        office, moments = open_office(name, rules), _moments()
        monkeypatch.setattr(periods, "now", lambda moments=moments: next(moments))
        office.yen("april.csv", APRIL, EC2="300")
        office.close(APRIL)
        office.yen("late.csv", APRIL, **{late: yen})
        office.yen("may.csv", MAY, EC2="300")
        office.close(MAY)
        office.yen("more.csv", MAY, EC2="90")
        office.yen("june.csv", JUNE, EC2="300")
        june = office.close(JUNE)
        hashes.append((june.allocation_sha256, june.asked_sha256))
    [(allocated, asked), (allocated_too, asked_too)] = hashes
    assert allocated == allocated_too
    assert asked != asked_too


def _moments() -> Iterator[str]:
    return (f"2026-{month:02}-01T10:00:00+00:00" for month in range(5, 13))


def test_rows_of_late_costs_are_told_where_the_first_taker_bears_them(open_office: Make) -> None:
    rest = "{ name: rest, where: {}, shares: [{ by: equal }] }"
    rules = _rules((APRIL, MAY, (_BASE,)), (MAY, JUNE, (_BASE, _XS)), (JUNE, None, (_BASE, rest)))
    office = open_office("a", rules)
    office.yen("april.csv", APRIL, EC2="300")
    office.close(APRIL)
    office.yen("late-x.csv", APRIL, X="600")
    office.yen("may.csv", MAY, EC2="300")
    office.close(MAY)
    office.yen("late-x.csv", APRIL, X="1500")
    office.yen("late-y.csv", APRIL, Y="30")
    office.yen("june.csv", JUNE, EC2="300")
    assert _rows(_explained(office, "rest")) == [(True, "late-y.csv")]
    found = _explained(office, f"settlement:{MAY}")
    [april] = found.late
    assert (_rows(found), _rows(april)) == ([], [(False, "late-x.csv"), (True, "late-x.csv")])


def test_a_yen_carried_from_a_settlement_is_followed_to_the_rows_that_changed(
    open_office: Make,
) -> None:
    """May settles a remainder of April that is carried, beside what April carried itself; June takes both."""
    carrying = "      rounding: { unit: 100, method: floor, bearer: carry }\n      pools:"
    rules = _rules((APRIL, JUNE, (_BASE,)), (JUNE, None, (_BASE,)))
    rules = rules.replace("      pools:", carrying, 1)
    office = open_office("a", rules)
    office.yen("april.csv", APRIL, EC2="1000")
    office.close(APRIL)
    office.yen("april.csv", APRIL, EC2="1060")
    office.yen("may.csv", MAY, EC2="0")
    office.close(MAY)
    office.yen("june.csv", JUNE, EC2="0")
    found = [explanation(office.file, "sandbox", JUNE, OSAKA, yen, 1) for yen in (1, 88)]
    assert [one.row and (one.row.file, one.row.amount) for one in found] == [
        ("april.csv", Decimal(1000)),
        None,
    ]
    assert found[0].settled is None
    of_april = found[1].settled
    assert of_april is not None
    assert [(one.rule, one.before, one.after) for one in of_april.rules] == [("base", 200, 266)]
    assert [(row.came, row.file, row.amount) for row in of_april.rows.rows] == [
        (False, "april.csv", Decimal(1000)),
        (True, "april.csv", Decimal(1060)),
    ]
    assert (of_april.rows.more, of_april.rows.others) == (0, 0)


def test_a_long_chain_of_corrected_months_is_reckoned_without_a_deep_stack(
    open_office: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each month settles the one before it, as years of late costs would."""
    depths: list[int] = []

    def counted(*given: Any) -> tuple[RowGroup, ...]:
        depths.append(len(inspect.stack(0)))
        return sorted_rows(*given)

    office = open_office("a", _rules((APRIL, None, (_BASE,))))
    months = [APRIL, MAY, JUNE, JULY]
    for number, month in enumerate(months):
        office.yen("bill.csv", month, EC2=str(300 + number))
        if number:
            office.yen("late.csv", months[number - 1], EC2=str(30 * number))
        if month != JULY:
            office.close(month)
    monkeypatch.setattr(reckoning, "sorted_rows", counted)
    assert [str(one.period) for one in office.reckon(JULY).settlements] == [JUNE]
    *closed, _ = depths
    assert len(closed) == 2 * 3
    assert len({*closed}) == 1


def _explained(office: Office, rule: str) -> Settled:
    """What Osaka's first yen of a rule in June is made of."""
    made = office.reckon(JUNE)
    lines = lines_of(made.allocation, made.inputs.rules, made.taxes, OSAKA)
    [at] = [
        number
        for number, one in enumerate(lines, 1)
        if isinstance(one, NetLine) and one.borne.rule == rule
    ]
    found = explanation(office.file, "sandbox", JUNE, OSAKA, 1, at).settled
    assert found is not None
    return found


def _rows(found: Settled) -> list[tuple[bool, str]]:
    return [(row.came, row.file) for row in found.rows.rows]


def test_costs_that_nobody_bears_are_told_by_a_row_of_theirs(open_office: Make) -> None:
    """Alike but for their rates of tax, rows of tax, and a value that ends as a pattern does."""
    rules = _rules((MAY, None, (_BASE,))).replace(
        "      pools:", "      tax: { treatment: taxable }\n      pools:"
    )
    office = open_office("a", rules)
    items = office.file.parent / "items.csv"
    rows = [("Z", 200, 8), ("Z", 100, 10), ("Yab", 3, 10), ("Y*", 5, 10)]
    lines = [f"{MAY},x,{service},{yen},{rate}" for service, yen, rate in rows]
    items.write_text("\n".join(["period,item,service,amount,tax_rate", *lines]), encoding="utf-8")
    office.take(items)
    told = allocation(office.file, "sandbox", MAY)
    places = {
        (one.values["ServiceName"], str(*one.by_rate)): row and row.line
        for one, row in zip(told.reckoned.allocation.unallocated, told.first_rows, strict=True)
    }
    assert places == {("Z", "8"): 2, ("Z", "10"): 3, ("Yab", "10"): 4, ("Y*", "10"): 5}
    assert told.reckoned.basis.period == period_of(MAY)
