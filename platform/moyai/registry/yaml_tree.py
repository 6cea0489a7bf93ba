"""Reading YAML into plain values, with the place of each of them; hostile files are refused.

libyaml composes the nodes, which carry line marks. Scalars follow YAML 1.2's sense rather than 1.1's:
`no` is a word, `22:00` a word, `011002` a word (municipality codes begin with zeros). Anchors and
merge keys are honoured; duplicate keys, foreign tags, recursion and alias bombs are not.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import yaml

from moyai.texts import Text

MAX_BYTES = 32 * 1024 * 1024
MAX_VALUES = 3_000_000
"""Values after aliases are written out: 1,741 bodies have about 150,000."""
MAX_NESTING = 100

Path = tuple[str | int, ...]

_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]{0,17})\Z")
_FLOAT = re.compile(r"[-+]?(0|[1-9][0-9]*)\.[0-9]+\Z")
_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_BOOLEANS = {"true": True, "True": True, "false": False, "False": False}
_CORE_TAGS = frozenset(
    f"tag:yaml.org,2002:{name}" for name in ("str", "map", "seq", "int", "bool", "float", "null")
)
_DEEP_LINE = re.compile(rf"^[ \t\-?]{{{2 * MAX_NESTING},}}", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Place:
    """A place in the file, both counted from 1."""

    line: int
    column: int


class UnreadableYaml(Exception):  # noqa: N818 - it is caught within this room and becomes a problem
    """The text is not YAML that Moyai reads; `place` says where."""

    def __init__(self, place: Place, reason: Text) -> None:
        super().__init__(reason.en)
        self.place = place
        self.reason = reason


class _Loader(yaml.CSafeLoader):
    """libyaml without YAML 1.1's guesses: every plain scalar stays the word it is."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012


@dataclass(frozen=True, slots=True)
class Tree:
    """A document: its plain value, and the way back from a path to its place."""

    value: object
    root: yaml.Node

    def place(self, path: Sequence[str | int]) -> Place:
        """Where the value at a path stands, or the nearest one above it that exists."""
        node = self.root
        for step in path:
            below = _child(node, step)
            if below is None:
                break
            node = below
        return _place(node)

    def key_place(self, path: Sequence[str | int]) -> Place:
        """Where the key of a mapping's entry stands; for other paths, where the value stands."""
        parent = self.root
        for step in path[:-1]:
            below = _child(parent, step)
            if below is None:
                return _place(parent)
            parent = below
        if isinstance(parent, yaml.MappingNode):
            for key, _ in parent.value:
                if key.value == path[-1]:
                    return _place(key)
        return self.place(path)


def read(content: bytes) -> Tree:
    """Parse one document. Raises `UnreadableYaml` for whatever is not a plain, finite document."""
    text = _decode(content)
    _refuse_deep(text)
    root = _compose(text)
    return Tree(_Builder().build(root), root)


def _decode(content: bytes) -> str:
    if len(content) > MAX_BYTES:
        raise UnreadableYaml(
            Place(1, 1),
            Text(
                f"ファイルが大きすぎます（{len(content):,} バイト、上限 {MAX_BYTES:,}）",
                f"the file is too large ({len(content):,} bytes, at most {MAX_BYTES:,})",
            ),
        )
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start]
        line = before.count(b"\n") + 1
        column = error.start - (before.rfind(b"\n") + 1) + 1
        raise UnreadableYaml(
            Place(line, column),
            Text(
                "UTF-8 ではありません（Shift_JIS で保存していませんか）",
                "this is not UTF-8 (was it saved as Shift_JIS?)",
            ),
        ) from None


def _refuse_deep(text: str) -> None:
    """libyaml's composer recurses in C, so depth has to be bounded before it starts."""
    found = _DEEP_LINE.search(text)
    if found is not None:
        raise _too_deep(text, found.start())
    depth = 0
    for bracket in re.finditer(r"[\[\]{}]", text):
        depth = depth + 1 if bracket.group() in "[{" else max(0, depth - 1)
        if depth > MAX_NESTING:
            raise _too_deep(text, bracket.start())


def _too_deep(text: str, offset: int) -> UnreadableYaml:
    line = text.count("\n", 0, offset) + 1
    return UnreadableYaml(
        Place(line, offset - (text.rfind("\n", 0, offset) + 1) + 1),
        Text("入れ子が深すぎます", "this is nested too deeply"),
    )


def _compose(text: str) -> yaml.Node:
    try:
        loader = _Loader(text)
        try:
            node = loader.get_single_node()
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = Place(1, 1) if mark is None else Place(mark.line + 1, mark.column + 1)
        raise UnreadableYaml(where, _explain(error)) from None
    except yaml.YAMLError as error:
        raise UnreadableYaml(
            Place(*_reader_place(text, error)),
            Text("YAML に使えない文字があります", "a character that YAML does not allow"),
        ) from None
    if node is None:
        raise UnreadableYaml(Place(1, 1), Text("ファイルが空です", "the file is empty"))
    return node


def _reader_place(text: str, error: yaml.YAMLError) -> tuple[int, int]:
    offset = getattr(error, "position", None)
    if not isinstance(offset, int):
        return (1, 1)
    before = text.encode()[:offset].decode(errors="replace")
    return (before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1)


