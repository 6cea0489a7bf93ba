"""Municipality codes: the check digit, and the national list. Pure but for reading its own table.

The rule is the Ministry of Internal Affairs' (全国地方公共団体コード仕様): with the first five digits
a…e, s = 6a + 5b + 4c + 3d + 2e and the sixth is (11 − s mod 11) mod 10. Remainders 0 and 10 give the
same digit, so that the digit alone misses some errors: codes are looked up as well.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from types import MappingProxyType

from moyai.registry.models import Kind

_WEIGHTS = (6, 5, 4, 3, 2)


def check_digit(first_five: str) -> str:
    """The sixth digit for five digits; ValueError for anything else."""
    if len(first_five) != len(_WEIGHTS) or not first_five.isascii() or not first_five.isdigit():
        raise ValueError(f"five digits are needed, not {first_five!r}")
    total = sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, first_five, strict=True))
    return str((11 - total % 11) % 10)


def corporate_check_digit(last_twelve: str) -> str:
    """The first digit of a corporate number 法人番号 for its twelve others; ValueError for anything else.

    9 − (Σ P·Q mod 9): P the digits from the right, Q 1 and 2 in turn (法人番号の指定等に関する省令 2 条).
    """
    if len(last_twelve) != 12 or not last_twelve.isascii() or not last_twelve.isdigit():
        raise ValueError(f"twelve digits are needed, not {last_twelve!r}")
    total = sum(int(digit) * (1 + n % 2) for n, digit in enumerate(reversed(last_twelve)))
    return str(9 - total % 9)


def is_well_formed(code: str) -> bool:
    """Six ASCII digits of which the last is right."""
    return (
        len(code) == len(_WEIGHTS) + 1
        and code.isascii()
        and code.isdigit()
        and check_digit(code[:-1]) == code[-1]
    )


@dataclass(frozen=True, slots=True)
class Listed:
    """A body on the national list: one of 1,741 municipalities or 47 prefectures."""

    code: str
    prefecture: str
    name: str
    kana: str
    kind: str
    """都道府県, 政令市, 市, 特別区, 町 or 村."""
    population_2020: int | None
    """Residents in the census of 1 October 2020; None where the source has no figure."""
    slug: str
    """Romaji, unique within the prefecture; a proposal, not a rule."""

    def allows(self, kind: Kind) -> bool:
        """Whether a body's kind fits the list's; core and other cities are all 市 there."""
        return kind.value == self.kind or (
            self.kind == "市" and kind in (Kind.CORE_CITY, Kind.CITY)
        )

    @property
    def likely_kind(self) -> Kind:
        """The kind to propose where nothing else is said."""
        if self.kind == "市":
            return Kind.CORE_CITY if self.code in core_cities() else Kind.CITY
        return Kind(self.kind)


def _rows(file: str) -> list[dict[str, str]]:
    with resources.files("moyai.registry.data").joinpath(file).open(encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


@cache
def core_cities() -> frozenset[str]:
    """The codes of the 62 core cities."""
    return frozenset(row["code"] for row in _rows("core-cities.csv"))


@cache
def national_list() -> Mapping[str, Listed]:
    """Code → body, all 1,788."""
    bodies = [
        Listed(
            row["code"],
            row["prefecture"],
            row["name"],
            row["kana"],
            row["kind"],
            int(row["population_2020"]) if row["population_2020"] else None,
            row["slug"],
        )
        for row in _rows("municipalities.csv")
    ]
    return MappingProxyType({body.code: body for body in bodies})


@cache
def prefecture_numbers() -> frozenset[str]:
    """The two digits, 01 to 47, with which the codes of all bodies begin, joint ones included."""
    return frozenset(code[:2] for code in national_list())


@cache
def prefectures() -> frozenset[str]:
    """The names of the 47 prefectures."""
    return frozenset(
        one.name for one in national_list().values() if one.kind == Kind.PREFECTURE.value
    )
