"""Property values between Pulumi's wire form (protobuf structs) and plain Python.

Secrets come wrapped. They are unwrapped for the handlers, while their places are remembered, so
that answers wrap the same places again and messages can be cleared of their words.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from google.protobuf.struct_pb2 import NullValue, Struct, Value

Property = Any
"""JSON's own types, with `UNKNOWN` anywhere inside; mypy cannot say that of recursive unions well."""
Properties = dict[str, Property]
Secrets = dict[str, "Secrets | None"]
"""Places of secrets: property → places inside it, or None where all of it is one. A list with a
secret inside is one as a whole, as services give lists back in another order."""

_UNKNOWN: Final = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""What stands on the wire for a value that is not known before the update (sdk/go/common/resource)."""
_SIGNATURE: Final = "4dabf18193072939515e22adb298388d"
_IS_SECRET: Final = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105  # a mark of the protocol
HIDDEN: Final = "[secret]"


class Unknown:
    """A value that only the update will know."""

    _instance: Unknown | None = None

    def __new__(cls) -> Unknown:
        """There is one."""
        if cls._instance is None:
            cls._instance = super().__new__(cls)
        return cls._instance

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN: Final = Unknown()


def from_struct(struct: Struct) -> Properties:
    """A struct as a dict, secrets unwrapped; nulls are left out: they are the same as not said."""
    return _read_fields(struct, {})


def read_struct(struct: Struct) -> tuple[Properties, Secrets]:
    """A struct as a dict, and where in it secrets are."""
    places: Secrets = {}
    return _read_fields(struct, places), places


def _read_fields(struct: Struct, places: Secrets) -> Properties:
    found: Properties = {}
    for key, value in struct.fields.items():
        kind = value.WhichOneof("kind")
        if kind == "string_value":
            words = value.string_value
            found[key] = UNKNOWN if words == _UNKNOWN else words
        elif kind is not None and kind != "null_value":
            inner: Secrets = {}
            found[key], is_secret = _read_value(value, kind, inner)
            if is_secret:
                places[key] = None
            elif inner:
                places[key] = inner
    return found


def _read_value(value: Value, kind: str, places: Secrets) -> tuple[Property, bool]:
    """A value, and whether all of it is a secret; places of secrets inside go into `places`."""
    if kind == "string_value":
        words = value.string_value
        return (UNKNOWN if words == _UNKNOWN else words), False
    if kind == "bool_value":
        return bool(value.bool_value), False
    if kind == "number_value":
        number = value.number_value
        return (int(number) if number.is_integer() else number), False
    if kind == "struct_value":
        fields = value.struct_value.fields
        if _SIGNATURE in fields and fields[_SIGNATURE].string_value == _IS_SECRET:
            wrapped = fields["value"]
            return _read_value(wrapped, wrapped.WhichOneof("kind") or "null_value", {})[0], True
        return _read_fields(value.struct_value, places), False
    if kind == "list_value":
        items, any_secret = [], False
        for item in value.list_value.values:
            inner: Secrets = {}
            read, is_secret = _read_value(item, item.WhichOneof("kind") or "null_value", inner)
            items.append(read)
            any_secret = any_secret or is_secret or bool(inner)
        return items, any_secret
    return None, False


def to_struct(properties: Mapping[str, Property], secrets: Secrets | None = None) -> Struct:
    """A dict as a struct; what `secrets` names is wrapped."""
    struct = Struct()
    _write_fields(struct, properties, secrets or {})
    return struct


def _write_fields(struct: Struct, properties: Mapping[str, Property], secrets: Secrets) -> None:
    fields = struct.fields
    for key, item in properties.items():
        value = fields[key]
        if key not in secrets:
            _write(value, item, {})
            continue
        inner = secrets[key]
        if inner is not None and isinstance(item, Mapping):
            _write(value, item, inner)
        else:
            wrapper = value.struct_value.fields
            wrapper[_SIGNATURE].string_value = _IS_SECRET
            _write(wrapper["value"], item, {})


def _write(value: Value, item: Property, secrets: Secrets) -> None:
    if isinstance(item, str):
        value.string_value = item
    elif isinstance(item, bool):
        value.bool_value = item
    elif isinstance(item, (int, float)):
        value.number_value = item
    elif isinstance(item, Unknown):
        value.string_value = _UNKNOWN
    elif item is None:
        value.null_value = NullValue.NULL_VALUE
    elif isinstance(item, Mapping):
        value.struct_value.SetInParent()
        _write_fields(value.struct_value, item, secrets)
    else:
        value.list_value.SetInParent()
        for one in item:
            _write(value.list_value.values.add(), one, {})


def has_unknown(item: Property) -> bool:
    """Whether any part of a value is not known yet."""
    if isinstance(item, Unknown):
        return True
    if isinstance(item, Mapping):
        return any(has_unknown(one) for one in item.values())
    if isinstance(item, (list, tuple)):
        return any(has_unknown(one) for one in item)
    return False


def secret_words(properties: Mapping[str, Property], secrets: Secrets) -> set[str]:
    """The words at the places of secrets."""
    found: set[str] = set()
    for key, inner in secrets.items():
        item = properties.get(key)
        if inner is not None and isinstance(item, Mapping):
            found |= secret_words(item, inner)
        else:
            found |= {words for words in _words(item) if words}
    return found


def cover(properties: Mapping[str, Property], secrets: Secrets, words: Iterable[str]) -> Secrets:
    """Places of secrets in an answer: the same as asked, and whatever repeats a secret's words.

    A tag that is a secret, for instance, stands in `tagsAll` once more.
    """
    places = dict(secrets)
    known = [one for one in words if len(one) >= _TELLING]
    if known:
        for name, item in properties.items():
            if name not in places and any(one in said for said in _words(item) for one in known):
                places[name] = None
    return places


_TELLING: Final = 4
"""Signs from which on words are looked for in other values: shorter ones are in too many."""


def without_secrets(message: str, words: Iterable[str]) -> str:
    """A message with every secret's words, as they are or as JSON writes them, taken out."""
    forms = {form for one in words for form in (one, json.dumps(one)[1:-1])}
    for form in sorted(forms, key=len, reverse=True):
        message = message.replace(form, HIDDEN)
    return message


def _words(item: Property) -> Iterator[str]:
    if isinstance(item, str):
        yield item
    elif isinstance(item, bool) or item is None:
        return
    elif isinstance(item, (int, float)):
        yield str(item)
    elif isinstance(item, Mapping):
        for one in item.values():
            yield from _words(one)
    elif isinstance(item, Sequence):
        for one in item:
            yield from _words(one)
