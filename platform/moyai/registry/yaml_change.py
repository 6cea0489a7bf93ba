"""One value of a YAML text changed, put in or taken out; every other character stays.

As `yaml_edit`, the text is edited where libyaml's marks say that the value is. What was written over
several lines becomes one line where it is replaced.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import yaml

from moyai.registry.paths import Path
from moyai.registry.yaml_edit import CannotPlace, behind_line, flow, last_sign
from moyai.registry.yaml_text import compose

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")


@dataclass(frozen=True, slots=True)
class _Entry:
    """One entry of a mapping, in characters from the text's beginning."""

    start: int
    """Of its key."""
    end: int
    """Behind the last character of its value."""
    key: str
    value: yaml.Node


def with_value(text: str, path: Path, value: object) -> str:
    """The text with a value at a path, whose last parts may not be there yet: they become mappings.

    Raises `CannotPlace` where the text cannot be edited there: an alias, a merge key.
    """
    node, found = _deepest(text, path)
    if len(found) == len(path):
        entry = found[-1]
        if entry is None:
            raise CannotPlace  # an item of a list
        return text[: entry.start] + _line(entry.key, value) + text[entry.end :]
    rest = path[len(found) :]
    for step in reversed(rest[1:]):
        value = {str(step): value}
    if not isinstance(node, yaml.MappingNode) or not isinstance(rest[0], str):
        raise CannotPlace
    return _with_entry(text, node, _line(rest[0], value))


def without(text: str, path: Path) -> str:
    """The text without the entry at a path; as it is where there is none. Raises `CannotPlace`."""
    node, found = _deepest(text, path[:-1])
    if len(found) < len(path) - 1:
        return text
    if not isinstance(node, yaml.MappingNode):
        raise CannotPlace
    entries = _entries(text, node)
    index = next((i for i, one in enumerate(entries) if one.key == path[-1]), None)
    if index is None:
        return text
    if len(entries) == 1:
        raise CannotPlace  # an empty mapping is written otherwise
    entry = entries[index]
    if node.flow_style:
        last = index == len(entries) - 1
        begin = entries[index - 1].end if last else entry.start
        return text[:begin] + text[entry.end if last else entries[index + 1].start :]
    line = text.rfind("\n", 0, entry.start) + 1
    if text[line : entry.start].strip():
        raise CannotPlace  # behind a list's dash
    return text[:line] + text[behind_line(text, entry.end) :]


def _deepest(text: str, path: Path) -> tuple[yaml.Node, list[_Entry | None]]:
    """How far a path leads: the last node, and each step's entry; None for a list's item."""
    node: yaml.Node = compose(text.encode())
    found: list[_Entry | None] = []
    for step in path:
        if isinstance(node, yaml.MappingNode) and isinstance(step, str):
            entry = next((one for one in _entries(text, node) if one.key == step), None)
            if entry is None:
                break
            found.append(entry)
            node = entry.value
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int):
            if step >= len(node.value):
                break
            found.append(None)
            node = node.value[step]
        else:
            break
    return node, found


def _entries(text: str, node: yaml.MappingNode) -> Sequence[_Entry]:
    entries = []
    for key, value in node.value:
        start, end = value.start_mark.index, value.end_mark.index
        if start < key.end_mark.index or key.value == "<<":
            raise CannotPlace  # an alias: its marks are where its anchor is
        if isinstance(value, yaml.CollectionNode) and not value.flow_style:
            # libyaml ends a block where the next thing begins, behind blanks and comments.
            line = text.rfind("\n", 0, start) + 1
            end = line + last_sign(text[line:end], 0, end - line)
        entries.append(_Entry(key.start_mark.index, max(end, key.end_mark.index), key.value, value))
    return entries


def _with_entry(text: str, node: yaml.MappingNode, line: str) -> str:
    entries = _entries(text, node)
    if not entries:
        raise CannotPlace
    last = entries[-1]
    if node.flow_style:
        return f"{text[: last.end]}, {line}{text[last.end :]}"
    column = " " * node.start_mark.column
    ending = "\r\n" if "\r\n" in text else "\n"
    at = behind_line(text, last.end)
    before = text[:at] if text[:at].endswith("\n") else text[:at] + ending
    return f"{before}{column}{line}{ending}{text[at:]}"


def _line(key: str, value: object) -> str:
    return f"{key}: {_written(value)}"


def _written(value: object) -> str:
    """On one line; days and exact numbers as they are."""
    if isinstance(value, dict):
        return "{ " + ", ".join(_line(name, one) for name, one in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(_written, value)) + "]"
    if isinstance(value, float) or (isinstance(value, str) and _DAY.match(value)):
        return str(value)
    return "null" if value is None else flow(value)
