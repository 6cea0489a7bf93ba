"""Columns of costs that are numbers, which rules compare as such: each number has one text. Pure."""

from __future__ import annotations

import re
from decimal import Decimal

NUMBER_COLUMNS = ("BilledCost", "EffectiveCost", "ListCost", "ContractedCost")
"""Of FOCUS, and of the ledger. All other columns are texts."""
_NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,3})?\Z")


def one_text(column: str, value: str) -> str:
    """The same, or of a number in such a column its only text: `1.50` is `1.5`, `2.00` is `2`, `-0` is `0`."""
    if column not in NUMBER_COLUMNS or not _NUMBER.match(value):
        return value
    plain = format(Decimal(value), "f")
    plain = plain.rstrip("0").rstrip(".") if "." in plain else plain
    return "0" if plain == "-0" else plain
