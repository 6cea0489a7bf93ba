"""The budgets that AWS watches, as of a day. Pure.

AWS resets a monthly budget on the first of each month and an annual one on 1 January, never on 1 April: so
each is a monthly budget, with the amount of the fiscal year that the day is in.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

from moyai.planning import names
from moyai.registry.models import Registry


@dataclass(frozen=True, slots=True)
class AwsBudget:
    """One budget of AWS Budgets."""

    name: str
    """The same from year to year, so that a new year changes the budget that is there."""
    body: str | None
    """A code: only what has its tag counts."""
    service: str | None
    """The same of a service. With neither, the account's whole bill counts."""
    monthly_usd: str
    """US dollars a month, to the cent: `1200.00`."""
    warn_percent: float
    start: date
    """The first day of the fiscal year."""


def aws_budgets(registry: Registry, day: date, body: str | None = None) -> tuple[AwsBudget, ...]:
    """Those of a body, or those that are of no body, in order of names."""
    if registry.cost_sharing is None:
        return ()
    federation = registry.federation
    month = int(federation.fiscal_year_start[:2])
    year = day.year - (day.month < month)
    found = (
        AwsBudget(
            names.budget(federation, one.body, one.service),
            one.body,
            one.service,
            _usd(one.monthly_usd),
            float(one.warn_percent),
            date(year, month, 1),
        )
        for one in registry.cost_sharing.budgets
        if one.monthly_usd is not None and one.body == body and one.fiscal_year == year
    )
    return tuple(sorted(found, key=lambda one: one.name))


def _usd(amount: Fraction) -> str:
    cents = amount * 100
    assert cents.denominator == 1, "the registry takes whole cents"
    return format(Decimal(cents.numerator).scaleb(-2), "f")
