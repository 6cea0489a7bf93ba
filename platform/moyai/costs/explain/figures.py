"""One figure of an explanation, and how numbers are written in its words. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from moyai.costs.documents.compose.words import METHODS
from moyai.costs.documents.written import rounded
from moyai.registry.cost_names import said
from moyai.registry.cost_rules import Rounding
from moyai.texts import Text

_RATE_PLACES = 6
_MOST_RATE_PLACES = 40
"""No amount has so many signs that more would tell."""


@dataclass(frozen=True, slots=True)
class Figure:
    """What an amount comes of, as a step of its way."""

    step: str
    """What kind of figure it is; programs read it."""
    words: Text
    jpy: int | None = None
    """Whole yen, with the sign by which it counts in the sum that it is part of."""
    exact: Fraction | None = None
    """Where it is no whole yen yet, or a fraction of one."""


def two_places(value: Fraction) -> str:
    """For people: to a hundredth, half to even."""
    scaled = rounded(value, 2)
    whole, part = divmod(abs(scaled), 100)
    return f"{'-' if scaled < 0 else ''}{whole:,}.{part:02}"


def rate_words(rate: Fraction, amount: Fraction) -> str:
    """Yen for one unit, for people: exactly where six decimal places are enough for that, else by as many
    from there on as it takes for `amount × rate` to come out to the hundredth."""
    meant = two_places(amount * rate)
    for places in range(_RATE_PLACES, _MOST_RATE_PLACES + 1):
        scaled = rounded(rate, places)
        if two_places(amount * Fraction(scaled, 10**places)) == meant:
            break
    whole, part = divmod(abs(scaled), 10**places)
    decimals = f"{part:0{places}}".rstrip("0").ljust(2, "0")
    return f"{'-' if scaled < 0 else ''}{whole:,}.{decimals}"


def percent(value: Fraction) -> str:
    """For people, exactly: `40 %`, `33 1/3 %`. Percents are not below zero."""
    return f"{said(value)} %"


def to_unit_words(method: Rounding, unit: int) -> Text:
    """How something is rounded: 1 円未満切捨て, rounded down to 1 yen."""
    how = METHODS[method]
    return Text(f"{unit:,} 円未満{how.ja}", f"{how.en} to {unit:,} yen")
