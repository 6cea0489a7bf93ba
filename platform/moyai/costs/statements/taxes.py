"""The consumption tax on what payers bear, once for each rate, and the difference to the whole. Pure.

The qualified-invoice rule rounds the tax once for each rate and invoice, so the bodies' taxes do not sum
to the tax on the whole. The difference is borne as the rules say, and shown as such.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from moyai.costs.apportion.allocation import Allocation, Payer, PayerKind
from moyai.costs.apportion.inputs import Rate
from moyai.costs.apportion.rounding import Rounded, exactly, spread, to_unit
from moyai.registry.cost_rules import Bearer, Rounding, TaxRule, Treatment


@dataclass(frozen=True, slots=True)
class Taxed:
    """A payer's net yen at one rate, and the tax on them."""

    rate: Rate
    net: int
    tax: int
    difference: int = 0
    """What the payer bears of the difference to the tax on the whole."""

    @property
    def gross(self) -> int:
        """All of it, whole yen."""
        return self.net + self.tax + self.difference


@dataclass(frozen=True, slots=True)
class Taxes:
    """Every payer's yen by rate, with tax. All sums with the allocation's are exact."""

    by_payer: Mapping[Payer, tuple[Taxed, ...]]
    """In order of rates, those without one first."""
    unallocated: int
    """Tax that nobody bears, as its net amount has no bearer: no difference is shared while there is
    such an amount."""
    carried: Mapping[Fraction, int]
    """Rate → yen of tax that the next period is to bear: differences only; what payers that are
    carried owe is theirs."""

    def gross_of(self, payer: Payer) -> int:
        """All that a payer bears, whole yen."""
        return sum(taxed.gross for taxed in self.by_payer.get(payer, ()))

    @property
    def left_to_next(self) -> dict[Fraction, int]:
        """Rate → yen of tax that the next period's `carried_in` has to be."""
        found = dict(self.carried)
        for payer, taxed in self.by_payer.items():
            if payer.kind is PayerKind.CARRY:
                for one in taxed:
                    if one.rate is not None and one.tax:
                        found[one.rate] = found.get(one.rate, 0) + one.tax
        return {rate: yen for rate, yen in sorted(found.items()) if yen}


def tax(
    allocation: Allocation, rule: TaxRule, carried_in: Mapping[Fraction, int] | None = None
) -> Taxes:
    """The taxes of an allocation's payers. `carried_in`: what the period before left to this one.

    Raises `ValueError` where contributions are outside the tax's scope and there is a tax on the whole.
    """
    nets = _nets(allocation)
    whole = dict(allocation.taxes)
    for rate, yen in (carried_in or {}).items():
        whole[rate] = whole.get(rate, 0) + yen
    if rule.treatment is Treatment.OUTSIDE_SCOPE:
        if any(whole.values()):
            raise ValueError("contributions are outside the tax's scope, but there is a tax")
        return Taxes(
            {
                payer: tuple(Taxed(rate, nets[payer][rate], 0) for rate in _ordered(nets[payer]))
                for payer in nets
            },
            0,
            {},
        )
    return _Taxing(allocation, rule, nets, whole).all()


class _Taxing:
    """The taxes while they are worked out, rate by rate."""

    def __init__(
        self,
        allocation: Allocation,
        rule: TaxRule,
        nets: dict[Payer, dict[Rate, int]],
        whole: Mapping[Fraction, int],
    ) -> None:
        self._open = any(one.jpy for one in allocation.unallocated)
        self._rule = rule
        self._nets = nets
        self._whole = whole
        self._taxes: dict[Payer, dict[Rate, int]] = {payer: {} for payer in nets}
        self._differences: dict[Payer, dict[Rate, int]] = {payer: {} for payer in nets}
        self._carried: dict[Fraction, int] = {}
        self._unallocated = 0

    def all(self) -> Taxes:
        rates = {rate for mix in self._nets.values() for rate in mix if rate is not None}
        for rate in sorted(rates | self._whole.keys()):
            self._at(rate)
        return Taxes(
            {payer: self._of(payer) for payer in sorted(self._taxes)},
            self._unallocated,
            self._carried,
        )

    def _at(self, rate: Fraction) -> None:
        taxes: dict[Payer, int] = {}
        for payer, mix in self._nets.items():
            if rate in mix:
                taxes[payer] = tax_on(mix[rate], rate, self._rule.method)
                self._taxes[payer][rate] = taxes[payer]
        left = self._whole.get(rate, 0) - sum(taxes.values())
        if self._open:
            self._unallocated += left
        elif left:
            self._bear(rate, left, taxes)

    def _bear(self, rate: Fraction, left: int, taxes: Mapping[Payer, int]) -> None:
        """The difference at one rate to its bearer."""
        bodies = {payer.name: yen for payer, yen in taxes.items() if payer.kind is PayerKind.BODY}
        if self._rule.difference is Bearer.LEAD:
            assert self._rule.lead is not None
            shares = {self._rule.lead: left}
        elif self._rule.difference is Bearer.LARGEST_REMAINDER and bodies:
            exact = exactly(
                {code: self._nets[_body(code)][rate] * rate / 100 for code in sorted(bodies)}
            )
            shares = spread(Rounded(bodies, left), exact, 1)
        else:
            self._carried[rate] = left
            return
        for code, yen in shares.items():
            self._differences.setdefault(_body(code), {})[rate] = yen
            self._taxes.setdefault(_body(code), {})

    def _of(self, payer: Payer) -> tuple[Taxed, ...]:
        nets = self._nets.get(payer, {})
        differences = self._differences.get(payer, {})
        return tuple(
            Taxed(
                rate,
                nets.get(rate, 0),
                self._taxes[payer].get(rate, 0),
                differences.get(rate, 0),
            )
            for rate in _ordered({**nets, **differences})
        )


def tax_on(net: int, rate: Fraction, method: Rounding) -> int:
    """The tax on net yen at a rate in percent, rounded to whole yen."""
    return to_unit(net * rate.numerator, 100 * rate.denominator, 1, method)


def _nets(allocation: Allocation) -> dict[Payer, dict[Rate, int]]:
    found: dict[Payer, dict[Rate, int]] = {}
    for borne in allocation.borne:
        mix = found.setdefault(borne.payer, {})
        for rate, yen in borne.by_rate.items():
            mix[rate] = mix.get(rate, 0) + yen
    return found


def _ordered(mix: Mapping[Rate, int]) -> list[Rate]:
    return sorted(mix, key=lambda rate: Fraction(-1) if rate is None else rate)


def _body(code: str) -> Payer:
    return Payer(PayerKind.BODY, code)
