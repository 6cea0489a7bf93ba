"""The coming months from months of which one settles another: what is there once is not foreseen."""

from __future__ import annotations

from pathlib import Path

from tests.unit.operations.cost_office import MAY, Office

from moyai.costs.statements.months import NO_RULE
from moyai.operations.costs.budgets import allocation
from moyai.operations.costs.forecast import Foreseen, foresee

MONTHS = ("2026-06", "2026-07", "2026-08")
BUDGET = "  budgets: [{ fiscal_year: 2026, amount: 1000000 }]\n"


def _foreseen(office: Office) -> Foreseen:
    found = foresee(office.file, "sandbox", 2)
    whole, *own = found.outlook.series
    assert whole.rule is None
    assert whole.coming is not None
    for at, yen in enumerate(whole.coming.months):
        assert sum(one.coming.months[at] for one in own if one.coming) == yen
    for at, yen in enumerate(whole.past):
        assert sum(one.past[at] for one in own) == yen
    return found


def _settled_in_june(office: Office) -> tuple[int, int]:
    """May is corrected after it was closed; yen of a usual month, and of the correction."""
    for month in MONTHS:
        office.yen(f"{month}.csv", month, EC2="3000")
    usual = _foreseen(office).outlook.series[0].past[-1]
    office.yen("more.csv", MAY, EC2="900")
    settled = office.reckon("2026-06").allocation.settled_jpy
    assert settled > 0
    return usual, settled


def test_settlements_are_not_foreseen_and_are_spent(office: Office) -> None:
    office.rewrite(("  rule_sets:\n", f"{BUDGET}  rule_sets:\n"))
    usual, settled = _settled_in_june(office)
    found = _foreseen(office)
    series = found.outlook.series
    assert series[0].past[1:] == (usual,) * 3
    assert found.once == (0, settled, 0, 0)
    assert not any((one.rule or "").startswith("settlement") for one in series)
    [budget] = found.outlook.budgets
    before = series[0].past[0]
    assert budget.row.spent == before + 3 * usual + settled
    assert budget.coming == 7 * usual
    [state] = allocation(office.file, "sandbox", "2026-08").budgets
    assert state.foreseen == before + 10 * usual + settled


def test_late_costs_of_a_closed_month_are_not_foreseen(office: Office, tmp_path: Path) -> None:
    for month in MONTHS:
        office.yen(f"{month}.csv", month, EC2="3000")
    usual = _foreseen(office).outlook.series[0].past[-1]
    office.yen("late.csv", MAY, SQS="900")
    city = "        - { name: city,"
    queue = (
        "        - { name: queue, title: 待ち行列, where: { ServiceName: SQS }, "
        "shares: [{ by: equal }] }\n"
    )
    office.rewrite((city, queue + city))
    found = _foreseen(office)
    assert found.outlook.series[0].past[1:] == (usual,) * 3
    assert found.once[1] > 0
    assert all(one.rule not in ("queue", NO_RULE) for one in found.outlook.series)
