"""Checking what a program says against declared properties, nested ones too."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from moyai.provider.properties import Properties, Unknown, has_unknown
from moyai.provider.resources import MISSING, Problem, unknown_property
from moyai.sandbox.aws.fields import Field, Kind, Shape
from moyai.texts import Text

_WORDS: Mapping[Kind, Text] = {
    Kind.TEXT: Text("文字列", "a text"),
    Kind.WHOLE: Text("整数", "a whole number"),
    Kind.NUMBER: Text("数値", "a number"),
    Kind.FLAG: Text("true か false", "true or false"),
    Kind.DOCUMENT: Text("JSON の文字列", "a text of JSON"),
    Kind.TEXTS: Text("文字列の配列", "a list of texts"),
    Kind.MAP: Text("名前と文字列の対応", "texts by name"),
    Kind.OBJECT: Text("オブジェクト", "an object"),
    Kind.OBJECTS: Text("オブジェクトの配列", "a list of objects"),
}


class _WrongKindError(ValueError):
    """A value is not of its property's kind."""


def check(shape: Shape, given: Mapping[str, Any], at: str, problems: list[Problem]) -> Properties:
    """The values in their declared kinds (`"443"` for a number is one); problems are added.

    Raises nothing: a value of a wrong kind is left as it is and told as a problem.
    """
    found: Properties = {}
    for name, value in given.items():
        path = f"{at}.{name}" if at else name
        field = shape.get(name)
        if field is None:
            problems.append(Problem(path, unknown_property(name, shape)))
        elif isinstance(value, Unknown):
            found[name] = value
        elif value is not None:
            found[name] = _one(field, value, path, problems)
    problems += [
        Problem(f"{at}.{name}" if at else name, MISSING)
        for name, field in shape.items()
        if field.required and name not in found and name not in given
    ]
    return found


def _one(field: Field, value: Any, path: str, problems: list[Problem]) -> Any:
    if field.kind is Kind.OBJECT and isinstance(value, Mapping):
        return check(field.of or {}, value, path, problems)
    if field.kind is Kind.OBJECTS and isinstance(value, list):
        return [
            check(field.of or {}, item, f"{path}[{number}]", problems)
            if isinstance(item, Mapping)
            else _same(Kind.OBJECT, item, f"{path}[{number}]", problems)
            for number, item in enumerate(value)
        ]
    try:
        return coerce(field.kind, value)
    except _WrongKindError:
        return _same(field.kind, value, path, problems)


def _same(kind: Kind, value: Any, path: str, problems: list[Problem]) -> Any:
    if not isinstance(value, Unknown):
        words = _WORDS[kind]
        problems.append(
            Problem(path, Text(f"{words.ja}でなければなりません", f"must be {words.en}"))
        )
    return value


def coerce(kind: Kind, value: Any) -> Any:
    """A value in a kind; ValueError where it has none. Unknown values stay."""
    if isinstance(value, Unknown) or value is None:
        return value
    if kind is Kind.TEXTS:
        return [coerce(Kind.TEXT, item) for item in _of(list, value)]
    if kind is Kind.MAP:
        return {name: coerce(Kind.TEXT, item) for name, item in _of(dict, value).items()}
    if kind is Kind.DOCUMENT:
        return _document(value)
    if kind is Kind.TEXT:
        return _text(value)
    if kind is Kind.FLAG:
        return _flag(value)
    if kind in (Kind.WHOLE, Kind.NUMBER):
        return _number(kind, value)
    return _of(dict if kind is Kind.OBJECT else list, value)


def _of(type_: type, value: Any) -> Any:
    if not isinstance(value, type_):
        raise _WrongKindError
    return value


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (str, int, float)):
        return str(value)
    # The other two are of AWS's answers.
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    if isinstance(value, bytes):
        return value.decode()
    raise _WrongKindError


def _flag(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    raise _WrongKindError


def _number(kind: Kind, value: Any) -> int | float:
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise _WrongKindError
    try:
        read = float(value)
    except ValueError:
        raise _WrongKindError from None
    if read.is_integer():
        return int(read)
    if kind is Kind.WHOLE:
        raise _WrongKindError
    return read


def _document(value: Any) -> Any:
    if isinstance(value, str):
        return value
    if isinstance(value, (Mapping, list)) and not has_unknown(value):
        return json.dumps(value)
    raise _WrongKindError