_EXPLANATIONS = (
    ("found character that cannot start any token", "タブや、値の先頭に置けない文字があります"),
    ("could not find expected ':'", "「:」が足りません"),
    (
        "mapping values are not allowed",
        "ここに「:」は置けません（字下げか引用符を確かめてください）",
    ),
    ("did not find expected key", "キーがあるはずの場所です（字下げを確かめてください）"),
    (
        "did not find expected '-' indicator",
        "「-」があるはずの場所です（字下げを確かめてください）",
    ),
    ("found undefined alias", "その名前のアンカーはありません"),
    ("found duplicate anchor", "同じ名前のアンカーが二つあります"),
    ("found unexpected end of stream", "引用符や括弧が閉じていません"),
    ("did not find expected ',' or", "「,」か閉じ括弧が足りません"),
    ("but found another document", "文書が二つあります（--- は一つまで）"),
    ("found unexpected document indicator", "引用符の中で文書が終わっています"),
)


def _explain(error: yaml.MarkedYAMLError) -> Text:
    words = " ".join(part for part in (error.context, error.problem) if part)
    japanese = next((ja for en, ja in _EXPLANATIONS if en in words), "YAML として読めません")
    return Text(f"{japanese}（{words}）", f"not readable as YAML: {words}")


class _Builder:
    """Turns nodes into plain values, once for each node however often it is aliased."""

    def __init__(self) -> None:
        self._built: dict[int, tuple[object, int]] = {}
        self._open: set[int] = set()

    def build(self, root: yaml.Node) -> object:
        return self._build(root)[0]

    def _build(self, node: yaml.Node) -> tuple[object, int]:
        """The value, and how many values it stands for with its aliases written out."""
        if isinstance(node, yaml.ScalarNode):
            return _scalar(node), 1
        known = self._built.get(id(node))
        if known is not None:
            return known
        if id(node) in self._open:
            raise UnreadableYaml(
                _place(node),
                Text("アンカーが自分自身を含んでいます", "an anchor that contains itself"),
            )
        _check_tag(node)
        self._open.add(id(node))
        built = self._sequence(node) if isinstance(node, yaml.SequenceNode) else self._map(node)
        self._open.discard(id(node))
        if built[1] > MAX_VALUES:
            raise UnreadableYaml(
                _place(node),
                Text("別名を展開すると大きくなりすぎます", "its aliases expand beyond all measure"),
            )
        self._built[id(node)] = built
        return built

    def _sequence(self, node: yaml.Node) -> tuple[object, int]:
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
            key = _key(key_node)
            value, count = self._build(value_node)
            size += count
            if _is_merge(key_node):
                merged = {**_mappings(value, value_node), **merged}
            elif key in own:
                raise UnreadableYaml(
                    _place(key_node),
                    Text(f"キー「{key}」が二度あります", f"the key '{key}' is there twice"),
                )
            else:
                own[key] = value
        return ({**merged, **own} if merged else own), size


def _key(node: yaml.Node) -> str:
    if not isinstance(node, yaml.ScalarNode):
        raise UnreadableYaml(
            _place(node), Text("キーは文字列でなければなりません", "a key has to be a word")
        )
    return str(node.value)


def _is_merge(node: yaml.Node) -> bool:
    return isinstance(node, yaml.ScalarNode) and node.value == "<<" and not node.style


def _mappings(value: object, node: yaml.Node) -> dict[str, object]:
    """What a merge key brings: a mapping, or a list of them where the first wins."""
    sources = value if isinstance(value, list) else [value]
    found: dict[str, object] = {}
    for source in reversed(sources):
        if not isinstance(source, dict):
            raise UnreadableYaml(
                _place(node),
                Text(
                    "<< の値は連想配列でなければなりません", "<< takes a mapping or a list of them"
                ),
            )
        found |= source
    return found


def _scalar(node: yaml.ScalarNode) -> object:
    _check_tag(node)
    words: str = node.value
    if node.style:
        return words
    if words in _NULLS:
        return None
    if words in _BOOLEANS:
        return _BOOLEANS[words]
    if _INTEGER.match(words):
        return int(words)
    if _FLOAT.match(words):
        return float(words)
    return words


def _check_tag(node: yaml.Node) -> None:
    if node.tag not in _CORE_TAGS:
        raise UnreadableYaml(
            _place(node),
            Text(f"タグ {node.tag} は使えません", f"the tag {node.tag} is not allowed"),
        )


def _place(node: yaml.Node) -> Place:
    return Place(node.start_mark.line + 1, node.start_mark.column + 1)


def _child(node: yaml.Node, step: str | int) -> yaml.Node | None:
    if isinstance(node, yaml.SequenceNode):
        items: list[yaml.Node] = node.value
        return items[step] if isinstance(step, int) and 0 <= step < len(items) else None
    if not isinstance(node, yaml.MappingNode):
        return None
    merges: list[yaml.Node] = []
    entries: list[tuple[yaml.Node, yaml.Node]] = node.value
    for key, value in entries:
        if _is_merge(key):
            merges += value.value if isinstance(value, yaml.SequenceNode) else [value]
        elif key.value == step:
            return value
    return next((found for merge in merges if (found := _child(merge, step)) is not None), None)
