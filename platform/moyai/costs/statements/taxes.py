"""The consumption tax on what payers bear, once for each rate, and the difference to the whole. Pure.

The qualified-invoice rule rounds the tax once for each rate and invoice, so the bodies' taxes do not sum
to the tax on the whole. The difference is borne as the rules say, and shown as such.

Where contributions are outside the tax's scope, there is still tax of a month in which they were taxable:
in what settles that one, and in what it carried. Net amounts of a settlement are taxed at their rate; what is
carried is shown with the differences.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from moyai.costs.apportion.allocation import Allocation, Payer, PayerKind
from moyai.costs.apportion.inputs import Rate
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
    """Rate → yen of tax that the next period is to bear: differences only; what payers that are
    carried owe is theirs."""
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

    Where contributions are outside the tax's scope no difference is carried: a lead body bears them and
    what came in, else bodies with net amounts at its rate bear a difference, and all bodies, by what they
    bear of the period, what came in.
    """
    return _Taxing(allocation, rule, _nets(allocation), carried_in or {}).all()


class _Taxing:
    """The taxes while they are worked out, rate by rate."""

    def __init__(
        self,
        allocation: Allocation,
        rule: TaxRule,
        nets: dict[Payer, dict[Rate, int]],
        carried_in: Mapping[Fraction, int],
    ) -> None:
        self._open = any(one.jpy for one in allocation.unallocated)
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
        for rate in sorted(rates | self._whole.keys() | self._carried_in.keys()):
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
        left = self._whole.get(rate, 0) - sum(taxes.values())
        carried_in = self._carried_in.get(rate, 0)
        bodies = {payer.name: yen for payer, yen in taxes.items() if payer.kind is PayerKind.BODY}
        if self._open:
            self._unallocated += left + carried_in
        elif self._is_taxable:
            self._bear(rate, left + carried_in, bodies)
        else:
            self._bear(rate, left, bodies)
            self._bear(rate, carried_in, {})

    def _bear(self, rate: Fraction, left: int, bodies: Mapping[str, int]) -> None:
        """The difference at one rate to its bearer. `bodies`: code → tax, of those that net amounts at
        it are shared by."""
        if not left:
            return
        made = self._difference(rate, left, bodies)
        self._borne.setdefault(rate, []).append(made)
        if made.by is Bearer.CARRY:
            self._carried[rate] = self._carried.get(rate, 0) + left
        for code, yen in made.shares.items():
            found = self._differences.setdefault(_body(code), {})
            found[rate] = found.get(rate, 0) + yen
            self._taxes.setdefault(_body(code), {})

    def _difference(self, rate: Fraction, left: int, bodies: Mapping[str, int]) -> Difference:
        bearer = self._rule.difference
        if bearer is Bearer.LEAD:
            assert self._rule.lead is not None
            return Difference(left, bearer, {self._rule.lead: left})
        if bodies and (bearer is Bearer.LARGEST_REMAINDER or not self._is_taxable):
            taxes = {code: self._nets[_body(code)][rate] * rate / 100 for code in sorted(bodies)}
            rounded, exact = Rounded(bodies, left), exactly(taxes)
            shares = spread(rounded, exact, 1)
            order = tuple(by_loss(rounded, exact))
            return Difference(left, Bearer.LARGEST_REMAINDER, shares, order, taxes)
        if not self._is_taxable and (weights := self._weights()):
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


def _ordered(mix: Mapping[Rate, int]) -> list[Rate]:
    return sorted(mix, key=lambda rate: Fraction(-1) if rate is None else rate)


def _body(code: str) -> Payer:
    return Payer(PayerKind.BODY, code)
