"""Which bodies a command is about: codes, slugs, `service:eapp-a`, `not …`, combined. Pure.

selector := either (("," | "or" | " ") either)*
either   := each ("and" each)*
each     := "not" each | "(" selector ")" | word
word     := all | CODE | SLUG | NAME | service:S | kind:K | tag:T[=V] | isolation:I | cell:C
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable
from datetime import date

from moyai.errors import UsageError
from moyai.registry.models import Isolation, Kind, Registry, Tenant
from moyai.texts import Text

Test = Callable[[Tenant, date], bool]

_TOKEN = re.compile(r"[()]|[^\s,()]+")
_JOINING = frozenset({"and", "or", "not"})


def select(registry: Registry, text: str, day: date) -> tuple[Tenant, ...]:
    """The bodies that a selector means, in the file's order; an empty selector means all.

    `service:` means bodies whose subscription is active on the day. Raises `UsageError` for words
    that name nothing, with the nearest that does.
    """
    test = parse(registry, text)
    return tuple(body for body in registry.tenants if test(body, day))


def parse(registry: Registry, text: str) -> Test:
    """A selector as a test. Raises `UsageError`."""
    signs = _TOKEN.findall(text)
    if not signs:
        return _everyone
    parser = _Parser(registry, text, signs)
    test = parser.any_of()
    if parser.peek() is not None:
        raise parser.wrong()
    return test


def _everyone(_body: Tenant, _day: date) -> bool:
    return True


class _Parser:
    def __init__(self, registry: Registry, text: str, signs: list[str]) -> None:
        self._registry = registry
        self._text = text
        self._signs = signs
        self._next = 0

    def peek(self) -> str | None:
        return self._signs[self._next] if self._next < len(self._signs) else None

    def _take(self) -> str:
        sign = self.peek()
        if sign is None:
            raise self.wrong()
        self._next += 1
        return sign

    def any_of(self) -> Test:
        tests = [self._all_of()]
        while (sign := self.peek()) is not None and sign != ")":
            if sign == "or":
                self._take()
            tests.append(self._all_of())
        return lambda body, day: any(test(body, day) for test in tests)

    def _all_of(self) -> Test:
        tests = [self._one()]
        while self.peek() == "and":
            self._take()
            tests.append(self._one())
        return lambda body, day: all(test(body, day) for test in tests)

    def _one(self) -> Test:
        sign = self._take()
        if sign == "not":
            inner = self._one()
            return lambda body, day: not inner(body, day)
        if sign == "(":
            group = self.any_of()
            if self._take() != ")":
                raise self.wrong()
            return group
        if sign == ")" or sign in _JOINING:
            raise self.wrong()
        return _word(self._registry, sign)

    def wrong(self) -> UsageError:
        return UsageError(
            Text(
                f"選択式「{self._text}」が読めません。",
                f"the selector '{self._text}' cannot be read.",
            ),
            remedy=Text(
                "例: 271004 sakai / service:eapp-a and not kind:政令市 / tag:wave=canary",
                "For example: 271004 sakai / service:eapp-a and not kind:政令市 / tag:wave=canary",
            ),
        )


def _word(registry: Registry, word: str) -> Test:
    if word == "all":
        return _everyone
    kind, colon, value = word.partition(":")
    if colon:
        return _quality(registry, kind, value)
    body = registry.tenant(word) or _named(registry, word)
    if body is None:
        keys = [key for one in registry.tenants for key in (one.code, one.slug, one.name)]
        raise _unknown(word, keys, Text("団体", "body"))
    code = body.code
    return lambda one, _day: one.code == code


def _named(registry: Registry, name: str) -> Tenant | None:
    return next((one for one in registry.tenants if one.name == name), None)


def _quality(registry: Registry, kind: str, value: str) -> Test:
    if kind == "service":
        _check(value, registry.services, Text("サービス", "service"))
        return lambda body, day: _uses(body, value, day)
    if kind == "kind":
        _check(value, [one.value for one in Kind], Text("種別", "kind"))
        return lambda body, _day: body.kind.value == value
    if kind == "isolation":
        _check(value, [one.value for one in Isolation], Text("分離方式", "isolation"))
        return lambda body, _day: body.isolation.value == value
    if kind == "cell":
        _check(value, [one.name for one in registry.federation.cells], Text("セル", "cell"))
        return lambda body, _day: body.cell == value
    if kind == "tag":
        return _tag(registry, value)
    raise _unknown(kind, ["service", "kind", "isolation", "cell", "tag"], Text("条件", "condition"))


def _uses(body: Tenant, service: str, day: date) -> bool:
    subscription = body.subscription(service)
    return subscription is not None and subscription.is_active(day)


def _tag(registry: Registry, words: str) -> Test:
    key, equals, value = words.partition("=")
    _check(key, {name for body in registry.tenants for name in body.tags}, Text("タグ", "tag"))
    if equals:
        return lambda body, _day: body.tags.get(key) == value
    return lambda body, _day: key in body.tags


def _check(word: str, known: Iterable[str], what: Text) -> None:
    names = list(known)
    if word not in names:
        raise _unknown(word, names, what)


def _unknown(word: str, known: Iterable[str], what: Text) -> UsageError:
    names = sorted(set(known))
    near = difflib.get_close_matches(word, names, n=3, cutoff=0.5) or names[:8]
    hint = ", ".join(near)
    return UsageError(
        Text(f"{what.ja}「{word}」はありません。", f"there is no {what.en} '{word}'."),
        remedy=Text(f"近いもの: {hint}", f"Known, nearest first: {hint}"),
    )
