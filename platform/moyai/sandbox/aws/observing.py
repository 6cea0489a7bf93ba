"""What counts as a difference, and a live value in the words that a program used for it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from moyai.provider.properties import Properties, Unknown
from moyai.sandbox.aws.fields import Field, Kind, Shape

_EMPTY = (Kind.TEXT, Kind.TEXTS, Kind.MAP, Kind.OBJECTS)
"""Kinds whose empty value is the same as none. An empty object is not: WAF's `allow: {}`."""


def canonical(field: Field, value: Any) -> Any:
    """A value in a form in which equal things are equal; None for what AWS has anyway.

    Sets become tuples, documents a text of sorted JSON.
    """
    if isinstance(value, Unknown):
        return value
    if value is None or value == field.default or (field.kind in _EMPTY and not value):
        return None
    if field.normal is not None:
        return field.normal(value)
    if field.kind is Kind.DOCUMENT:
        return _sorted_json(value)
    if field.kind is Kind.OBJECT and isinstance(value, Mapping):
        found = _object(field.of or {}, value)
        return None if found == field.default else found
    if field.kind is Kind.OBJECTS and isinstance(value, list):
        items = [
            _object(field.of or {}, item) if isinstance(item, Mapping) else item for item in value
        ]
        return _as_set(items) if field.is_set else items
    if field.kind is Kind.TEXTS and field.is_set and isinstance(value, list):
        return _as_set(value)
    return value


def _object(shape: Shape, value: Mapping[str, Any]) -> dict[str, Any]:
    found = {
        name: canonical(shape[name], item) if name in shape else item
        for name, item in value.items()
    }
    return {name: item for name, item in found.items() if item is not None}


def _as_set(items: list[Any]) -> tuple[Any, ...]:
    return tuple(sorted(items, key=_key))


def _key(item: Any) -> str:
    return json.dumps(item, sort_keys=True, default=str)


def _sorted_json(value: Any) -> Any:
    try:
        read = json.loads(value) if isinstance(value, str) else value
    except json.JSONDecodeError:
        return value
    return json.dumps(read, sort_keys=True, default=str)


def observe_all(shape: Shape, known: Mapping[str, Any], live: Mapping[str, Any]) -> Properties:
    """Inputs as they are live, in the words of the known ones.

    What AWS does not tell stays as it is known. What the program does not say is there only where
    it is neither what AWS has anyway nor AWS's own choice: then somebody else set it.
    """
    found: Properties = {}
    for name, field in shape.items():
        if not field.kept or (name not in live and field.api == ""):
            value = known.get(name)
        elif name in known:
            value = observe(field, known[name], live.get(name))
        elif field.chosen:
            value = None
        else:
            value = without_defaults(field, live.get(name))
        if value is not None:
            found[name] = value
    return found


def observe(field: Field, known: Any, live: Any) -> Any:
    """A live value: the known one itself, where it is the same; None where it is not set."""
    if canonical(field, known) == canonical(field, live):
        return known
    if live is None:
        return None
    seen = live
    if field.kind is Kind.OBJECT and isinstance(known, Mapping):
        seen = observe_all(field.of or {}, known, live)
    elif field.kind is Kind.OBJECTS and isinstance(known, list):
        seen = _items(field, known, live)
    return known if canonical(field, known) == canonical(field, seen) else seen


def _items(field: Field, known: list[Any], live: list[Any]) -> list[Any]:
    shape = field.of or {}
    left = list(live)
    found: list[Any] = []
    if field.is_set:
        for item in known:
            same = next((one for one in left if _is_same(field, item, one)), None)
            if same is not None:
                left.remove(same)
                found.append(item)
        return found + [without_defaults(_single(field), one) for one in left]
    for number, one in enumerate(live):
        item = known[number] if number < len(known) else {}
        found.append(observe_all(shape, item, one))
    return found


def _is_same(field: Field, known: Any, live: Any) -> bool:
    seen = observe_all(field.of or {}, known, live)
    return bool(canonical(_single(field), seen) == canonical(_single(field), known))


def _single(field: Field) -> Field:
    return Field(Kind.OBJECT, of=field.of)


def without_defaults(field: Field, live: Any) -> Any:
    """A live value without what AWS has or chooses anyway; None where nothing is left."""
    if canonical(field, live) is None:
        return None
    if field.kind is Kind.OBJECT:
        return observe_all(field.of or {}, {}, live)
    if field.kind is Kind.OBJECTS:
        return [observe_all(field.of or {}, {}, one) for one in live]
    return live
