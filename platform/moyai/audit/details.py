"""Details of a record: plain values only, so that no secret gets in by way of an object. Pure.

A secret is told by its type, not by its name: whatever is not exactly a text, whole number, truth
value, null, list or mapping is refused, subclasses of `str` among them, and so is a private key in PEM.
Values are never part of an error.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from moyai.json_value import JsonValue

_LARGEST = 2**53 - 1
"""Whole numbers beyond it are not the same in every reader of JSON (RFC 8785 section 3.2.2.3)."""
_DEEPEST = 16
_NOT_KEPT = re.compile("[\x00\ud800-\udfff]")
"""What neither UTF-8 nor PostgreSQL takes."""
_PRIVATE = re.compile(r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----")


def checked(details: Mapping[str, JsonValue]) -> Mapping[str, JsonValue]:
    r"""The details, frozen: lists as tuples, signs that cannot be kept written out as `\x00`.

    Raises TypeError for what is no plain value, ValueError for a key outside ASCII, a number beyond
    2^53, a private key, and for more than 16 levels.
    """
    return _mapping(details, "details", 0)


def plain(value: JsonValue) -> object:
    """The same as lists and dicts, for JSON."""
    if isinstance(value, Mapping):
        return {key: plain(one) for key, one in value.items()}
    if isinstance(value, (tuple, list)):
        return [plain(one) for one in value]
    return value


def _mapping(value: Mapping[str, object], place: str, depth: int) -> Mapping[str, JsonValue]:
    if depth > _DEEPEST:
        raise ValueError(f"{place}: too many levels")
    for key in value:
        if type(key) is not str:
            raise TypeError(f"{place}: a key that is no text")
        if not key.isascii() or _NOT_KEPT.search(key):
            raise ValueError(f"{place}: a key that is not in ASCII")
    return MappingProxyType(
        {key: _value(one, f"{place}.{key}", depth + 1) for key, one in value.items()}
    )


def _value(value: object, place: str, depth: int) -> JsonValue:
    if value is None or type(value) is bool:
        return value
    if type(value) is int:
        if abs(value) > _LARGEST:
            raise ValueError(f"{place}: a number beyond 2^53")
        return value
    if type(value) is str:
        if _PRIVATE.search(value):
            raise ValueError(f"{place}: a private key")
        return _NOT_KEPT.sub(_written_out, value)
    if type(value) in (dict, MappingProxyType):
        assert isinstance(value, Mapping)
        return _mapping(value, place, depth)
    if type(value) in (list, tuple):
        assert isinstance(value, (list, tuple))
        if depth > _DEEPEST:
            raise ValueError(f"{place}: too many levels")
        return tuple(_value(one, f"{place}[{at}]", depth + 1) for at, one in enumerate(value))
    raise TypeError(f"{place}: {type(value).__name__} is no plain value")


def _written_out(found: re.Match[str]) -> str:
    code = ord(found[0])
    return r"\x00" if code == 0 else f"\\u{code:04x}"
