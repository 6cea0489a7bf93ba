"""An allocation and its taxes as charges, each of which is a row of FOCUS. Pure.

Net amounts come first, one charge for each payer, rule and line. Tax is worked out on all that a payer bears at
a rate, whatever the rule, so its charges are of a rule of their own, `tax:10` for 10 %.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import groupby

from moyai.costs.apportion.allocation import (
    Allocation,
    Line,
    Payer,
    PayerKind,
    Unallocated,
)
from moyai.costs.apportion.rounding import divide
from moyai.costs.record import plain
from moyai.costs.statements.taxes import Taxes

TAX = "tax"
TAX_DIFFERENCE = "tax_difference"
UNALLOCATED = "unallocated"
RATIO_PLACES = 12
_TAX_OF = "tax:"
_ALL_POOLS = Payer(PayerKind.CARRY, "")
"""What is carried of a difference of tax: it is of no pool."""


@dataclass(frozen=True, slots=True)
class Charge:
    """One row to be. `rule`: empty where none caught it, and of tax that nobody bears."""

    rule: str
    jpy: int
    payer: Payer | None
    kind: str
    """A `LineKind`, `TAX`, `TAX_DIFFERENCE` or `UNALLOCATED`."""
    line: Line | None = None
    left: Unallocated | None = None
    rate: Fraction | None = None
    """Percent; of tax that somebody bears."""

    @property
    def is_tax(self) -> bool:
        """Whether it is tax, borne or not."""
        return self.rate is not None or (self.line is None and self.left is None)


def charges(made: Allocation, taxes: Taxes) -> list[Charge]:
    """All charges, by rules: of an allocation, then of its taxes. They sum to the bill with its tax, what was
    carried into it and settlements; a payer's to what it bears."""
    net = sorted(_net(made), key=lambda charge: charge.rule)
    return [*net, *_taxes(taxes)]


def _net(made: Allocation) -> Iterator[Charge]:
    for one in made.borne:
        for line in one.lines:
            yield Charge(one.rule, line.jpy, one.payer, line.kind.value, line)
    for left in made.unallocated:
        yield Charge(left.pool or "", left.jpy, None, UNALLOCATED, left=left)


def _taxes(taxes: Taxes) -> Iterator[Charge]:
    """By rate: tax, then differences, payer by payer; what is carried of these; last what nobody bears."""
    rates = {one.rate for mix in taxes.by_payer.values() for one in mix} | taxes.carried.keys()
    for rate in sorted(rate for rate in rates if rate is not None):
        rule = f"{_TAX_OF}{plain(rate)}"
        found = [
            (payer, one) for payer, mix in taxes.by_payer.items() for one in mix if one.rate == rate
        ]
        for payer, one in found:
            if one.tax:
                yield Charge(rule, one.tax, payer, TAX, rate=rate)
        for payer, one in found:
            if one.difference:
                yield Charge(rule, one.difference, payer, TAX_DIFFERENCE, rate=rate)
        if carried := taxes.carried.get(rate, 0):
            yield Charge(rule, carried, _ALL_POOLS, TAX_DIFFERENCE, rate=rate)
    if taxes.unallocated:
        yield Charge("", taxes.unallocated, None, UNALLOCATED)


def with_ratios(found: Iterable[Charge]) -> Iterator[tuple[Charge, int | None]]:
    """Charges, those of one rule after the other, with each one's part of its rule's yen in units of 10⁻¹²:
    they sum to 1 exactly.

    None where the rule's charges sum to nothing, or no rule caught them.
    """
    for (rule, _), group in groupby(found, key=lambda charge: (charge.rule, charge.is_tax)):
        alike = list(group)
        weights = {f"{at:09}": charge.jpy for at, charge in enumerate(alike)}
        if rule == "" or sum(weights.values()) == 0:
            yield from ((charge, None) for charge in alike)
        else:
            ratios = divide(10**RATIO_PLACES, weights)
            yield from zip(alike, (ratios[key] for key in weights), strict=True)
