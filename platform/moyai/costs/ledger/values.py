"""Values of the manifest as they are read: each is what its place wants, or the manifest is damaged. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction

from moyai.registry.words import one_line

Document = Mapping[str, object]
_SHA256 = re.compile(r"[0-9a-f]{64}\Z")
_DECIMAL = re.compile(r"-?[0-9]+(\.[0-9]+)?\Z", re.ASCII)
_RATE = re.compile(r"[0-9]+(\.[0-9]+|/[1-9][0-9]*)?\Z", re.ASCII)
_MOST_SIGNS = 4000
"""Of a number; what invoices may say has fewer."""


class Damaged(ValueError):
    """A place of the manifest, and what is there instead."""

    def __init__(self, place: str, value: object) -> None:
        super().__init__(f"{one_line(place)}: {one_line(repr(value))}")


@contextmanager
def within(place: str) -> Iterator[None]:
    """Say of damage found in the body that it is in this place."""
    try:
        yield
    except Damaged as error:
        error.args = (f"{one_line(place)}, {error}",)
        raise


def document_of(value: object, place: str) -> Document:
    """Keys and values. Raises `Damaged`, as all of these do."""
    if not isinstance(value, dict):
        raise Damaged(place, value)
    for key in value:
        _text_of(key, place)
    return value


def part_of(document: Document, key: str) -> Document:
    """Keys and values below a key."""
    return document_of(_at(document, key), key)


def is_none(document: Document, key: str) -> bool:
    """Whether a key has None; it has to be there."""
    return _at(document, key) is None


def list_of(document: Document, key: str) -> Sequence[object]:
    """A list."""
    value = _at(document, key)
    if not isinstance(value, list):
        raise Damaged(key, value)
    return value


def text_of(document: Document, key: str) -> str:
    """A text that can be written as UTF-8."""
    return _text_of(_at(document, key), key)


def text_or_none(document: Document, key: str) -> str | None:
    """A text, or None."""
    return None if is_none(document, key) else text_of(document, key)


def moment_of(document: Document, key: str) -> str:
    """A moment in UTC, ISO 8601, as it was written."""
    text = text_of(document, key)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise Damaged(key, text) from error
    if moment.tzinfo != UTC or moment.isoformat() != text:
        raise Damaged(key, text)
    return text


def texts_of(document: Document, key: str) -> tuple[str, ...]:
    """A list of texts."""
    return tuple(_text_of(one, key) for one in list_of(document, key))


def sha256_of(document: Document, key: str) -> str:
    """A hash: parts of paths are made of it."""
    return _matching(_SHA256, _at(document, key), key)


def sha256s_of(document: Document, key: str) -> tuple[str, ...]:
    """A list of hashes."""
    return tuple(_matching(_SHA256, one, key) for one in list_of(document, key))


def whole_of(document: Document, key: str) -> int:
    """A whole number."""
    return _whole(_at(document, key), key)


def decimal_of(document: Document, key: str) -> Decimal:
    """A decimal, written as a text."""
    return Decimal(_matching(_DECIMAL, _at(document, key), key))


def decimal_or_none(document: Document, key: str) -> Decimal | None:
    """A decimal, or None."""
    return None if is_none(document, key) else decimal_of(document, key)


def rate_of(document: Document, key: str) -> Fraction:
    """A rate in percent: `10`, `7.5` or `100/3`."""
    return Fraction(_matching(_RATE, _at(document, key), key))


def totals_of(document: Document, key: str) -> dict[str, str]:
    """Decimals as texts, by name."""
    found = part_of(document, key)
    return {name: _matching(_DECIMAL, value, name) for name, value in found.items()}


def hashes_of(document: Document, key: str) -> dict[str, str]:
    """Hashes by name."""
    found = part_of(document, key)
    return {name: _matching(_SHA256, value, name) for name, value in found.items()}


def wholes_of(document: Document, key: str) -> dict[str, int]:
    """Whole numbers by name."""
    return {name: _whole(value, name) for name, value in part_of(document, key).items()}


def yen_by_rate(document: Document, key: str) -> dict[Fraction, int]:
    """Whole numbers by rate in percent."""
    return {
        Fraction(_matching(_RATE, rate, key)): yen for rate, yen in wholes_of(document, key).items()
    }


def _at(document: Document, key: str) -> object:
    if key not in document:
        raise Damaged(key, None)
    return document[key]


def _text_of(value: object, place: str) -> str:
    if not isinstance(value, str):
        raise Damaged(place, value)
    try:
        value.encode()
    except UnicodeEncodeError:
        raise Damaged(place, value) from None
    return value


def _matching(pattern: re.Pattern[str], value: object, place: str) -> str:
    words = _text_of(value, place)
    if len(words) > _MOST_SIGNS or not pattern.match(words):
        raise Damaged(place, value)
    return words


def _whole(value: object, place: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise Damaged(place, value)
    return value
