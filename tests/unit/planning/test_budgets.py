"""Budgets that AWS watches: of a day's fiscal year, exact, under names that stay."""

from __future__ import annotations

import dataclasses
from datetime import date
from fractions import Fraction

import pytest
from tests.sample import SAMPLE

from moyai.planning.budgets import AwsBudget, aws_budgets
from moyai.registry.cost_rules import Budget
from moyai.registry.load import require
from moyai.registry.models import Registry

DAY = date(2026, 11, 23)


def budget(
    body: str | None = None,
    service: str | None = None,
    usd: Fraction | None = Fraction(1200),
    year: int = 2026,
) -> Budget:
    return Budget(year, body, service, 1_000, False, Fraction("95.5"), usd)


def registry(*budgets: Budget, starts: str = "04-01") -> Registry:
    found = require(SAMPLE)
    assert found.cost_sharing is not None
    return dataclasses.replace(
        found,
        federation=dataclasses.replace(found.federation, fiscal_year_start=starts),
        cost_sharing=dataclasses.replace(found.cost_sharing, budgets=budgets),
    )


def test_a_stack_has_its_own_in_order_of_names() -> None:
    made = registry(
        budget("272027", "chat"),
        budget("272027"),
        budget(None, "chat"),
        budget(),
        budget("271004", usd=None),
    )
    assert [one.name for one in aws_budgets(made, DAY)] == ["osaka-budget", "osaka-budget-chat"]
    own = aws_budgets(made, DAY, "272027")
    assert own == (
        AwsBudget("osaka-budget-272027", "272027", None, "1200.00", 95.5, date(2026, 4, 1)),
        AwsBudget("osaka-budget-272027-chat", "272027", "chat", "1200.00", 95.5, date(2026, 4, 1)),
    )
    assert aws_budgets(made, DAY, "271004") == ()
    assert aws_budgets(dataclasses.replace(made, cost_sharing=None), DAY) == ()


@pytest.mark.parametrize(
    ("usd", "words"),
    [(Fraction(1, 100), "0.01"), (Fraction("99.5"), "99.50"), (Fraction(10**9), "1000000000.00")],
)
def test_amounts_are_exact(usd: Fraction, words: str) -> None:
    [found] = aws_budgets(registry(budget(usd=usd)), DAY)
    assert found.monthly_usd == words


@pytest.mark.parametrize(
    ("day", "starts", "first"),
    [
        (date(2026, 4, 1), "04-01", date(2026, 4, 1)),
        (date(2027, 3, 31), "04-01", date(2026, 4, 1)),
        (date(2027, 4, 1), "04-01", date(2027, 4, 1)),
        (date(2026, 12, 31), "01-01", date(2026, 1, 1)),
    ],
)
def test_they_are_of_the_fiscal_year_that_the_day_is_in(
    day: date, starts: str, first: date
) -> None:
    """Under one name, so that a new year's amount takes the place of the old one's."""
    years = [budget(year=year, usd=Fraction(year)) for year in (2025, 2026, 2027)]
    [found] = aws_budgets(registry(*years, starts=starts), day)
    assert (found.name, found.start) == ("osaka-budget", first)
    assert found.monthly_usd == f"{first.year}.00"
