"""Putting a body's entry into the text of tenants.yaml; every other character stays.

The text is edited, not written anew from its values: no writer of YAML keeps every comment, quotation
mark and column. Where the entry goes is read from libyaml's marks.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

import yaml

from moyai.registry.yaml_text import compose

Entry = Mapping[str, object]
"""Scalars, dates, mappings of scalars, and lists of scalars or of such mappings."""

KEY = "tenants"

_PLAIN = re.compile(
    r"[^\W\d_][^\s,\[\]{}#&*!|>'\"%@`:?=]*(?: [^\W\d_][^\s,\[\]{}#&*!|>'\"%@`:?=]*)*\Z"
)
_ADDRESS = re.compile(r"[0-9]+(?:\.[0-9]+){3}/[0-9]+\Z")
_EMAIL = re.compile(r"[A-Za-z][\w.+-]*@[\w.-]+\Z", re.ASCII)
_OTHER_MEANINGS = frozenset({"null", "true", "false", "yes", "no", "on", "off", "y", "n"})


class CannotPlace(Exception):
    """The list of bodies is written in a way that the text cannot be edited in."""


@dataclass(frozen=True, slots=True)
class _Spot:
    """Where the list is, in characters from the beginning."""

    in_brackets: bool
    empty: bool
    start: int
    end: int
    """Behind the last character of the list."""
    dash: int
    """Column of the items' dashes."""
    key: int
    """Column of the items' keys."""


def with_entry(text: str, entry: Entry) -> tuple[str, tuple[str, ...]]:
    """The text with an entry behind the last body, and the lines that are new.

    Raises `CannotPlace`, or `UnreadableYaml` for a text that is no YAML.
    """
    spot = _find(text)
    if spot.in_brackets and not spot.empty:
        return _into_brackets(text, spot, entry)
    ending = "\r\n" if "\r\n" in text else "\n"
    lines = tuple(_block(entry, spot))
    start = spot.end
    if spot.in_brackets:  # `[]` goes, whatever stands behind it on its line stays
        text = text[: spot.start].rstrip(" ") + text[spot.end :]
        start = len(text[: spot.start].rstrip(" "))
    at = behind_line(text, start)
    before = text[:at] if text[:at].endswith("\n") else text[:at] + ending
    return before + "".join(line + ending for line in lines) + text[at:], lines


def _find(text: str) -> _Spot:
    root = compose(text.encode())
    if not isinstance(root, yaml.MappingNode):
        raise CannotPlace
    entries: list[tuple[yaml.Node, yaml.Node]] = root.value
    index = next((i for i, (key, _) in enumerate(entries) if key.value == KEY), None)
    if index is None:
        raise CannotPlace
    key, node = entries[index]
    start = node.start_mark.index
    if not isinstance(node, yaml.SequenceNode) or start < key.end_mark.index or root.flow_style:
        raise CannotPlace  # an alias, or everything in braces
    if node.flow_style:
        return _Spot(True, not node.value, start, node.end_mark.index, 2, 4)
    dash = node.start_mark.column
    first = node.value[0].start_mark
    near = first.line == node.start_mark.line and first.column > dash
    after = entries[index + 1][0].start_mark.index if index + 1 < len(entries) else len(text)
    last_item = node.value[-1].start_mark.index  # of an alias, its anchor's, which may be anywhere
    from_line = text.rfind("\n", 0, last_item if start <= last_item < after else start) + 1
    return _Spot(
        False,
        False,
        start,
        last_sign(text, from_line, after),
        dash,
        first.column if near else dash + 2,
    )


def last_sign(text: str, start: int, after: int) -> int:
    """Behind the last character of a part that is neither blank nor comment."""
    part = text[start:after]
    last = 0
    for token in yaml.scan(part, Loader=yaml.CSafeLoader):
        if token.end_mark.index > token.start_mark.index:
            last = token.end_mark.index
    return start + len(part[:last].rstrip())


def behind_line(text: str, index: int) -> int:
    """Behind the line break of the line in which a character stands; the end, where there is none."""
    found = text.find("\n", index)
    return len(text) if found < 0 else found + 1


def _into_brackets(text: str, spot: _Spot, entry: Entry) -> tuple[str, tuple[str, ...]]:
    closing = spot.end - 1
    last = last_sign(text, spot.start, closing)
    comma = "" if text[last - 1] == "," else ", "
    words = flow(entry)
    return text[:closing] + comma + words + text[closing:], (words,)


def _block(entry: Entry, spot: _Spot) -> Iterator[str]:
    margin = " " * spot.key
    lead = " " * spot.dash + "-" + " " * (spot.key - spot.dash - 1)
    for name, value in entry.items():
        if isinstance(value, list) and value and isinstance(value[0], Mapping):
            yield f"{lead}{name}:"
            for item in value:
                yield f"{margin}  - {flow(item)}"
        else:
            yield f"{lead}{name}: {flow(value)}"
        lead = margin


def flow(value: object) -> str:
    """A value on one line."""
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{name}: {flow(item)}" for name, item in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(flow, value)) + "]"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, date)):
        return str(value)
    return _word(str(value))


def _word(words: str) -> str:
    """A word as it is where YAML's versions all read it as itself, else in double quotes."""
    if words.casefold() not in _OTHER_MEANINGS and any(
        pattern.match(words) for pattern in (_PLAIN, _ADDRESS, _EMAIL)
    ):
        return words
    return json.dumps(words, ensure_ascii=False)
