"""Decimals as texts, in SQL: whether a text is one, and how many digits it needs.

A number is digits with at most one point, a sign before it and a power of ten after it (`1E-7`);
no thousands separators.
"""

from __future__ import annotations

from dataclasses import dataclass

NUMBER = r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,3})?"
MOST_DIGITS = 38
"""What DuckDB's widest decimal holds."""
_FAST_DIGITS = 18
"""What fits into 64 bits: sums are made faster so."""


@dataclass(frozen=True, slots=True)
class Width:
    """How many digits the values of a column need, before and after the point."""

    whole: int
    scale: int

    @property
    def fits(self) -> bool:
        """Whether a decimal type holds them all."""
        return self.whole + self.scale <= MOST_DIGITS

    @property
    def sql_type(self) -> str:
        """The narrowest type whose sums are fast, or the widest."""
        digits = max(self.whole + self.scale, 1)
        return f"DECIMAL({_FAST_DIGITS if digits <= _FAST_DIGITS else MOST_DIGITS}, {self.scale})"


def is_number(text: str) -> str:
    """SQL: whether a text that is not NULL is a number."""
    return f"regexp_full_match({text}, '{NUMBER}')"


def whole_digits(text: str) -> str:
    """SQL: digits before the point, without leading zeros; of a power of ten those of its mantissa at least,
    which DuckDB takes room for."""
    mantissa, power = _mantissa(text), _power(text)
    plain = f"length(ltrim(split_part({text}, '.', 1), '+-0'))"
    return _either(text, plain, f"length({_digits(mantissa)}) + greatest({power}, 0)")


def scale_digits(text: str) -> str:
    """SQL: digits after the point, without trailing zeros."""
    mantissa, power = _mantissa(text), _power(text)
    plain = f"length(rtrim(split_part({text}, '.', 2), '0'))"
    after = f"length(rtrim(split_part({mantissa}, '.', 2), '0'))"
    return _either(text, plain, f"greatest({after} - {power}, 0)")


def _digits(mantissa: str) -> str:
    """The digits before a mantissa's point; a leading zero counts, which is only too many by one."""
    return f"ltrim(split_part({mantissa}, '.', 1), '+-')"


def _mantissa(text: str) -> str:
    return f"split_part(lower({text}), 'e', 1)"


def _power(text: str) -> str:
    return f"CAST(split_part(lower({text}), 'e', 2) AS INTEGER)"


def _either(text: str, plain: str, scientific: str) -> str:
    return f"CASE WHEN contains(lower({text}), 'e') THEN {scientific} ELSE {plain} END"
