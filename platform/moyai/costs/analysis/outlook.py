"""What the coming months may come to, by rule and in all, and what that leaves of budgets. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from moyai.costs.analysis.forecast import Forecast, forecast, together
from moyai.costs.periods import Period
from moyai.costs.statements.months import Month, of_budget
from moyai.costs.statements.overview import BudgetRow
from moyai.registry.cost_rules import Budget


@dataclass(frozen=True, slots=True)
class Series:
    """One rule's past months, or those of all where `rule` is None, and what may come."""

    rule: str | None
    """`NO_RULE`: tax that is of no rule."""
    past: tuple[int, ...]
    coming: Forecast | None
    """None: too few months."""


@dataclass(frozen=True, slots=True)
class BudgetOutlook:
    """A budget of the fiscal year, and what may yet be spent of it."""

    row: BudgetRow
    coming: int | None
    """Yen expected in the months of the fiscal year that are not on record; None: too few months."""

    @property
    def left(self) -> int | None:
        """Yen of the budget at the fiscal year's end; negative where it would be passed."""
        return None if self.coming is None else self.row.left - self.coming


@dataclass(frozen=True, slots=True)
class Outlook:
    """A forecast of what bodies are asked for, whole yen with tax."""

    past: tuple[Period, ...]
    """The months that it rests on, oldest first, none left out."""
    ahead: tuple[Period, ...]
    series: tuple[Series, ...]
    """All together first, which the others sum to, then rules in order of names."""
    budgets: tuple[BudgetOutlook, ...]
    """Of the fiscal year of the last month on record."""


def outlook(
    months: Sequence[Month],
    ahead: int,
    budgets: Sequence[Budget],
    services: Mapping[str, str | None],
    year_start: str,
    of_year: Sequence[Month] | None = None,
) -> Outlook:
    """The outlook after `months` (oldest first, none left out, at least one), without what is there once.

    `services`: rule → its service; `year_start`: the fiscal year's first month and day, `04-01`; `of_year`:
    all that was asked for in months of the last one's fiscal year, which may have gaps; `months` if left out.
    """
    last = months[-1].period
    rules = sorted({rule for month in months for rule in month.by_rule()})
    own = [
        _series(rule, [month.by_rule().get(rule, 0) for month in months], ahead) for rule in rules
    ]
    totals = tuple(month.total for month in months)
    whole = Series(None, totals, _together(own, ahead) if own else forecast(totals, ahead))
    year = last.fiscal_year(year_start)
    rest = _months_left(last, year_start)
    this_year = [one for one in of_year or months if one.period.fiscal_year(year_start) == year]
    return Outlook(
        past=tuple(month.period for month in months),
        ahead=_after(last, ahead),
        series=(whole, *own),
        budgets=tuple(
            _budget(budget, months, this_year, services, rest)
            for budget in budgets
            if budget.fiscal_year == year
        ),
    )


def _series(rule: str | None, past: Sequence[int], ahead: int) -> Series:
    return Series(rule, tuple(past), forecast(past, ahead))


def _together(series: Sequence[Series], ahead: int) -> Forecast | None:
    parts = [(one.past, one.coming) for one in series if one.coming is not None]
    return together(parts, ahead) if parts else None


def _budget(
    budget: Budget,
    months: Sequence[Month],
    of_year: Sequence[Month],
    services: Mapping[str, str | None],
    rest: int,
) -> BudgetOutlook:
    past = [of_budget(month, budget, services) for month in months]
    spent = sum(of_budget(month, budget, services) for month in of_year)
    row = BudgetRow(budget, spent)
    if rest == 0:
        return BudgetOutlook(row, 0)
    found = forecast(past, rest)
    return BudgetOutlook(row, None if found is None else sum(found.months))


def _months_left(last: Period, year_start: str) -> int:
    """How many months of a fiscal year come after one."""
    return (int(year_start[:2]) - last.month - 1) % 12


def _after(last: Period, count: int) -> tuple[Period, ...]:
    found = [last]
    for _ in range(count):
        found.append(found[-1].next())
    return tuple(found[1:])
