"""Where a fiscal year's budgets stand, and whether they will do: the warning before they are passed. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

from moyai.costs.analysis.forecast import YEAR, forecast
from moyai.costs.statements.months import Month, of_budget
from moyai.costs.statements.overview import BudgetRow
from moyai.registry.cost_rules import Budget


def budget_states(
    budgets: Iterable[Budget],
    months: Sequence[Month],
    services: Mapping[str, str | None],
    year_start: str,
    regular: Sequence[Month] | None = None,
) -> tuple[BudgetRow, ...]:
    """The budgets of the fiscal year of the last of `months`, in the file's order.

    `months` are that year's up to this period, in order of time, one at least; `services` maps rules
    onto services; `year_start` is the fiscal year's first month and day. `regular`: the same months without
    what is there once, by which those that are left are foreseen; `months` if left out. Nothing is foreseen
    where the months are too few, or one of them is not on record.
    """
    last = months[-1].period
    year = last.fiscal_year(year_start)
    left = (int(year_start[:2]) - 1 - last.month) % YEAR
    is_whole = all(one.period.next() == other.period for one, other in pairwise(months))
    found: list[BudgetRow] = []
    for budget in budgets:
        if budget.fiscal_year != year:
            continue
        spent = [of_budget(one, budget, services) for one in months]
        lasting = [of_budget(one, budget, services) for one in regular or months]
        foreseen = _whole_year(sum(spent), lasting, left) if is_whole else None
        found.append(BudgetRow(budget, sum(spent), foreseen))
    return tuple(found)


def _whole_year(spent: int, past: Sequence[int], left: int) -> int | None:
    """Yen of the year, of which months are `left`, which `past` ones say more of."""
    if left == 0:
        return spent
    found = forecast(past, left)
    return None if found is None else spent + sum(found.months)
