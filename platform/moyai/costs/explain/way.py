"""The way of one yen back from a line: pool, the pools before it, what these caught. Pure.

A share has no single origin: it is a part of everything that a pool holds. One yen of it stands at one
place of the line, and is followed to the same place of what the line is a part of. Credits make an amount
smaller; the yen that is left is followed through what is positive. A yen of a line below zero is followed
through what is negative. A yen of tax is followed through the net yen at its rate.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from fractions import Fraction

from moyai.costs.apportion.allocation import (
    Allocation,
    Borne,
    Line,
    LineKind,
    Payer,
    PayerKind,
    PoolAccount,
)
from moyai.costs.apportion.inputs import Bucket, Caught
from moyai.costs.explain.lines import NetLine, Place, TaxLine
from moyai.costs.periods import Period
from moyai.costs.yen import Converted, Origin


class Source(StrEnum):
    """From where yen came into a pool."""

    CAUGHT = "caught"
    """Its own rows."""
    CARRIED = "carried"
    """The period before."""
    FLOWED = "flowed"
    """Another pool."""
    SETTLED = "settled"
    """A closed period, whose own rules left it to nobody."""


@dataclass(frozen=True, slots=True)
class PoolStep:
    """A pool on the way."""

    account: PoolAccount
    source: Source
    pool: str | None
    """The one that it flowed in from."""
    jpy: int
    """All that came in from there."""
    settled: Period | None = None
    """The closed period that it is of."""


@dataclass(frozen=True, slots=True)
class Way:
    """Where one yen of what is borne of a rule comes from."""

    borne: Borne
    line: Line
    pools: tuple[PoolStep, ...]
    """From the pool that the line shares back to the one that caught the rows."""
    bucket: Bucket | None
    """What the rule caught of one invoice; None where it comes from no row: a fee, what was carried,
    a settlement."""
    origin: Origin | None
    position: Fraction
    """Where in the rows: 0 < position < 1 of their yen of the line's sign, in the ledger's order."""
    is_credit: bool
    """Whether it is followed through what is below zero."""
    rate: Fraction | None = None
    """Of the tax that it is followed for, percent; None: whatever the rate."""

    @property
    def late_of(self) -> Period | None:
        """The closed period whose rules left the yen to nobody, or None."""
        return self.pools[-1].settled if self.pools else self.line.settled

    @property
    def carried(self) -> str | None:
        """The pool for which it was carried from the period before, or None."""
        last = self.pools[-1] if self.pools else None
        return last.account.name if last is not None and last.source is Source.CARRIED else None


def way_of(made: Allocation, converted: Converted, place: Place) -> Way | None:
    """The way of one yen; of tax, that of the net yen on which it is. None of a tax's difference, which is
    no part of any row, and of a line of ¥0."""
    found = place.found
    if place.at == 0:
        return None
    if isinstance(found, NetLine):
        start = Way(
            found.borne, found.line, (), None, None, place.position, is_credit=found.jpy < 0
        )
        return _followed(made, converted, start)
    if found.is_difference:
        return None
    return _through_net(made, converted, place, found)


def carried_way(made: Allocation, converted: Converted, after: Way) -> Way:
    """The way on in the period that carried a yen; `after`: to its end in the one that took it."""
    assert after.carried is not None
    payer = Payer(PayerKind.CARRY, after.carried)
    borne = [one for one in made.borne if one.payer == payer]
    return _in_borne(made, converted, borne, after)


def _through_net(made: Allocation, converted: Converted, place: Place, tax: TaxLine) -> Way:
    borne = dict(made.bodies())[place.code]
    line = borne[0].lines[0]
    start = Way(
        borne[0], line, (), None, None, place.position, is_credit=tax.jpy < 0, rate=tax.rate
    )
    return _in_borne(made, converted, [one for one in borne if tax.rate in one.by_rate], start)


def _in_borne(made: Allocation, converted: Converted, borne: Sequence[Borne], way: Way) -> Way:
    """On from a place in all that a payer bears, or bears at one rate, to a line of it."""
    sign = -1 if way.is_credit else 1
    amounts = [one.jpy if way.rate is None else one.by_rate.get(way.rate, 0) for one in borne]
    at, position = _place([amount * sign for amount in amounts], way.position)
    found = borne[at]
    at, position = _place([line.jpy * sign for line in found.lines], position)
    way = replace(
        way,
        borne=found,
        line=found.lines[at],
        pools=(),
        bucket=None,
        origin=None,
        position=position,
    )
    return _followed(made, converted, way)


_NOT_FROM_ROWS = frozenset(
    {
        LineKind.JOINING_FEE,
        LineKind.LEAVING_FEE,
        LineKind.FEE_RELIEF,
        LineKind.SUBSIDY,
        LineKind.SETTLEMENT,
        LineKind.LATE,
    }
)


def _followed(made: Allocation, converted: Converted, way: Way) -> Way:
    """On from a place in a line."""
    kind = way.line.kind
    if kind is LineKind.DIRECT:
        return _at_rows(way, converted, way.borne.payer.name)
    if kind in _NOT_FROM_ROWS or (kind is LineKind.REMAINDER and way.line.jpy < 0):
        return way
    steps, position = _through_pools(made, way)
    return _at_rows(replace(way, pools=tuple(steps), position=position), converted, None)


def _through_pools(made: Allocation, way: Way) -> tuple[list[PoolStep], Fraction]:
    """From a pool back to the one whose rows a place in it belongs to."""
    accounts = {account.name: account for account in made.pools}
    sign = -1 if way.is_credit else 1
    pool, position = way.borne.rule, way.position
    steps: list[PoolStep] = []
    while True:
        account = accounts[pool]
        sources = list(_sources(account, way.rate))
        at, position = _place([jpy * sign for _, jpy in sources], position)
        step, _ = sources[at]
        steps.append(step)
        if step.pool is None:
            return steps, position
        pool = step.pool


def _sources(account: PoolAccount, rate: Fraction | None) -> Iterable[tuple[PoolStep, int]]:
    """From where a pool has what it has, and how much of it at a rate."""
    carried = account.carried_in if rate is None else account.carried_in_by_rate.get(rate, 0)
    caught = account.caught if rate is None else account.caught_by_rate.get(rate, 0)
    yield PoolStep(account, Source.CAUGHT, None, account.caught), caught
    yield PoolStep(account, Source.CARRIED, None, account.carried_in), carried
    for period, mix in sorted(account.settled_in.items()):
        whole = sum(mix.values())
        late = whole if rate is None else mix.get(rate, 0)
        yield PoolStep(account, Source.SETTLED, None, whole, period), late
    for name, jpy in sorted(account.flowed_in.items()):
        moved = jpy if rate is None else account.flowed_in_by_rate[name].get(rate, 0)
        yield PoolStep(account, Source.FLOWED, name, jpy), moved


def _place(amounts: Sequence[Fraction | int], position: Fraction) -> tuple[int, Fraction]:
    """In which of several amounts above zero a place of their sum lies, and where in that one.

    The last of them all where none is above zero: a credit's yen are followed all the same.
    """
    whole = sum((max(Fraction(amount), Fraction()) for amount in amounts), Fraction())
    if whole == 0:
        return max(range(len(amounts)), key=lambda at: (abs(amounts[at]), -at)), position
    target = position * whole
    for at, amount in enumerate(amounts):
        if 0 < target < amount or (amount > 0 and target == amount):
            return at, target / amount
        target -= max(Fraction(amount), Fraction())
    raise AssertionError("the place lies beyond the sum")


def _at_rows(way: Way, converted: Converted, code: str | None) -> Way:
    """The same way, followed into the rows that are alike."""
    if way.pools and way.pools[-1].source is not Source.CAUGHT:
        return way
    caught = Caught(way.pools[-1].account.name if way.pools else way.borne.rule, code)
    pairs = zip(converted.bill.buckets, converted.origins, strict=True)
    found = [
        (bucket, origin)
        for bucket, origin in pairs
        if bucket.caught == caught and way.rate in (None, bucket.rate)
    ]
    if not found:
        return way
    sign = -1 if way.is_credit else 1
    at, position = _place([bucket.jpy * sign for bucket, _ in found], way.position)
    bucket, origin = found[at]
    return replace(way, bucket=bucket, origin=origin, position=position)
