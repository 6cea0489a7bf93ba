"""The lines of a body's statement as they are counted, and which one a yen stands in. Pure.

The lines of the rules come first, through all sections of the statement in its order; then the tax, one for
each rate, and what the body bears of its differences, one for each rate. Lines of tax that come to ¥0 are none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from moyai.costs.apportion.allocation import Allocation, Borne, Line, Payer, PayerKind
from moyai.costs.periods import Period
from moyai.costs.statements.statement import in_order
from moyai.costs.statements.taxes import Taxes
from moyai.costs.statements.titles import own_titles, with_settlements
from moyai.errors import NOTHING_TOUCHED, UsageError
from moyai.registry.cost_rules import RuleSet
from moyai.texts import Text, counted


@dataclass(frozen=True, slots=True)
class NetLine:
    """A line of what a body bears of one rule."""

    borne: Borne
    line: Line
    section: int
    """Of the statement, from 1."""

    @property
    def jpy(self) -> int:
        """Whole yen."""
        return self.line.jpy


@dataclass(frozen=True, slots=True)
class TaxLine:
    """The tax on a body's net yen at one rate, or what it bears of the rate's difference."""

    rate: Fraction
    """Percent."""
    net: int
    """Whole yen that the tax is on."""
    jpy: int
    is_difference: bool


StatementLine = NetLine | TaxLine


@dataclass(frozen=True, slots=True)
class Place:
    """One yen of a body's statement."""

    code: str
    number: int
    """Of the line among the body's, from 1."""
    at: int
    """Which yen of the line, from 1; 0 of a line of ¥0."""
    found: StatementLine

    @property
    def position(self) -> Fraction:
        """Where in the line: 0 < position < 1; the middle of a line of ¥0."""
        return Fraction(2 * self.at - 1, 2 * abs(self.found.jpy)) if self.at else Fraction(1, 2)


def lines_of(
    made: Allocation, rules: RuleSet, taxes: Taxes, code: str
) -> tuple[StatementLine, ...]:
    """All lines of a body; none where it bears nothing. `rules`: those that the allocation was made by."""
    borne = dict(made.bodies()).get(code, ())
    sections = in_order(borne, with_settlements(own_titles(rules), (one.rule for one in borne)))
    taxed = taxes.by_payer.get(Payer(PayerKind.BODY, code), ())
    found: list[StatementLine] = [
        NetLine(one, line, number) for number, one in enumerate(sections, 1) for line in one.lines
    ]
    for is_difference in (False, True):
        for one in taxed:
            jpy = one.difference if is_difference else one.tax
            if jpy and one.rate is not None:
                found.append(TaxLine(one.rate, one.net, jpy, is_difference))
    return tuple(found)


def place_of(
    period: Period, code: str, lines: Sequence[StatementLine], yen: int, number: int | None = None
) -> Place:
    """Where a body's `yen`-th yen stands, counted from 1: through its lines above zero, or in its
    `number`-th line, whatever the sign; the first of a line of ¥0 stands for the line.

    Raises `UsageError` where the body has no such line, or bears less.
    """
    if number is not None:
        return _in_line(period, code, lines, yen, number)
    left = yen
    for at, one in enumerate(lines, 1):
        if 0 < left <= one.jpy:
            return Place(code, at, left, one)
        left -= max(one.jpy, 0)
    whole = sum(max(one.jpy, 0) for one in lines)
    raise UsageError(
        Text(
            f"{period} の {code} の明細は、0 円より大きい行の合計が {whole:,} 円です"
            f"（{yen:,} 円目はありません）。",
            f"in {period} the lines of {code} above zero come to {whole:,} yen; "
            f"there is no yen number {yen:,}.",
        ),
        touched=NOTHING_TOUCHED,
    )


def _in_line(
    period: Period, code: str, lines: Sequence[StatementLine], yen: int, number: int
) -> Place:
    if not 0 < number <= len(lines):
        raise UsageError(
            Text(
                f"{period} の {code} の明細は {len(lines)} 行です（第{number}行はありません）。",
                f"in {period} {code} has {counted(len(lines), 'line', 'lines')}; "
                f"there is no line {number}.",
            ),
            touched=NOTHING_TOUCHED,
        )
    found = lines[number - 1]
    if found.jpy == 0 and yen == 1:
        return Place(code, number, 0, found)
    if not 0 < yen <= abs(found.jpy):
        raise UsageError(
            Text(
                f"{period} の {code} の第{number}行は {found.jpy:,} 円です（{yen:,} 円目はありません）。",
                f"in {period} line {number} of {code} is {found.jpy:,} yen; "
                f"there is no yen number {yen:,}.",
            ),
            touched=NOTHING_TOUCHED,
        )
    return Place(code, number, yen, found)
