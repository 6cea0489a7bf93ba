"""The consumption tax on what payers bear, once for each rate, and the difference to the whole. Pure.

The qualified-invoice rule rounds the tax once for each rate and invoice, so the bodies' taxes do not sum
to the tax on the whole. The difference is borne as the rules say, and shown as such.

Where contributions are outside the tax's scope, there is still tax of a month in which they were taxable:
in what settles that one, and in what it carried. Net amounts are taxed at the rate that they have.

A difference that is carried is borne in the next period, and not carried again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from moyai.costs.apportion.allocation import Allocation, Payer, PayerKind
from moyai.costs.apportion.inputs import Rate, TaxCarried, rate_order
from moyai.costs.apportion.rounding import Rounded, by_loss, divide, exactly, spread, to_unit
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
class Difference:
    """What of one rate's tax bodies' own taxes do not come to, or what was carried in, and who bears it."""

    jpy: int
    by: Bearer | None
    """The rule; None: all bodies, by what they bear of the period."""
    shares: Mapping[str, int]
    """Code → yen; empty where it is carried."""
    order: tuple[str, ...] = ()
    """By largest remainder: codes, those who lost most first."""
    exact: Mapping[str, Fraction] = field(default_factory=dict)
    """By largest remainder: code → tax before it is rounded, yen; by what bodies bear: code → weight."""


@dataclass(frozen=True, slots=True)
class Taxes:
    """Every payer's yen by rate, with tax. All sums with the allocation's are exact."""

    by_payer: Mapping[Payer, tuple[Taxed, ...]]
    """In order of rates, those without one first."""
    unallocated: int
    """Tax that nobody bears, as its net amount has no bearer: no difference is shared while there is
    such an amount."""
    carried: Mapping[Fraction, int]
    """Rate → yen of differences that the next period is to bear; what payers that are carried owe is
    theirs."""
    differences: Mapping[Fraction, tuple[Difference, ...]]
    """Rate → what is borne of its differences, none of them 0."""

    def gross_of(self, payer: Payer) -> int:
        """All that a payer bears, whole yen."""
        return sum(taxed.gross for taxed in self.by_payer.get(payer, ()))

    def net_of(self, payer: Payer) -> int:
        """What a payer bears before tax."""
        return sum(taxed.net for taxed in self.by_payer.get(payer, ()))

    def tax_of(self, payer: Payer) -> int:
        """The tax that a payer bears, its part of the difference included."""
        return self.gross_of(payer) - self.net_of(payer)

    @property
    def is_there(self) -> bool:
        """Whether there is tax of anybody."""
        borne = (self.tax_of(payer) for payer in self.by_payer)
        return any(borne) or bool(self.unallocated) or any(self.carried.values())

    @property
    def left_to_next(self) -> TaxCarried:
        """What the next period's `carried_in` has to be."""
        on_net: dict[Fraction, int] = {}
        for payer, taxed in self.by_payer.items():
            if payer.kind is PayerKind.CARRY:
                for one in taxed:
                    if one.rate is not None:
                        on_net[one.rate] = on_net.get(one.rate, 0) + one.tax
        return TaxCarried(_but_zero(on_net), _but_zero(self.carried))


def tax(allocation: Allocation, rule: TaxRule, carried_in: TaxCarried | None = None) -> Taxes:
    """The taxes of an allocation's payers. `carried_in`: what the period before left to this one.

    A lead body bears differences and those that came in; else bodies with net amounts at their rate do,
    those first whose tax lost most by rounding, unless the rule carries them. What came in is not carried
    again: without such bodies, all bear it by what they bear of the period. Where contributions are outside
    the tax's scope no difference is carried.
    """
    return _Taxing(allocation, rule, _nets(allocation), carried_in or TaxCarried()).all()


