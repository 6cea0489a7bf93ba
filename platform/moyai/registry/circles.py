"""Circles among things that lead to one another. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping


def circle(ways: Mapping[str, Iterable[str]]) -> list[str] | None:
    """The names of a circle, its first name at its end too; None: there is none."""
    done: set[str] = set()
    for start in ways:
        found = _walk(start, ways, [], done)
        if found is not None:
            return found
    return None


def _walk(
    name: str, ways: Mapping[str, Iterable[str]], way: list[str], done: set[str]
) -> list[str] | None:
    if name in way:
        return [*way[way.index(name) :], name]
    if name in done:
        return None
    way.append(name)
    for following in ways.get(name, ()):
        found = _walk(following, ways, way, done)
        if found is not None:
            return found
    way.pop()
    done.add(name)
    return None
