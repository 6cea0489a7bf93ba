"""What differs between a resource's inputs before and after, path by path."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from moyai.provider.properties import Properties
from moyai.provider.resources import Resource

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")


@dataclass(frozen=True, slots=True)
class Difference:
    """One changed place."""

    path: str
    """As Pulumi writes property paths: `tags["moyai:tenant"]`, `rules[0].status`."""
    property: str
    """The property that it is in."""
    kind: Literal["ADD", "UPDATE", "DELETE"]
    replaces: bool


def differences(kind: Resource, old: Properties, new: Properties) -> list[Difference]:
    """All of them, in the order of properties' names."""
    found: list[Difference] = []
    for name in sorted(old.keys() | new.keys()):
        if name.startswith("__") or (name in kind.chosen and name not in new):
            continue
        before = kind.normal(name, old.get(name))
        after = kind.normal(name, new.get(name))
        for path, change in _changes(name, before, after):
            found.append(Difference(path, name, change, name in kind.replace_on))
    return found


def _changes(
    path: str, old: Any, new: Any
) -> Iterator[tuple[str, Literal["ADD", "UPDATE", "DELETE"]]]:
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in sorted(old.keys() | new.keys()):
            yield from _changes(_join(path, key), old.get(key), new.get(key))
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for number, (before, after) in enumerate(zip(old, new, strict=True)):
            yield from _changes(f"{path}[{number}]", before, after)
    elif old != new:
        yield path, "ADD" if old is None else "DELETE" if new is None else "UPDATE"


def _join(path: str, key: str) -> str:
    if _PLAIN.match(key):
        return f"{path}.{key}"
    quoted = key.replace("\\", "\\\\").replace('"', '\\"')
    return f'{path}["{quoted}"]'
