"""Budgets: what of them was spent, what the year would come to, and which are warned of."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moyai.costs.analysis.budgets import budget_states
from moyai.costs.periods import Period
from moyai.costs.statements.months import Month
from moyai.costs.statements.overview import BudgetRow
from moyai.registry.cost_rules import Budget

SERVICES = {"chat": "chat", "all": None}


def months(*yen: int, first: int = 4) -> list[Month]:
    """The months from April 2026 on: each is asked of one body by the rule `chat`."""
    return [
        Month(Period(2026 + (first + at - 1) // 12, (first + at - 1) % 12 + 1),
              {("chat", "271004"): one})
        for at, one in enumerate(yen)
    ]  # fmt: skip


def state(amount: int, found: list[Month], year: int = 2026) -> BudgetRow:
    budget = Budget(year, "271004", "chat", amount, False, Fraction(80))
    [one] = budget_states([budget], found, SERVICES, "04-01")
    return one


@pytest.mark.parametrize(
    ("amount", "will_pass", "passed"),
    [
        (12_000, False, False),
        (11_999, True, False),
        (3_000, True, False),
        (2_999, False, True),
    ],
)
def test_a_budget_is_warned_of_before_it_is_passed(
    amount: int, will_pass: bool, passed: bool
) -> None:
    """¥1,000 a month for three months: ¥3,000 of ¥12,000 that the year would come to."""
    found = state(amount, months(1_000, 1_000, 1_000))
    assert (found.spent, found.foreseen) == (3_000, 12_000)
    assert (found.will_pass, found.passed, found.warns) == (will_pass, passed, will_pass or passed)


def test_a_budget_is_warned_of_at_its_percent() -> None:
    assert [state(amount, months(1_000)).warns for amount in (1_250, 1_251)] == [True, False]


def test_too_few_months_and_months_that_are_missing_make_no_forecast() -> None:
    assert state(1, months(1_000, 1_000)).foreseen is None
    april, _, june, july = months(1_000, 1_000, 1_000, 1_000)
    found = state(1_000_000, [april, june, july])
    assert (found.spent, found.foreseen, found.warns) == (3_000, None, False)


def test_the_last_month_leaves_nothing_to_forecast() -> None:
    found = state(2_000, months(1_000, 1_000, first=14))
    assert (found.spent, found.foreseen, found.will_pass) == (2_000, 2_000, False)


def test_only_budgets_of_the_fiscal_year_and_what_is_theirs_count() -> None:
    [march] = months(500, first=15)
    both = Month(march.period, {**march.cells, ("all", "271004"): 7, ("chat", "271403"): 11})
    budgets = [
        Budget(year, body, service, 1_000, False, Fraction(80))
        for year, body, service in (
            (2027, None, None),
            (2026, None, None),
            (2026, "271004", None),
            (2026, None, "chat"),
            (2026, "271004", "chat"),
        )
    ]
    found = budget_states(budgets, [both], SERVICES, "04-01")
    assert [one.spent for one in found] == [518, 507, 511, 500]
    assert [one.budget for one in found] == budgets[1:]


@given(st.lists(st.integers(-1_000, 10_000), min_size=1, max_size=12), st.integers(0, 100_000))
def test_a_budget_that_was_passed_or_will_be_is_always_warned_of(
    yen: list[int], amount: int
) -> None:
    found = state(amount, months(*yen))
    assert found.spent == sum(yen)
    assert found.warns or found.spent <= amount
    assert found.warns or (found.foreseen or 0) <= amount
    assert not (found.passed and found.will_pass)
