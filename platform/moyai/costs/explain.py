"""The way of one yen back from a statement: line, pool, the pools before it, what these caught. Pure.

A share has no single origin: it is a part of everything that a pool holds. One yen of it stands at one
place of the line, and is followed to the same place of what the line is a part of. Credits make an amount
smaller; the yen that is left is followed through what is positive.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from moyai.costs.apportion.allocation import Allocation, Borne, Line, LineKind, PoolAccount
from moyai.costs.apportion.inputs import Bucket, Caught
from moyai.costs.yen import Converted, Origin
from moyai.errors import NOTHING_TOUCHED, UsageError
from moyai.texts import Text


@dataclass(frozen=True, slots=True)
class PoolStep:
    """A pool on the way. `source`: `caught`, `carried`, or the name of the pool it flowed in from."""

    account: PoolAccount
    source: str
    source_jpy: int


@dataclass(frozen=True, slots=True)
class Way:
    """Where one yen comes from."""

    borne: Borne
    line: Line
    number: int
    """Of the line among the body's, from 1."""
    at: int
    """Which yen of the line, from 1."""
    pools: tuple[PoolStep, ...]
    """From the pool that the line shares back to the one that caught the rows."""
    bucket: Bucket | None
    """What the rule caught of one invoice; None where it comes from no row: a fee, what was carried,
    a settlement."""
    origin: Origin | None
    position: Fraction
    """Where in the rows: 0 < position < 1 of their positive yen, in the ledger's order."""


def way_of(made: Allocation, converted: Converted, code: str, yen: int) -> Way:
    """The way of the body's `yen`-th yen, counted from 1 through its lines above zero.

    Raises `UsageError` where the body bears less.
    """
    number, borne, line, at = _line(made, code, yen)
    position = Fraction(2 * at - 1, 2 * line.jpy)
    if line.kind is LineKind.DIRECT:
        return _at_rows(Way(borne, line, number, at, (), None, None, position), converted, code)
    if line.kind in _NOT_FROM_ROWS:
        return Way(borne, line, number, at, (), None, None, position)
    steps, position = _through_pools(made, borne.rule, position)
    way = Way(borne, line, number, at, tuple(steps), None, None, position)
    return _at_rows(way, converted, None)


_NOT_FROM_ROWS = frozenset({LineKind.JOINING_FEE, LineKind.LEAVING_FEE, LineKind.SETTLEMENT})


def _line(made: Allocation, code: str, yen: int) -> tuple[int, Borne, Line, int]:
    """The line in which a body's yen stands: its number, what it is of, and which yen of it."""
    lines = [(borne, line) for borne in dict(made.bodies()).get(code, ()) for line in borne.lines]
    left = yen
    for number, (borne, line) in enumerate(lines, 1):
        if 0 < left <= line.jpy:
            return number, borne, line, left
        left -= max(line.jpy, 0)
    whole = sum(max(line.jpy, 0) for _, line in lines)
    raise UsageError(
        Text(
            f"{made.period} の {code} の負担は {whole:,} 円までです（{yen:,} 円目はありません）。",
            f"in {made.period} {code} bears {whole:,} yen; there is no yen number {yen:,}.",
        ),
        touched=NOTHING_TOUCHED,
    )


def _through_pools(
    made: Allocation, pool: str, position: Fraction
) -> tuple[list[PoolStep], Fraction]:
    """From a pool back to the one whose rows a place in it belongs to."""
    accounts = {account.name: account for account in made.pools}
    steps: list[PoolStep] = []
    while True:
        account = accounts[pool]
        sources = [("caught", account.caught), ("carried", account.carried_in)]
        sources += sorted(account.flowed_in.items())
        at, position = _place([jpy for _, jpy in sources], position)
        name, jpy = sources[at]
        steps.append(PoolStep(account, name, jpy))
        if at < _OWN_SOURCES:
            return steps, position
        pool = name


_OWN_SOURCES = 2
"""What a pool caught itself, and what was carried into it."""


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
    if way.pools and way.pools[-1].source != "caught":
        return way
    caught = Caught(way.pools[-1].account.name if way.pools else way.borne.rule, code)
    pairs = zip(converted.bill.buckets, converted.origins, strict=True)
    found = [(bucket, origin) for bucket, origin in pairs if bucket.caught == caught]
    if not found:
        return way
    at, position = _place([bucket.jpy for bucket, _ in found], way.position)
    bucket, origin = found[at]
    return replace(way, bucket=bucket, origin=origin, position=position)
