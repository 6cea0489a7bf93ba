"""What a check asks of a command's JSON: `all $[*].status == "ok"`. Pure; nothing is evaluated as code.

condition  := [quantifier] path comparison value
quantifier := all | any | none | count         `all` where none is written
path       := $ (.key | ["key"] | [number] | [*])*
comparison := == | != | < | <= | > | >= | in | "not in" | contains
value      := JSON | :name                     :name is a parameter or an answer

`all` is false where the path leads nowhere: a check that looks at nothing proves nothing. `count` compares how
many values the path leads to.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from moyai.registry.words import one_line
from moyai.texts import Text, counted

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]
_QUANTIFIERS = ("all", "any", "none", "count")
_PATH = r'\$(?:\.[A-Za-z_][A-Za-z0-9_-]*|\[(?:[0-9]{1,6}|\*|"[^"\\]*")\])*'
_CONDITION = re.compile(
    rf"\s*(?:(?P<quantifier>{'|'.join(_QUANTIFIERS)})\s+)?(?P<path>{_PATH})\s*"
    r"(?P<comparison>==|!=|<=|>=|<|>|not\s+in\b|in\b|contains\b)\s*(?P<value>\S.*?)\s*\Z",
    re.DOTALL,
)
_STEP = re.compile(r'\.([A-Za-z_][A-Za-z0-9_-]*)|\[([0-9]+)\]|\[(\*)\]|\["([^"]*)"\]')
_NAME = re.compile(r":([a-z][a-z0-9_]*)\Z")
_SHOWN = 3


class UnreadableCondition(Exception):
    """Not a condition; `reason` says why."""

    def __init__(self, reason: Text) -> None:
        super().__init__(reason.en)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition that was read."""

    text: str
    quantifier: str
    path: tuple[str | int | None, ...]
    """Keys and places; None: all that is there."""
    comparison: str
    value: Json
    name: str | None
    """The value's name, where it is one of the runbook's values."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """Whether a condition holds, and what was found."""

    holds: bool
    found: Text


def parse(text: str) -> Condition:
    """Read a condition. Raises `UnreadableCondition`."""
    found = _CONDITION.match(text)
    if found is None:
        raise UnreadableCondition(_HOW)
    quantifier = found["quantifier"] or "all"
    comparison = " ".join(found["comparison"].split())
    name = _NAME.match(found["value"])
    value = None if name else _json(found["value"])
    if name is None:
        _fits(quantifier, comparison, value)
    path = tuple(_steps(found["path"]))
    return Condition(text, quantifier, path, comparison, value, name[1] if name else None)


_HOW = Text(
    '条件が読めません（例: all $[*].status == "ok"、count $[*] >= 1、$.running == true）',
    'the condition cannot be read; such as: all $[*].status == "ok", count $[*] >= 1, $.running == true',
)


def _json(words: str) -> Json:
    try:
        found: Json = json.loads(words, parse_constant=_refuse)
    except (ValueError, RecursionError):
        raise UnreadableCondition(
            Text(
                "比べる値は JSON（文字列は二重引用符で囲む）か :名前 です",
                "the value to compare with is JSON (words in double quotes) or :name",
            )
        ) from None
    return found


def _refuse(word: str) -> Json:
    raise ValueError(word)


def _fits(quantifier: str, comparison: str, value: Json) -> None:
    if comparison in ("in", "not in") and not isinstance(value, list):
        raise UnreadableCondition(
            Text(f"{comparison} の右はリスト [...] です", f"{comparison} takes a list [...]")
        )
    if (quantifier == "count" or comparison in _ORDERS) and not _is_number(value):
        raise UnreadableCondition(Text("右は数です", "a number is needed to compare with"))


def _steps(path: str) -> Iterator[str | int | None]:
    for key, place, every, quoted in _STEP.findall(path[1:]):
        yield None if every else int(place) if place else key or quoted


def evaluate(condition: Condition, document: Json, values: Mapping[str, object]) -> Outcome:
    """Hold a condition against a document. Never raises: what cannot be compared does not hold."""
    value = condition.value
    if condition.name is not None:
        value = _plain(values.get(condition.name))
    found = list(_reach(document, condition.path))

    def fits(one: Json) -> bool:
        return _compare(condition.comparison, one, value)

    if condition.quantifier == "count":
        return Outcome(fits(len(found)), _told(len(found), found))
    misses = [one for one in found if not fits(one)]
    hits = len(found) - len(misses)
    if condition.quantifier == "any":
        return Outcome(hits > 0, _told(len(found), found))
    if condition.quantifier == "none":
        return Outcome(hits == 0, _told(hits, [one for one in found if fits(one)]))
    return Outcome(bool(found) and not misses, _told(len(found), misses or found))


def _plain(value: object) -> Json:
    if isinstance(value, (tuple, list)):
        return [_plain(one) for one in value]
    if isinstance(value, date):
        return value.isoformat()
    return value if isinstance(value, (bool, int, str)) else None


def _reach(value: Json, path: tuple[str | int | None, ...]) -> Iterator[Json]:
    """The values that a path leads to, in the document's order."""
    if not path:
        yield value
        return
    step, rest = path[0], path[1:]
    if step is None:
        inner = value if isinstance(value, list) else []
        inner = list(value.values()) if isinstance(value, dict) else inner
        for one in inner:
            yield from _reach(one, rest)
    elif isinstance(step, int):
        if isinstance(value, list) and step < len(value):
            yield from _reach(value[step], rest)
    elif isinstance(value, dict) and step in value:
        yield from _reach(value[step], rest)


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


_ORDERS: Mapping[str, Callable[[float, float], bool]] = {
    "<": lambda one, other: one < other,
    "<=": lambda one, other: one <= other,
    ">": lambda one, other: one > other,
    ">=": lambda one, other: one >= other,
}


def _compare(comparison: str, one: Json, other: Json) -> bool:
    if comparison in _ORDERS:
        if isinstance(one, (int, float)) and isinstance(other, (int, float)):
            return _is_number(one) and _is_number(other) and _ORDERS[comparison](one, other)
        return False
    if comparison == "==":
        return _same(one, other)
    if comparison == "!=":
        return not _same(one, other)
    if comparison == "contains":
        if isinstance(one, str):
            return isinstance(other, str) and other in one
        return isinstance(one, list) and any(_same(item, other) for item in one)
    inside = isinstance(other, list) and any(_same(one, item) for item in other)
    return inside if comparison == "in" else isinstance(other, list) and not inside


def _same(one: Json, other: Json) -> bool:
    """Equal in kind too: `true` is not 1 here."""
    return isinstance(one, bool) == isinstance(other, bool) and one == other


def _told(count: int, shown: list[Json]) -> Text:
    words = ", ".join(one_line(json.dumps(one, ensure_ascii=False)) for one in shown[:_SHOWN])
    words += ", …" if len(shown) > _SHOWN else ""
    if not words:
        return Text(f"{count} 件", counted(count, "value", "values"))
    return Text(f"{count} 件: {words}", f"{counted(count, 'value', 'values')}: {words}")