class _Taxing:
    """The taxes while they are worked out, rate by rate."""

    def __init__(
        self,
        allocation: Allocation,
        rule: TaxRule,
        nets: dict[Payer, dict[Rate, int]],
        carried_in: TaxCarried,
    ) -> None:
        self._open = any(one.jpy or any(one.by_rate.values()) for one in allocation.unallocated)
        self._rule = rule
        self._is_taxable = rule.treatment is Treatment.TAXABLE
        self._nets = nets
        self._whole = allocation.taxes
        self._carried_in = carried_in
        self._taxes: dict[Payer, dict[Rate, int]] = {payer: {} for payer in nets}
        self._differences: dict[Payer, dict[Rate, int]] = {payer: {} for payer in nets}
        self._carried: dict[Fraction, int] = {}
        self._borne: dict[Fraction, list[Difference]] = {}
        self._unallocated = 0

    def all(self) -> Taxes:
        rates = {rate for mix in self._nets.values() for rate in mix if rate is not None}
        for rate in sorted(rates | self._whole.keys() | self._carried_in.rates):
            self._at(rate)
        return Taxes(
            {payer: self._of(payer) for payer in sorted(self._taxes)},
            self._unallocated,
            self._carried,
            {rate: tuple(found) for rate, found in self._borne.items()},
        )

    def _at(self, rate: Fraction) -> None:
        taxes: dict[Payer, int] = {}
        for payer, mix in self._nets.items():
            if rate in mix:
                taxes[payer] = tax_on(mix[rate], rate, self._rule.method)
                self._taxes[payer][rate] = taxes[payer]
        left = self._whole.get(rate, 0) + self._carried_in.on_net.get(rate, 0) - sum(taxes.values())
        due = self._carried_in.differences.get(rate, 0)
        bodies = {payer.name: yen for payer, yen in taxes.items() if payer.kind is PayerKind.BODY}
        if self._open:
            self._unallocated += left + due
        elif self._rule.difference is Bearer.CARRY or not bodies:
            self._bear(rate, self._difference(rate, left, bodies))
            self._bear(rate, self._due(rate, due, bodies))
        else:
            self._bear(rate, self._difference(rate, left + due, bodies))

    def _bear(self, rate: Fraction, made: Difference) -> None:
        """The difference at one rate to its bearer."""
        left = made.jpy
        if not left:
            return
        self._borne.setdefault(rate, []).append(made)
        if made.by is Bearer.CARRY:
            self._carried[rate] = self._carried.get(rate, 0) + left
        for code, yen in made.shares.items():
            found = self._differences.setdefault(_body(code), {})
            found[rate] = found.get(rate, 0) + yen
            self._taxes.setdefault(_body(code), {})

    def _difference(self, rate: Fraction, left: int, bodies: Mapping[str, int]) -> Difference:
        """`bodies`: code → tax, of those that have net amounts at the rate."""
        if self._is_taxable and self._rule.difference is Bearer.CARRY:
            return Difference(left, Bearer.CARRY, {})
        return self._due(rate, left, bodies, may_carry=self._is_taxable)

    def _due(
        self, rate: Fraction, left: int, bodies: Mapping[str, int], *, may_carry: bool = False
    ) -> Difference:
        """What bodies bear now: unless there are none of it and it may be carried, or none at all."""
        if self._rule.difference is Bearer.LEAD:
            assert self._rule.lead is not None
            return Difference(left, Bearer.LEAD, {self._rule.lead: left})
        if bodies:
            taxes = {code: self._nets[_body(code)][rate] * rate / 100 for code in sorted(bodies)}
            rounded, exact = Rounded(bodies, left), exactly(taxes)
            shares = spread(rounded, exact, 1)
            order = tuple(by_loss(rounded, exact))
            return Difference(left, Bearer.LARGEST_REMAINDER, shares, order, taxes)
        if not may_carry and (weights := self._weights()):
            by_weight = {code: Fraction(weight) for code, weight in weights.items()}
            return Difference(left, None, divide(left, weights), exact=by_weight)
        return Difference(left, Bearer.CARRY, {})

    def _weights(self) -> dict[str, int]:
        """Bodies by what they bear at all rates: of those who bear something, or of all alike."""
        sums = {
            payer.name: max(sum(mix.values()), 0)
            for payer, mix in sorted(self._nets.items())
            if payer.kind is PayerKind.BODY
        }
        return sums if any(sums.values()) else dict.fromkeys(sums, 1)

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


def _but_zero(yen: Mapping[Fraction, int]) -> dict[Fraction, int]:
    return {rate: jpy for rate, jpy in sorted(yen.items()) if jpy}


def _ordered(mix: Mapping[Rate, int]) -> list[Rate]:
    return sorted(mix, key=rate_order)


def _body(code: str) -> Payer:
    return Payer(PayerKind.BODY, code)
