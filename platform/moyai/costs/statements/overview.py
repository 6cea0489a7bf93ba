"""The secretariat's overview 総括表: a period by rule and by body, over its fiscal year. Pure.

Rules, bodies and months all sum to what bodies are asked for (`months.py`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from moyai.costs.periods import Period
from moyai.costs.statements.months import Month, month_of, of_budget
from moyai.costs.statements.statement import Issue, Statement
from moyai.costs.statements.titles import with_settlements
from moyai.registry.cost_rules import Budget, ShareBy
from moyai.texts import Text


@dataclass(frozen=True, slots=True)
class BodyRow:
    """A body in the overview."""

    statement: Statement
    population: int | None
    """Reference population; None where it has none."""
    alone: int | None
    """Yen that the period would cost the body, procuring alone; None where nobody said."""

    @property
    def per_resident(self) -> Fraction | None:
        """Yen for each resident, exact; None without residents."""
        return Fraction(self.statement.total, self.population) if self.population else None

    @property
    def saved(self) -> int | None:
        """Yen saved against procuring alone."""
        return None if self.alone is None else self.alone - self.statement.total


@dataclass(frozen=True, slots=True)
class BudgetRow:
    """A budget, and what of it was spent from the fiscal year's start to this period."""

    budget: Budget
    spent: int
    foreseen: int | None = None
    """Yen that the whole fiscal year would come to; None where that is not known."""

    @property
    def left(self) -> int:
        """Yen; negative where it is passed."""
        return self.budget.amount - self.spent

    @property
    def percent(self) -> Fraction | None:
        """Spent, of the budget; None of a budget of nothing."""
        return Fraction(self.spent * 100, self.budget.amount) if self.budget.amount else None

    @property
    def passed(self) -> bool:
        """Whether more was spent than it allows."""
        return self.spent > self.budget.amount

    @property
    def will_pass(self) -> bool:
        """Whether the months left would pass it, which those before did not."""
        return not self.passed and (self.foreseen or 0) > self.budget.amount

    @property
    def warns(self) -> bool:
        """Whether it is to be warned of: at its percent, passed, or to be passed."""
        percent = self.percent
        at_percent = percent is not None and percent >= self.budget.warn_percent
        return self.passed or self.will_pass or at_percent


@dataclass(frozen=True, slots=True)
class UnitPrice:
    """What one unit of a driver came to in a pool."""

    rule: str
    driver: str
    quantity: Fraction
    """Of all members; above zero."""
    shared: Fraction
    """Exact yen that were shared by it, before limits and rounding."""

    @property
    def each(self) -> Fraction:
        """Yen for one unit, exact."""
        return self.shared / self.quantity


@dataclass(frozen=True, slots=True)
class Overview:
    """A period for the secretariat."""

    number: str
    issue: Issue
    titles: Mapping[str, Text]
    """Rule → what people call it, in the rules' order."""
    month: Month
    bodies: tuple[BodyRow, ...]
    """In order of codes."""
    months: tuple[tuple[Period, Month | None], ...]
    """All months of the fiscal year up to this one, in order of time; None of one that has nothing on
    record."""
    budgets: tuple[BudgetRow, ...]
    unit_prices: tuple[UnitPrice, ...]
    """In order of rules and drivers."""

    @property
    def trend(self) -> tuple[Month, ...]:
        """Those months that are on record."""
        return tuple(one for _, one in self.months if one is not None)

    @property
    def is_taxed(self) -> bool:
        """Whether amounts with tax are told apart from those before it, in all of the overview."""
        return any(one.taxed for one in self.trend)

    @property
    def names(self) -> dict[str, str]:
        """Code → name of all bodies of the trend, the latest one."""
        return {code: name for one in self.trend for code, name in one.names.items()}

    @property
    def residents(self) -> int:
        """Of all bodies that are asked for something."""
        return sum(row.population or 0 for row in self.bodies)

    @property
    def total(self) -> int:
        """What all bodies are asked for."""
        return sum(row.statement.total for row in self.bodies)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What an overview shows besides the period itself; all of it may be absent."""

    populations: Mapping[str, int] = field(default_factory=dict)
    earlier: Sequence[Month] = ()
    budgets: Sequence[Budget] = ()
    alone: Mapping[str, int] = field(default_factory=dict)
    """Code → yen that the period would cost a body, procuring alone."""
    quantities: Mapping[str, Mapping[str, Fraction]] = field(default_factory=dict)
    """Driver → code → quantity in the period."""
    foreseen: Mapping[Budget, int | None] = field(default_factory=dict)
    """As `BudgetRow.foreseen`."""
    year_start: str = "04-01"
    """The fiscal year's first month and day."""


def overview(issue: Issue, around: Surroundings) -> Overview:
    """The overview of a period's statements."""
    rules = issue.rules
    period = issue.allocation.period
    year = period.fiscal_year(around.year_start)
    month = month_of(issue)
    on_record = {one.period: one for one in around.earlier} | {period: month}
    months = tuple((one, on_record.get(one)) for one in period.year_so_far(around.year_start))
    trend = [one for _, one in months if one is not None]
    rules_of_year = [rule for one in trend for rule in one.by_rule()]
    former = {rule: title for one in trend for rule, title in one.titles.items()}
    titles = {
        **issue.titles,
        **{rule: former[rule] for rule in sorted(former.keys() - issue.titles.keys())},
    }
    titles = with_settlements(titles, rules_of_year)
    services = rules.services
    return Overview(
        number=f"O-{period}",
        issue=issue,
        titles=titles,
        month=month,
        bodies=tuple(
            BodyRow(one, around.populations.get(one.code), around.alone.get(one.code))
            for one in issue.statements
        ),
        months=months,
        budgets=tuple(
            BudgetRow(
                budget,
                sum(of_budget(one, budget, services) for one in trend),
                around.foreseen.get(budget),
            )
            for budget in around.budgets
            if budget.fiscal_year == year
        ),
        unit_prices=tuple(_unit_prices(issue, around.quantities)),
    )


def _unit_prices(
    issue: Issue, quantities: Mapping[str, Mapping[str, Fraction]]
) -> Iterator[UnitPrice]:
    """For each pool that is shared by usage: its yen by that, and the members' quantity."""
    members: dict[str, list[str]] = {}
    shares: dict[tuple[str, str], Fraction] = {}
    for statement in issue.statements:
        for section in statement.sections:
            if section.head is None or section.share is None:
                continue
            members.setdefault(section.rule, []).append(statement.code)
            percents: dict[str, Fraction] = {}
            for part in section.share.parts:
                if part.by is ShareBy.USAGE and part.driver is not None:
                    percents[part.driver] = percents.get(part.driver, Fraction()) + part.percent
            for driver, percent in percents.items():
                shares[section.rule, driver] = section.head.divided * percent / 100
    for (rule, driver), jpy in sorted(shares.items()):
        measured = quantities.get(driver, {})
        quantity = sum((measured.get(code, Fraction()) for code in members[rule]), Fraction())
        if quantity:
            yield UnitPrice(rule, driver, quantity, jpy)
