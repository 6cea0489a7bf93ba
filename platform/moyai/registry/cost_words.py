"""The single values of `cost_sharing`: how each is written, and what it becomes.

Like those of `file_words`; numbers that need not be whole become fractions, exactly as they are written.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from fractions import Fraction
from typing import Annotated, Any, Literal

from pydantic import (
    BeforeValidator,
    Field,
    PlainValidator,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)

from moyai.registry.cost_rules import exact
from moyai.registry.file_words import Shown, whole, wrong

MOST_YEN = 10**13
_MOST_USD = 10**9
_MOST_POWER = 10
_LONGEST_COLUMN = 200
_LONGEST_VALUE = 500
_MOST_VALUES = 200
_REGISTRATION = re.compile(r"T[0-9]{13}\Z")


def _number(kind: str, fits: Callable[[Fraction], bool]) -> PlainValidator:
    """A number, in quotes or not, that fits; anything else is the same error."""

    def check(value: object) -> Fraction:
        if isinstance(value, (int, float, str)) and not isinstance(value, bool):
            try:
                number = exact(value)
            except ValueError:
                raise wrong(kind, value) from None
            if fits(number):
                return number
        raise wrong(kind, value)

    return PlainValidator(check)


def _text(kind: str, longest: int, least: int = 1) -> BeforeValidator:
    """A word that can be seen, of so many characters."""

    def check(value: object) -> object:
        if not isinstance(value, str) or not least <= len(value) <= longest:
            raise wrong(kind, value)
        if value != value.strip() or not value.isprintable():
            raise wrong(kind, value)
        return value

    return BeforeValidator(check)


def _value(value: object) -> object:
    """One value of a column, or None; a whole number is taken for its digits (an account's)."""
    if value is None:
        return None
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, str) or len(value) > _LONGEST_VALUE or not value.isprintable():
        raise wrong("moyai_column_value", value)
    return value


def _values(value: Any, handler: ValidatorFunctionWrapHandler) -> object:
    """A list of values; one alone needs no list."""
    return handler(value) if isinstance(value, (list, tuple)) else (_value(value),)


def _registration(value: object) -> object:
    if not isinstance(value, str) or not _REGISTRATION.match(value):
        raise wrong("moyai_registration_number", value)
    return value  # its check digit is judged in `check_costs`


Yen = Annotated[int, whole(0, MOST_YEN)]
Percent = Annotated[
    Fraction,
    _number("moyai_percent", lambda number: 0 < number <= 100),
    Shown(type=["number", "string"], examples=[40, 33.3, "1/3"]),
]
PercentOrZero = Annotated[
    Fraction,
    _number("moyai_percent_or_zero", lambda number: 0 <= number <= 100),
    Shown(type=["number", "string"], examples=[60, "100/3"]),
]
Usd = Annotated[
    Fraction,
    _number("moyai_usd", lambda number: 0 < number <= _MOST_USD and 100 % number.denominator == 0),
    Shown(type=["number", "string"], examples=["1200", "99.50"]),
]
Power = Annotated[
    Fraction,
    _number("moyai_power", lambda number: 0 < number <= _MOST_POWER),
    Shown(type=["number", "string"], examples=[0.585]),
]
Column = Annotated[
    str,
    _text("moyai_column", _LONGEST_COLUMN),
    Shown(minLength=1, maxLength=_LONGEST_COLUMN, examples=["ServiceName", "Tags.moyai:tenant"]),
]
BodysValue = Annotated[
    str,
    _text("moyai_column_value", _LONGEST_VALUE),
    Shown(minLength=1, maxLength=_LONGEST_VALUE),
]
Values = Annotated[
    tuple[Annotated[str | None, BeforeValidator(_value)], ...],
    Field(min_length=1, max_length=_MOST_VALUES),
    WrapValidator(_values),
    Shown(
        type=["string", "integer", "null", "array"],
        items={"type": ["string", "integer", "null"]},
        minItems=1,
        maxItems=_MOST_VALUES,
    ),
]
RegistrationNumber = Annotated[
    str,
    BeforeValidator(_registration),
    Shown(pattern="^T[0-9]{13}$", examples=["T7000012050002"]),
]
Unit = Literal[1, 10, 100, 1000]
