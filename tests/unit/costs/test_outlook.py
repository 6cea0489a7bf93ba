"""Months to come by rule and in all, and budgets; bodies that join."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.sample import SAMPLE
from tests.unit.costs.rulebook import MAY

from moyai.costs.analysis.forecast import SUM
from moyai.costs.analysis.joining import is_in, joined
from moyai.costs.analysis.outlook import outlook
from moyai.costs.membership import members_of
from moyai.costs.periods import Period
from moyai.costs.statements.months import NO_RULE, Month
from moyai.registry.cost_rules import Budget
from moyai.registry.load import require

SERVICES = {"chat": "chat", "eapp": "eapp-a", "共通": None}


def _months(first: Period, *totals: int) -> list[Month]:
    months = []
    for total in totals:
        cells = {("chat", "271004"): total, ("eapp", "273830"): 2 * total}
        months.append(Month(first, cells))
        first = first.next()
    return months


def _budget(amount: int, year: int = 2026, **of: str) -> Budget:
    return Budget(year, of.get("body"), of.get("service"), amount, False, Fraction(80))


def test_all_then_rules_and_budgets_to_the_fiscal_years_end() -> None:
    months = _months(Period(2026, 3), 100, 100, 100, 100)
    budgets = [
        _budget(5000),
        _budget(1000, service="chat"),
        _budget(9000, body="273830"),
        _budget(1, 2027),
    ]
    found = outlook(months, 2, budgets, SERVICES, "04-01")
    assert [one.rule for one in found.series] == [None, "chat", "eapp"]
    assert [one.coming.months for one in found.series if one.coming] == [
        (300, 300),
        (100, 100),
        (200, 200),
    ]
    assert found.ahead == (Period(2026, 7), Period(2026, 8))
    # April to June are of the fiscal year; nine months are left of it.
    spent = [(one.row.spent, one.coming, one.left) for one in found.budgets]
    assert spent == [(900, 2700, 1400), (300, 900, -200), (600, 1800, 6600)]


def test_rules_sum_to_all_whatever_their_methods_and_the_sums_error_is_its_own() -> None:
    """¥100 more each month and ¥100 less, and what is of no rule: all together they do not change."""
    months = []
    first = MAY
    for at in range(8):
        cells = {("chat", "271004"): 100 * at, ("eapp", "271004"): 1000 - 100 * at}
        months.append(Month(first, {**cells, (NO_RULE, "273830"): (at % 3) * 7}))
        first = first.next()
    found = outlook(months, 2, [], SERVICES, "04-01")
    whole, *own = found.series
    assert [one.rule for one in own] == [NO_RULE, "chat", "eapp"]
    assert [one.coming.method for one in own if one.coming][1:] == ["trend", "trend"]
    assert whole.coming is not None
    assert whole.coming.method == SUM
    for at, yen in enumerate(whole.coming.months):
        assert sum(one.coming.months[at] for one in own if one.coming) == yen
    assert own[0].coming is not None
    assert whole.coming.mean_error == own[0].coming.mean_error
    assert whole.coming.tried == 5


def test_nothing_is_foreseen_from_two_months() -> None:
    found = outlook(_months(MAY, 100, 200), 3, [_budget(1000)], SERVICES, "04-01")
    assert found.series[0].coming is None
    assert (found.budgets[0].row.spent, found.budgets[0].coming, found.budgets[0].left) == (
        900,
        None,
        None,
    )


@given(st.integers(1, 12), st.sampled_from(["01-01", "04-01", "10-01"]))
def test_a_fiscal_year_has_the_months_that_are_left(month: int, start: str) -> None:
    months = _months(Period(2026, month), *[7] * 3)
    last = months[-1].period
    year = last.fiscal_year(start)
    found = outlook(months, 1, [_budget(1000, year)], SERVICES, start)
    left = 0
    while last.next().fiscal_year(start) == year:
        last, left = last.next(), left + 1
    assert found.budgets[0].coming == 21 * left


@pytest.mark.parametrize(("code", "service"), [("272329", "eapp-b"), ("273228", "chat")])
def test_who_joins_is_a_member_from_the_first_day(code: str, service: str) -> None:
    registry = require(SAMPLE)
    assert registry.cost_sharing is not None
    [rules] = registry.cost_sharing.rule_sets
    body = registry.tenant(code)
    assert body is not None
    assert not is_in(body, service, MAY.first)
    after = joined(registry, [code], service, MAY.first)
    now, then = (members_of(one, rules, MAY, {}) for one in (registry, after))
    assert code not in now.by_pool[service]
    present = then.by_pool[service][code]
    assert (present.days, present.of, present.joins) == (31, 31, True)
    assert code in then.by_pool["共通"]
    assert then.by_pool[service].keys() - now.by_pool[service].keys() == {code}
    assert joined(after, [code], service, date(2026, 5, 20)) == after
