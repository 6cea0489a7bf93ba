"""The way of one yen back from a statement: line, pool, the pools before it, what these caught. Pure.

A share has no single origin: it is a part of everything that a pool holds. One yen of it stands at one
place of the line, and is followed to the same place of what the line is a part of. Credits make an amount
smaller; the yen that is left is followed through what is positive. A yen of a line below zero is followed
through what is negative.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from moyai.costs.apportion.allocation import Allocation, Borne, Line, LineKind, PoolAccount
from moyai.costs.apportion.inputs import Bucket, Caught
from moyai.costs.yen import Converted, Origin
from moyai.errors import NOTHING_TOUCHED, UsageError
from moyai.texts import Text, counted


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
    """Where in the rows: 0 < position < 1 of their yen of the line's sign, in the ledger's order."""


def way_of(
    made: Allocation, converted: Converted, code: str, yen: int, number: int | None = None
) -> Way:
    """The way of the body's `yen`-th yen, counted from 1: through its lines above zero, or in its
    `number`-th line (from 1, as `Way.number`), whatever the sign.

    Raises `UsageError` where the body has no such line, or bears less.
    """
    lines = [(borne, line) for borne in dict(made.bodies()).get(code, ()) for line in borne.lines]
    if number is None:
        number, at = _line(made, code, lines, yen)
    else:
        at = _in_line(made, code, lines, number, yen)
    borne, line = lines[number - 1]
    position = Fraction(2 * at - 1, 2 * abs(line.jpy))
    way = Way(borne, line, number, at, (), None, None, position)
    if line.kind is LineKind.DIRECT:
        return _at_rows(way, converted, code)
    if line.kind in _NOT_FROM_ROWS or (line.kind is LineKind.REMAINDER and line.jpy < 0):
        return way
    steps, position = _through_pools(made, borne.rule, position, _sign(line))
    return _at_rows(replace(way, pools=tuple(steps), position=position), converted, None)


_NOT_FROM_ROWS = frozenset(
    {
        LineKind.JOINING_FEE,
        LineKind.LEAVING_FEE,
        LineKind.FEE_RELIEF,
        LineKind.SUBSIDY,
        LineKind.SETTLEMENT,
    }
)


def _sign(line: Line) -> int:
    return -1 if line.jpy < 0 else 1


_Lines = Sequence[tuple[Borne, Line]]


def _line(made: Allocation, code: str, lines: _Lines, yen: int) -> tuple[int, int]:
    """The number of the line in which a body's yen stands, and which yen of it."""
    left = yen
    for number, (_, line) in enumerate(lines, 1):
        if 0 < left <= line.jpy:
            return number, left
        left -= max(line.jpy, 0)
    whole = sum(max(line.jpy, 0) for _, line in lines)
    raise UsageError(
        Text(
            f"{made.period} の {code} の明細は、0 円より大きい行の合計が {whole:,} 円です"
            f"（{yen:,} 円目はありません）。",
            f"in {made.period} the lines of {code} above zero come to {whole:,} yen; "
            f"there is no yen number {yen:,}.",
        ),
        touched=NOTHING_TOUCHED,
    )


def _in_line(made: Allocation, code: str, lines: _Lines, number: int, yen: int) -> int:
    """The same yen, where the line has it."""
    if not 0 < number <= len(lines):
        raise UsageError(
            Text(
                f"{made.period} の {code} の明細は {len(lines)} 行です（第{number}行はありません）。",
                f"in {made.period} {code} has {counted(len(lines), 'line', 'lines')}; "
                f"there is no line {number}.",
            ),
            touched=NOTHING_TOUCHED,
        )
    jpy = lines[number - 1][1].jpy
    if not 0 < yen <= abs(jpy):
        raise UsageError(
            Text(
                f"{made.period} の {code} の第{number}行は {jpy:,} 円です（{yen:,} 円目はありません）。",
                f"in {made.period} line {number} of {code} is {jpy:,} yen; "
                f"there is no yen number {yen:,}.",
            ),
            touched=NOTHING_TOUCHED,
        )
    return yen


def _through_pools(
    made: Allocation, pool: str, position: Fraction, sign: int
) -> tuple[list[PoolStep], Fraction]:
    """From a pool back to the one whose rows a place in it belongs to."""
    accounts = {account.name: account for account in made.pools}
    steps: list[PoolStep] = []
    while True:
        account = accounts[pool]
        sources = [("caught", account.caught), ("carried", account.carried_in)]
        sources += sorted(account.flowed_in.items())
        at, position = _place([jpy * sign for _, jpy in sources], position)
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
    at, position = _place([bucket.jpy * _sign(way.line) for bucket, _ in found], way.position)
    bucket, origin = found[at]
    return replace(way, bucket=bucket, origin=origin, position=position)
