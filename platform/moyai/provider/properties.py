"""Property values between Pulumi's wire form (protobuf structs) and plain Python.

The plugin tells the engine that it takes no secrets: the engine then hands inputs over unwrapped and
marks outputs of secret inputs itself, so that nothing here has to tell them apart.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from google.protobuf.struct_pb2 import ListValue, NullValue, Struct, Value

Property = Any
"""JSON's own types, with `UNKNOWN` anywhere inside; mypy cannot say that of recursive unions well."""
Properties = dict[str, Property]

_UNKNOWN: Final = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""What stands on the wire for a value that is not known before the update (sdk/go/common/resource)."""


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
    """A struct as a dict; nulls are left out, as they are the same as not said."""
    return {
        key: _from_value(value)
        for key, value in struct.fields.items()
        if value.WhichOneof("kind") != "null_value"
    }


def _from_value(value: Value) -> Property:
    kind = value.WhichOneof("kind")
    if kind == "string_value":
        words = value.string_value
        return UNKNOWN if words == _UNKNOWN else words
    if kind == "number_value":
        number = value.number_value
        return int(number) if number.is_integer() else number
    if kind == "bool_value":
        return bool(value.bool_value)
    if kind == "struct_value":
        return from_struct(value.struct_value)
    if kind == "list_value":
        return [_from_value(item) for item in value.list_value.values]
    return None


def to_struct(properties: Mapping[str, Property]) -> Struct:
    """A dict as a struct."""
    struct = Struct()
    for key, item in properties.items():
        struct.fields[key].CopyFrom(_to_value(item))
    return struct


def _to_value(item: Property) -> Value:
    if isinstance(item, Unknown):
        return Value(string_value=_UNKNOWN)
    if item is None:
        return Value(null_value=NullValue.NULL_VALUE)
    if isinstance(item, bool):
        return Value(bool_value=item)
    if isinstance(item, (int, float)):
        return Value(number_value=item)
    if isinstance(item, str):
        return Value(string_value=item)
    if isinstance(item, Mapping):
        return Value(struct_value=to_struct(item))
    return Value(list_value=ListValue(values=[_to_value(one) for one in item]))


def has_unknown(item: Property) -> bool:
    """Whether any part of a value is not known yet."""
    if isinstance(item, Unknown):
        return True
    if isinstance(item, Mapping):
        return any(has_unknown(one) for one in item.values())
    if isinstance(item, list):
        return any(has_unknown(one) for one in item)
    return False
