"""Declared properties to AWS's parameters, and AWS's answers back to properties."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from moyai.provider.properties import Properties
from moyai.sandbox.aws.checking import coerce
from moyai.sandbox.aws.fields import Field, Kind, Shape, Spelling
from moyai.sandbox.aws.tagging import pairs, unpaired


def to_api(shape: Shape, values: Mapping[str, Any], spell: Spelling) -> dict[str, Any]:
    """Parameters of an AWS call, of all values that have a name there."""
    found = {}
    for name, value in values.items():
        field = shape.get(name)
        if field is None or field.api == "" or value is None:
            continue
        found[field.api or spell.write(name)] = _to(field, value, spell)
    return found


def _to(field: Field, value: Any, spell: Spelling) -> Any:
    if field.kind is Kind.OBJECT:
        return to_api(field.of or {}, value, spell)
    if field.kind is Kind.OBJECTS:
        return [to_api(field.of or {}, item, spell) for item in value]
    if field.pairs is not None:
        return pairs(value, *field.pairs)
    return value


def from_api(shape: Shape, answer: Mapping[str, Any], spell: Spelling) -> Properties:
    """All properties that an answer tells, in their declared kinds."""
    found: Properties = {}
    for name, field in shape.items():
        if field.api == "" or not field.kept:
            continue
        value = answer.get(field.api or spell.write(name))
        if value is not None:
            found[name] = _from(field, value, spell)
    return found


def _from(field: Field, value: Any, spell: Spelling) -> Any:
    if field.kind is Kind.OBJECT:
        return from_api(field.of or {}, value, spell)
    if field.kind is Kind.OBJECTS:
        return [from_api(field.of or {}, item, spell) for item in value]
    if field.kind is Kind.DOCUMENT:
        # botocore hands policies over decoded or not, depending on the call.
        return unquote(value) if isinstance(value, str) and value[:1] == "%" else _json(value)
    if field.pairs is not None:
        return unpaired(value, *field.pairs)
    return coerce(field.kind, value)


def _json(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
