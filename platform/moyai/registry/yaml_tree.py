"""A file's plain values, with the place of each of them.

Scalars follow YAML 1.2's sense rather than 1.1's: `no` is a word, `22:00` a word, `011002` a word
(municipality codes begin with zeros). Anchors and merge keys are honoured. Doubled keys, odd keys and
tags are flaws: each is reported, the rest of the file is still read. Recursion and alias bombs end
the reading.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import yaml

from moyai.registry.paths import Path
from moyai.registry.yaml_text import (
    MAP,
    SEQ,
    STR,
    Place,
    UnreadableYaml,
    compose,
    place_of,
)
from moyai.texts import Text

__all__ = ["Flaw", "Path", "Place", "Tree", "UnreadableYaml", "read"]

MAX_VALUES = 1_000_000
"""Values after aliases are written out: 1,741 bodies have about 90,000."""

_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]{0,17})\Z")
_FLOAT = re.compile(r"[-+]?(0|[1-9][0-9]{0,17})\.[0-9]{1,18}\Z")
_WORDS: dict[str, bool | None] = {
    "": None,
    "~": None,
    "null": None,
    "Null": None,
    "NULL": None,
    "true": True,
    "True": True,
    "TRUE": True,
    "false": False,
    "False": False,
    "FALSE": False,
}
_EXACT_DIGITS = 15
"""Significant digits that a floating-point number keeps; a number of more stays a word."""
_NUMBER_STARTS = frozenset("0123456789+-")
_TAGS = frozenset({STR, MAP, SEQ})


@dataclass(frozen=True, slots=True)
class Flaw:
    """Something that is readable but not allowed, where it stands."""

    place: Place
    reason: Text


@dataclass(frozen=True, slots=True)
class Tree:
    """A document: its plain value, its flaws, and the way back from a path to its place."""

    value: object
    root: yaml.Node
    flaws: tuple[Flaw, ...]

    def place(self, path: Sequence[str | int]) -> Place:
        """Where the value at a path stands, or the nearest one above it that exists."""
        node = self.root
        for step in path:
            entry = _entry(node, step)
            if entry is None:
                break
            node = entry[1]
        return place_of(node)

    def key_place(self, path: Sequence[str | int]) -> Place:
        """Where the key of a mapping's entry stands; for other paths, where the value stands."""
        parent = self.root
        for step in path[:-1]:
            below = _entry(parent, step)
            if below is None:
                return place_of(parent)
            parent = below[1]
        entry = _entry(parent, path[-1]) if path else None
        return place_of(parent if entry is None else entry[0])

    def is_plain(self, path: Sequence[str | int]) -> bool:
        """Whether the value at a path is a word written without quotes."""
        node = self.root
        for step in path:
            entry = _entry(node, step)
            if entry is None:
                return False
            node = entry[1]
        return isinstance(node, yaml.ScalarNode) and not node.style


def read(content: bytes) -> Tree:
    """Parse one document. Raises `UnreadableYaml` for whatever is not a plain, finite document."""
    root = compose(content)
    builder = _Builder()
    return Tree(builder.build(root), root, tuple(builder.flaws))


class _Builder:
    """Turns nodes into plain values, once for each node however often it is aliased."""

    def __init__(self) -> None:
        self.flaws: list[Flaw] = []
        self._built: dict[int, tuple[object, int]] = {}
        self._open: set[int] = set()

    def build(self, root: yaml.Node) -> object:
        return self._build(root)[0]

    def _build(self, node: yaml.Node) -> tuple[object, int]:
        """The value, and how many values it stands for with its aliases written out."""
        if isinstance(node, yaml.ScalarNode):
            if node.tag != STR:
                self._refuse_tag(node)
            return (node.value if node.style else _scalar(node.value)), 1
        key = id(node)
        known = self._built.get(key)
        if known is not None:
            return known
        if key in self._open:
            raise UnreadableYaml(
                place_of(node),
                Text("アンカーが自分自身を含んでいます", "an anchor that contains itself"),
            )
        if node.tag not in _TAGS:
            self._refuse_tag(node)
        self._open.add(key)
        built = self._list(node) if isinstance(node, yaml.SequenceNode) else self._map(node)
        self._open.discard(key)
        if built[1] > MAX_VALUES:
            raise UnreadableYaml(
                place_of(node),
                Text("別名を展開すると大きくなりすぎます", "its aliases expand beyond all measure"),
            )
        self._built[key] = built
        return built

    def _list(self, node: yaml.Node) -> tuple[object, int]:
        items: list[object] = []
        size = 1
        for child in node.value:
            value, count = self._build(child)
            items.append(value)
            size += count
        return items, size

    def _map(self, node: yaml.Node) -> tuple[object, int]:
        own: dict[str, object] = {}
        merged: dict[str, object] = {}
        size = 1
        for key_node, value_node in node.value:
            value, count = self._build(value_node)
            size += count
            if not isinstance(key_node, yaml.ScalarNode):
                self._flaw(key_node, Text("キーは文字列です", "a key has to be a word"))
            elif _is_merge(key_node):
                merged = {**self._merge(value, value_node), **merged}
            elif key_node.value in own:
                self._flaw(key_node, _twice(key_node.value))
            else:
                own[key_node.value] = value
        return ({**merged, **own} if merged else own), size

    def _merge(self, value: object, node: yaml.Node) -> dict[str, object]:
        """What a merge key brings: a mapping, or a list of them where the first wins."""
        found: dict[str, object] = {}
        for source in reversed(value if isinstance(value, list) else [value]):
            if isinstance(source, dict):
                found |= source
            else:
                self._flaw(
                    node,
                    Text(
                        "<< にはキーと値の組（の別名）が要ります",
                        "<< takes keys and values, or a list of such",
                    ),
                )
        return found

    def _refuse_tag(self, node: yaml.Node) -> None:
        self._flaw(
            node,
            Text(f"タグ {node.tag} は使えません", f"the tag {node.tag} is not allowed"),
        )

    def _flaw(self, node: yaml.Node, reason: Text) -> None:
        self.flaws.append(Flaw(place_of(node), reason))


def _twice(key: str) -> Text:
    return Text(f"キー「{key}」が二度あります", f"the key '{key}' is there twice")


def _is_merge(node: yaml.Node) -> bool:
    return isinstance(node, yaml.ScalarNode) and node.value == "<<" and not node.style


def _scalar(words: str) -> object:
    if words in _WORDS:
        return _WORDS[words]
    if words[0] in _NUMBER_STARTS:
        if _INTEGER.match(words):
            return int(words)
        if _FLOAT.match(words) and len(words.lstrip("+-0.").replace(".", "")) <= _EXACT_DIGITS:
            return float(words)
    return words


def _entry(node: yaml.Node, step: str | int) -> tuple[yaml.Node, yaml.Node] | None:
    """The key's and the value's node of one step; both the value's in a list."""
    if isinstance(node, yaml.SequenceNode):
        items: list[yaml.Node] = node.value
        if isinstance(step, int) and 0 <= step < len(items):
            return items[step], items[step]
        return None
    if not isinstance(node, yaml.MappingNode):
        return None
    merges: list[yaml.Node] = []
    entries: list[tuple[yaml.Node, yaml.Node]] = node.value
    for key, value in entries:
        if _is_merge(key):
            merges += value.value if isinstance(value, yaml.SequenceNode) else [value]
        elif isinstance(key, yaml.ScalarNode) and key.value == step:
            return key, value
    return next((found for merge in merges if (found := _entry(merge, step)) is not None), None)
