"""From a file's bytes to YAML nodes with their marks; what is hostile or no YAML is refused.

libyaml composes the nodes. Its composer recurses in C and keeps every node, so that depth and number
are counted while it works: a file made to exhaust memory or the stack is refused on the way.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import yaml

from moyai.texts import Text

MAX_BYTES = 16 * 1024 * 1024
"""1,741 bodies with everything written out take about 2 MiB."""
MAX_NODES = 600_000
"""1,741 bodies have about 90,000."""
MAX_DEPTH = 60
"""tenants.yaml itself needs 8; settings and cost rules may be deeper."""

STR = "tag:yaml.org,2002:str"
MAP = "tag:yaml.org,2002:map"
SEQ = "tag:yaml.org,2002:seq"


@dataclass(frozen=True, slots=True)
class Place:
    """A place in the file, both counted from 1."""

    line: int
    column: int


class UnreadableYaml(Exception):
    """The text is not YAML that Moyai reads; `place` says where."""

    def __init__(self, place: Place, reason: Text) -> None:
        super().__init__(reason.en)
        self.place = place
        self.reason = reason


class _TooMuch(Exception):
    """The composer met a limit."""

    def __init__(self, reason: Text) -> None:
        super().__init__(reason.en)
        self.reason = reason


class _Loader(yaml.CSafeLoader):
    """libyaml with limits, and without YAML 1.1's guesses: a plain scalar stays the word it is.

    The composer asks `descend_resolver` before each node and `ascend_resolver` after it.
    """

    nodes = 0
    depth = 0

    def descend_resolver(self, _node: object, _index: object) -> None:
        self.nodes += 1
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise _TooMuch(Text("入れ子が深すぎます", "this is nested too deeply"))
        if self.nodes > MAX_NODES:
            raise _TooMuch(Text("値が多すぎます", "there are too many values"))

    def ascend_resolver(self) -> None:
        self.depth -= 1

    def resolve(self, kind: type[yaml.Node], _value: object, _implicit: object) -> str:
        if kind is yaml.ScalarNode:
            return STR
        return SEQ if kind is yaml.SequenceNode else MAP


def compose(content: bytes) -> yaml.Node:
    """The one document of a file. Raises `UnreadableYaml`."""
    text = _decode(content)
    loader: _Loader | None = None
    try:
        loader = _Loader(text)
        node = loader.get_single_node()
    except _TooMuch as error:
        raise UnreadableYaml(_last_place(loader), error.reason) from None
    except yaml.MarkedYAMLError as error:
        conflict = _CONFLICT.search(text)
        if conflict is not None:
            raise UnreadableYaml(
                _place_after(text[: conflict.start()]),
                Text("Git の競合の印が残っています", "Git left a conflict here; resolve it"),
            ) from None
        raise UnreadableYaml(_marked(error), _explain(error)) from None
    except yaml.YAMLError as error:
        raise UnreadableYaml(
            _reader_place(text, error),
            Text("YAML に使えない文字があります", "a character that YAML does not allow"),
        ) from None
    finally:
        if loader is not None:
            loader.dispose()
    if node is None:
        raise UnreadableYaml(Place(1, 1), Text("ファイルが空です", "the file is empty"))
    return node


def place_of(node: yaml.Node) -> Place:
    """Where a node begins."""
    return Place(node.start_mark.line + 1, node.start_mark.column + 1)


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
        # the codec counts from behind a byte order mark
        start = error.start + len(content) - len(error.object)
        before = content[:start].decode("utf-8-sig")
        raise UnreadableYaml(
            _place_after(before),
            Text(
                "UTF-8 ではありません（Shift_JIS や UTF-16 で保存していませんか）",
                "this is not UTF-8 (was it saved as Shift_JIS or UTF-16?)",
            ),
        ) from None


def _place_after(before: str) -> Place:
    return Place(before.count("\n") + 1, len(before) - before.rfind("\n"))


def _last_place(loader: _Loader | None) -> Place:
    """Where the composer stood: the mark of the event that it had reached."""
    event = None if loader is None else loader.peek_event()
    mark = getattr(event, "start_mark", None)
    return Place(1, 1) if mark is None else Place(mark.line + 1, mark.column + 1)


def _marked(error: yaml.MarkedYAMLError) -> Place:
    mark = error.problem_mark or error.context_mark
    return Place(1, 1) if mark is None else Place(mark.line + 1, mark.column + 1)


def _reader_place(text: str, error: yaml.YAMLError) -> Place:
    """libyaml's reader says a byte's number, in UTF-8."""
    offset = getattr(error, "position", None)
    if not isinstance(offset, int):
        return Place(1, 1)
    return _place_after(text.encode()[:offset].decode(errors="ignore"))


_CONFLICT = re.compile(r"^(?:<<<<<<<|=======|>>>>>>>)(?: |$)", re.MULTILINE)
"""What Git leaves in a file that two people changed."""

_EXPLANATIONS = (
    (
        re.compile("found character that cannot start any token"),
        Text(
            "値の先頭に置けない文字（タブ、@、` など）があります",
            "a character that cannot begin a value (a tab, @, ` and the like)",
        ),
    ),
    (
        re.compile("could not find expected ':'"),
        Text("「:」が足りません", "a ':' is missing"),
    ),
    (
        re.compile("mapping values are not allowed"),
        Text(
            "ここに「:」は置けません（字下げか引用符を確かめてください）",
            "a ':' cannot stand here (look at the indentation or the quotes)",
        ),
    ),
    (
        re.compile("did not find expected key|could not find expected key"),
        Text(
            "キーがあるはずの場所です（字下げを確かめてください）",
            "a key was expected here (look at the indentation)",
        ),
    ),
    (
        re.compile("expected '-' indicator|block sequence entries are not allowed"),
        Text(
            "「-」の位置が合いません（字下げを確かめてください）",
            "a '-' stands in the wrong place (look at the indentation)",
        ),
    ),
    (
        re.compile("found undefined alias"),
        Text("その名前のアンカー（&）はありません", "there is no anchor (&) of this name"),
    ),
    (
        re.compile("found duplicate anchor"),
        Text("同じ名前のアンカーが二つあります", "two anchors have this name"),
    ),
    (
        re.compile("unexpected end of stream"),
        Text("引用符が閉じていません", "a quotation mark is not closed"),
    ),
    (
        re.compile("expected ',' or|flow (mapping|sequence|node)"),
        Text(
            "「,」か閉じ括弧が足りません",
            "a ',' or a closing bracket is missing",
        ),
    ),
    (
        re.compile("but found another document|did not find expected <document start>"),
        Text("文書は一つだけです（--- は一つまで）", "one document only (a second --- was found)"),
    ),
    (
        re.compile("document indicator"),
        Text("引用符の中で文書が終わっています", "the document ends inside quotes"),
    ),
    (
        re.compile("escape"),
        Text("引用符の中の「\\」の使い方が正しくありません", "a wrong '\\' inside quotes"),
    ),
    (
        re.compile("tag|directive"),
        Text("タグや % 指示は使えません", "tags and % directives are not allowed"),
    ),
)


def _explain(error: yaml.MarkedYAMLError) -> Text:
    words = " ".join(part for part in (error.context, error.problem) if part)
    known = next((text for pattern, text in _EXPLANATIONS if pattern.search(words)), None)
    if known is None:
        return Text(f"YAML として読めません（{words}）", f"not readable as YAML: {words}")
    return known
