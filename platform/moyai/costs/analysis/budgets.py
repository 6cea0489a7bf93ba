"""Where a fiscal year's budgets stand, and whether they will do: the warning before they are passed. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

from moyai.costs.analysis.forecast import YEAR, forecast
from moyai.costs.statements.overview import BudgetRow, Month, of_budget
from moyai.registry.cost_rules import Budget


@dataclass(frozen=True, slots=True)
class BudgetState:
    """A budget after a period."""

    row: BudgetRow
    """What of it was spent from the fiscal year's start to this period."""
    forecast: int | None
    """Yen that the whole fiscal year would come to; None where the months are too few, or one of
    them is not on record."""

    @property
    def budget(self) -> Budget:
        """The budget itself."""
        return self.row.budget

    @property
    def spent(self) -> int:
        """Whole yen with tax."""
        return self.row.spent

    @property
    def percent(self) -> Fraction | None:
        """Spent, of the budget; None of a budget of nothing."""
        return self.row.percent

    @property
    def will_pass(self) -> bool:
        """Whether the months left would pass it, which those before did not."""
        return not self.row.passed and (self.forecast or 0) > self.budget.amount

    @property
    def warned(self) -> bool:
        """Whether it is to be warned of: at its percent, passed, or to be passed."""
        return self.row.warns or self.will_pass


def budget_states(
    budgets: Iterable[Budget],
    months: Sequence[Month],
    services: Mapping[str, str | None],
    year_start: str,
    regular: Sequence[Month] | None = None,
) -> tuple[BudgetState, ...]:
    """The budgets of the fiscal year of the last of `months`, in the file's order.

    `months` are that year's up to this period, in order of time, one at least; `services` maps rules
    onto services; `year_start` is the fiscal year's first month and day. `regular`: the same months without
    what is there once, by which those that are left are foreseen; `months` if left out.
    """
    last = months[-1].period
    year = last.fiscal_year(year_start)
    left = (int(year_start[:2]) - 1 - last.month) % YEAR
    is_whole = all(one.period.next() == other.period for one, other in pairwise(months))
    found: list[BudgetState] = []
    for budget in budgets:
        if budget.fiscal_year != year:
            continue
        spent = [of_budget(one.cells, budget, services) for one in months]
        lasting = [of_budget(one.cells, budget, services) for one in regular or months]
        row = BudgetRow(budget, sum(spent))
        found.append(BudgetState(row, _whole_year(row.spent, lasting, left) if is_whole else None))
    return tuple(found)


def _whole_year(spent: int, past: Sequence[int], left: int) -> int | None:
    """Yen of the year, of which months are `left`, which `past` ones say more of."""
    if left == 0:
        return spent
    found = forecast(past, left)
    return None if found is None else spent + sum(found.months)
