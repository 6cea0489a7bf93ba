"""The secretariat's overview 総括表: a period by rule and by body, over its fiscal year. Pure.

Cells are whole yen with tax. A body's tax is spread over its rules in proportion to their net amounts at
that rate, so that rules, bodies and months all sum to what bodies are asked for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from moyai.costs.apportion.allocation import Borne, PayerKind
from moyai.costs.apportion.rounding import to_whole_yen
from moyai.costs.periods import Period
from moyai.costs.statements.statement import Issue, Statement
from moyai.costs.statements.taxes import Taxed
from moyai.costs.statements.titles import with_settlements
from moyai.registry.cost_rules import Budget, ShareBy, Treatment
from moyai.texts import Text

NO_RULE = ""
"""The rule of yen that belong to none: tax of a body that has no net amount at its rate."""

Cells = Mapping[tuple[str, str], int]
"""Rule and body's code → yen with tax."""


@dataclass(frozen=True, slots=True)
class Month:
    """What bodies were asked for in a period."""

    period: Period
    cells: Cells
    names: Mapping[str, str] = field(default_factory=dict)
    """Code → name, as its statements have it: later months may have the body no longer."""
    taxed: bool = False
    """Whether there is tax beside net amounts."""

    def by_rule(self) -> dict[str, int]:
        """Rule → yen, in order of names."""
        return _summed(self.cells, 0)

    def by_body(self) -> dict[str, int]:
        """Code → yen, in order of codes."""
        return _summed(self.cells, 1)

    @property
    def total(self) -> int:
        """Whole yen."""
        return sum(self.cells.values())


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
    titles = with_settlements(issue.titles, rules_of_year)
    services = {pool.name: pool.service for pool in rules.pools}
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
                sum(of_budget(one.cells, budget, services) for one in trend),
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


def month_of(issue: Issue) -> Month:
    """What a period's statements ask for, by rule and body: the trend's entry for it."""
    borne: dict[str, list[Borne]] = {}
    for one in issue.allocation.borne:
        if one.payer.kind is PayerKind.BODY:
            borne.setdefault(one.payer.name, []).append(one)
    cells: dict[tuple[str, str], int] = {}
    taxable = issue.rules.tax.treatment is Treatment.TAXABLE
    for statement in issue.statements:
        found: dict[str, int] = {}
        for taxed in statement.by_rate:
            own = _by_rule(taxed, borne.get(statement.code, []), taxable=taxable)
            for rule, yen in own.items():
                found[rule] = found.get(rule, 0) + yen
        assert sum(found.values()) == statement.total, statement.code
        cells |= {(rule, statement.code): yen for rule, yen in sorted(found.items())}
    names = {one.code: one.name for one in issue.statements}
    return Month(issue.allocation.period, cells, names, _is_taxed(issue))


def _is_taxed(issue: Issue) -> bool:
    """Whether contributions are taxable, or there is tax of a month in which they were."""
    taxable = issue.rules.tax.treatment is Treatment.TAXABLE
    taxes = (*issue.allocation.taxes.values(), issue.tax_carried_in)
    return taxable or any(taxes) or any(one.is_taxed for one in issue.statements)


def _by_rule(taxed: Taxed, borne: Sequence[Borne], *, taxable: bool) -> dict[str, int]:
    """A body's yen at one rate, with their tax, by rule.

    Each rule has the tax of its own net amount, and of what rounding and other months leave a part by its
    size: by a factor of the sum, costs and credits that nearly cancel out would have any tax.
    """
    nets = {one.rule: one.by_rate[taxed.rate] for one in borne if taxed.rate in one.by_rate}
    over = taxed.tax + taxed.difference
    if not (over or taxable):
        return nets
    size = sum(map(abs, nets.values()))
    if size == 0:
        return {**nets, NO_RULE: over} if over else nets
    rate = (taxed.rate or Fraction()) / 100
    rest = (over - sum(nets.values()) * rate) / size
    exact = [net * rate + abs(net) * rest for net in nets.values()]
    taxes = dict(zip(nets, to_whole_yen(exact), strict=True))
    return {rule: net + taxes[rule] for rule, net in nets.items()}


def of_budget(cells: Cells, budget: Budget, services: Mapping[str, str | None]) -> int:
    """What of these yen a budget is for. `services`: rule → its service."""
    return sum(
        yen
        for (rule, code), yen in cells.items()
        if budget.body in (None, code) and budget.service in (None, services.get(rule))
    )


def _summed(cells: Cells, at: int) -> dict[str, int]:
    found: dict[str, int] = {}
    for key, yen in cells.items():
        found[key[at]] = found.get(key[at], 0) + yen
    return dict(sorted(found.items()))
