"""Numbers, days and foreign text as documents write them. Pure.

Amounts below zero have △, as public accounts in Japan do; English has a minus sign.
"""

from __future__ import annotations

import unicodedata
from datetime import date
from fractions import Fraction

from moyai.costs.documents.paper import Cell, Style
from moyai.costs.periods import MONTHS, Period, era_year
from moyai.texts import Lang

_WEIGHT_DIGITS = 15
"""Weights that have more are shown over a power of ten: those of a population's power have 30."""
_WHOLE_DIGITS = 9
_SHOWN_DECIMALS = 2
_MOST_DECIMALS = 10
FACTOR_DECIMALS = 10
"""So that a factor times up to 50 million yen comes out to the hundredth by hand."""


def written(cell: Cell, lang: Lang) -> str:
    """A cell's value for people."""
    value = cell.value
    if isinstance(value, str):
        return plain(value)
    if cell.style is Style.EXACT:
        return signed(value, lang, _SHOWN_DECIMALS)
    if cell.style is Style.RATE:
        return signed(value, lang, rate_decimals(value))
    if cell.style is Style.FACTOR:
        return trimmed(signed(value, lang, FACTOR_DECIMALS))
    if cell.style is Style.PERCENT:
        return trimmed(signed(value, lang, 4))
    return signed(value, lang, 0 if Fraction(value).denominator == 1 else _SHOWN_DECIMALS)


def signed(value: int | Fraction, lang: Lang, decimals: int) -> str:
    """A number with thousands separators, rounded half to even where it has more decimals."""
    scaled = rounded(value, decimals)
    whole, part = divmod(abs(scaled), 10**decimals)
    size = f"{whole:,}.{part:0{decimals}}" if decimals else f"{whole:,}"
    if scaled >= 0:
        return size
    return f"△{size}" if lang == "ja" else f"−{size}"


def rate_decimals(value: int | Fraction) -> int:
    """How many decimals show a rate: two, or as many as two digits of a small one take."""
    for decimals in range(_SHOWN_DECIMALS, _MOST_DECIMALS):
        if rounded(value, decimals):
            return decimals if decimals == _SHOWN_DECIMALS else decimals + 1
    return _SHOWN_DECIMALS if not value else _MOST_DECIMALS


def rounded(value: int | Fraction, decimals: int) -> int:
    """A number in units of its last decimal, half to even."""
    scale: int = 10**decimals
    return round(Fraction(value) * scale)


def as_shown(value: Fraction) -> int:
    """Exact yen as they are shown, in hundredths."""
    return rounded(value, _SHOWN_DECIMALS)


def trimmed(words: str) -> str:
    """Without zeros at the end of the decimals."""
    return words.rstrip("0").rstrip(".") if "." in words else words


def weights(weight: int, of: int) -> tuple[Fraction, Fraction]:
    """A weight and the sum of all as documents have them: both over the same power of ten where they
    are long, to fifteen digits."""
    digits = len(str(of))
    if digits <= _WEIGHT_DIGITS:
        return Fraction(weight), Fraction(of)
    scale = 10 ** (digits - _WEIGHT_DIGITS)
    unit: int = 10 ** (_WEIGHT_DIGITS - _WHOLE_DIGITS)
    return Fraction(round(Fraction(weight, scale)), unit), Fraction(
        round(Fraction(of, scale)), unit
    )


def day(moment: date, lang: Lang) -> str:
    """A day for people: 令和8年6月10日, 10 June 2026."""
    if lang == "en":
        return f"{moment.day} {MONTHS[moment.month - 1]} {moment.year}"
    return f"{era_year(moment)}年{moment.month}月{moment.day}日"


def month(period: Period, lang: Lang) -> str:
    """A period for people: 令和8年5月, May 2026."""
    return period.named.of(lang)


def plain(words: str) -> str:
    """Foreign text on one line, without signs that steer (controls, those that turn the direction) or
    that no format may hold."""
    return "".join(" " if _steers(sign) else sign for sign in words).strip()


def _steers(sign: str) -> bool:
    forbidden = ord(sign) & 0xFFFE == 0xFFFE
    return forbidden or sign in _TURNING or unicodedata.category(sign) in _STEERING


_STEERING = ("Cc", "Cs", "Zl", "Zp")
_TURNING = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f"
