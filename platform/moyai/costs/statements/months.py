"""What bodies were asked for in a month, by rule and body. Pure.

Cells are whole yen with tax: each rule has the tax of its own net amount, and of what rounding leaves a part by
its size, so that rules and bodies sum to what bodies are asked for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from moyai.costs.apportion.allocation import Borne, PayerKind
from moyai.costs.apportion.rounding import to_whole_yen
from moyai.costs.periods import Period
from moyai.costs.statements.statement import Issue
from moyai.costs.statements.taxes import Taxed
from moyai.costs.statements.titles import own_titles
from moyai.registry.cost_rules import Budget, Treatment
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
    titles: Mapping[str, Text] = field(default_factory=dict)
    """Rule → title, of its own rules."""
    services: Mapping[str, str | None] = field(default_factory=dict)
    """Rule → its service, of its own rules."""
    settled: Mapping[tuple[str, str], int] = field(default_factory=dict)
    """Service and body's code → the yen of settlements of what rules of the settled months have of the service;
    they are in `cells`, too."""

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
    return Month(
        issue.allocation.period,
        cells,
        names,
        _is_taxed(issue),
        own_titles(issue.rules),
        issue.rules.services,
        _settled(borne, cells, taxable=taxable),
    )


def _settled(
    borne: Mapping[str, Sequence[Borne]], cells: Cells, *, taxable: bool
) -> dict[tuple[str, str], int]:
    """As `Month.settled`, with their tax."""
    found: dict[tuple[str, str], int] = {}
    for code, all_of_it in borne.items():
        for one in all_of_it:
            if not one.moved:
                continue
            services = {moved.rule: moved.service for moved in one.moved}
            nets = {moved.rule: moved.difference for moved in one.moved}
            tax = cells[one.rule, code] - one.jpy
            rates = {rate for rate, yen in one.by_rate.items() if yen}
            rate = rates.pop() if len(rates) == 1 and (tax or taxable) else None
            for rule, yen in _spread(tax, nets, rate or Fraction()).items():
                if (service := services[rule]) is not None:
                    key = service, code
                    found[key] = found.get(key, 0) + nets[rule] + yen
    return found


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
    taxes = _spread(over, nets, taxed.rate or Fraction())
    return {rule: net + taxes[rule] for rule, net in nets.items()}


def _spread(tax: int, nets: Mapping[str, int], percent: Fraction) -> dict[str, int]:
    """Tax over net amounts at a rate, to the yen; nothing over nothing."""
    size = sum(map(abs, nets.values()))
    if size == 0:
        return dict.fromkeys(nets, 0)
    rate = percent / 100
    rest = (tax - sum(nets.values()) * rate) / size
    exact = [net * rate + abs(net) * rest for net in nets.values()]
    return dict(zip(nets, to_whole_yen(exact), strict=True))


def of_budget(month: Month, budget: Budget, services: Mapping[str, str | None]) -> int:
    """What of a month's yen a budget is for; of a settlement what the settled month's rules had of the service.
    `services`: rule → its service, of rules that the month itself does not have."""
    known = {**services, **month.services}
    own = sum(
        yen
        for (rule, code), yen in month.cells.items()
        if budget.body in (None, code) and budget.service in (None, known.get(rule))
    )
    return own + sum(
        yen
        for (service, code), yen in month.settled.items()
        if budget.body in (None, code) and budget.service == service
    )


def _summed(cells: Cells, at: int) -> dict[str, int]:
    found: dict[str, int] = {}
    for key, yen in cells.items():
        found[key[at]] = found.get(key[at], 0) + yen
    return dict(sorted(found.items()))
