"""Whether a plan's values are of the types that its fields say: what is on record may be anybody's. Pure."""

from __future__ import annotations

import types
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime, time
from functools import cache
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

MOST = 999_999_999
"""No number of a plan is larger: 31 years, where it is of seconds."""


def check_types(value: object, wanted: object, where: str = "plan") -> None:
    """Raises ValueError, which names the field, where a value is not of the type that is wanted.

    Numbers are whole, from 0 to `MOST`; moments have a time zone. JSON values are taken as they are: each
    kind reads its own parameters.
    """
    origin = get_origin(wanted)
    if origin is Union or origin is types.UnionType:
        options = [one for one in get_args(wanted) if (one is type(None)) is (value is None)]
        _require(len(options) == 1, where)
        if value is None:
            return
        wanted = options[0]
        origin = get_origin(wanted)
    if origin is tuple:
        _require(type(value) is tuple, where)
        assert isinstance(value, tuple)
        for at, one in enumerate(value):
            check_types(one, get_args(wanted)[0], f"{where}[{at}]")
    elif origin is Literal:
        _require(value in get_args(wanted), where)
    elif isinstance(wanted, type) and is_dataclass(wanted):
        _require(type(value) is wanted, where)
        for name, one in _hints(wanted).items():
            check_types(getattr(value, name), one, f"{where}.{name}")
    elif origin is not None:  # parameters
        _require(isinstance(value, Mapping), where)
    else:
        _require(_is_plain(value, wanted), where)


@cache
def _hints(of: type[Any]) -> Mapping[str, object]:
    hints = get_type_hints(of)
    return {field.name: hints[field.name] for field in fields(of)}


def _is_plain(value: object, wanted: object) -> bool:
    if type(value) is not wanted or wanted not in (str, int, bool, date, datetime, time):
        return False
    if isinstance(value, datetime):
        return value.utcoffset() is not None
    return type(value) is not int or 0 <= value <= MOST


def _require(holds: bool, where: str) -> None:
    if not holds:
        raise ValueError(f"no plan: {where} is not what it has to be")
