"""Numbers, periods and rates as people write them in tables."""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal, InvalidOperation
from fractions import Fraction

from moyai.costs.periods import Period, period_of
from moyai.errors import UsageError
from moyai.texts import Text

_GROUPED = re.compile(r"[+-]?[0-9]{1,3}(,[0-9]{3})+(\.[0-9]+)?\Z")
_NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,3})?\Z")
_PERIOD = re.compile(r"([0-9]{4})[-/年]([0-9]{1,2})(?:月|[-/][0-9]{1,2}日?)?\Z")
_SIGNED = re.compile(r"([+△▲-]?)\s*[¥\\]?\s*([0-9.].*)\Z", re.DOTALL)
"""A sign, the mark of yen (in Shift_JIS a backslash), and the rest."""
_MINUS = str.maketrans("△▲", "--")
_MOST_SIGNS = 60


class NotAValue(ValueError):
    """What a cell says is not what its column wants; `reason` says what it wants."""

    def __init__(self, reason: Text) -> None:
        super().__init__(reason.en)
        self.reason = reason


def number_of(words: str) -> Decimal:
    """A number: `1,234`, `¥1,234`, `1,234円`, `△1,234` (minus), `1.5`; signs of either width.

    Raises `NotAValue`.
    """
    plain = unicodedata.normalize("NFKC", words).strip().removesuffix("円").strip()
    found = _SIGNED.match(plain)
    plain = plain if found is None else found[1].translate(_MINUS) + found[2]
    if _GROUPED.match(plain):
        plain = plain.replace(",", "")
    if len(plain) <= _MOST_SIGNS and _NUMBER.match(plain):
        try:
            return Decimal(plain)
        except InvalidOperation:
            pass
    raise NotAValue(Text(f"「{words[:60]}」は数ではありません", f"'{words[:60]}' is no number"))


def period_in(words: str) -> Period:
    """A period: `2026-04`, `2026/4`, `2026年4月`, or a day in it. Raises `NotAValue`."""
    found = _PERIOD.match(unicodedata.normalize("NFKC", words).strip())
    try:
        if found is not None:
            return period_of(f"{found[1]}-{int(found[2]):02}")
    except UsageError:
        pass
    raise NotAValue(
        Text(
            f"「{words[:60]}」は期間（例 2026-04）ではありません",
            f"'{words[:60]}' is no period such as 2026-04",
        )
    )


def percent_of(words: str) -> Fraction:
    """A rate of tax in percent: `10`, `10%`, or `0.1`, as sheets keep 10 %. Raises `NotAValue`."""
    plain = unicodedata.normalize("NFKC", words).strip()
    rate = Fraction(number_of(plain.removesuffix("%")))
    if 0 < rate < 1 and not plain.endswith("%"):
        rate *= 100
    if not 0 <= rate <= 100:
        raise NotAValue(
            Text(f"「{words[:60]}」は税率（%）ではありません", f"'{words[:60]}' is no rate in %")
        )
    return rate
