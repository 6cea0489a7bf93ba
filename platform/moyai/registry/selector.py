"""The language in which people say which bodies they mean. Pure; what it means is in `planning`.

selector := part ("," part)*
part     := either | item item+              a list by spaces, without and/or
either   := both ("or" both)*
both     := item ("and" item)*
item     := "not" item | "(" selector ")" | word
word     := all | CODE | SLUG | NAME | service:S | kind:K | tag:T[=V] | isolation:I | cell:C
            | population:[N]..[N]        residents from and up to, both included

Lists are unions; `not` behind other items of a list takes away from them (`all not sakai`). What two
people would read in two ways (`not a b`, `a b and c`) is refused rather than guessed: a selector
decides which bodies are changed.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from moyai.registry.models import Isolation, Kind
from moyai.registry.words import nearest, one_line
from moyai.texts import Text

_TOKEN = re.compile(r'[(),（），、]|(?:"[^"]*"|[^\s(),（），、"])+|"')
_SAME = str.maketrans("（），、", "(),,")
_JOINING = frozenset({"and", "or"})
_CLOSING = frozenset({")", ","})
QUALITIES = ("service", "kind", "tag", "isolation", "cell", "population")
RESERVED = frozenset({"all", "and", "or", "not"})
"""Words that no slug can be."""
MAX_LENGTH = 20_000
_MAX_DEPTH = 50
_RESIDENTS = re.compile(r"([0-9]{0,9})\.\.([0-9]{0,9})\Z")
_NAMED = 8
"""How many words a hint has room for."""

EXAMPLE = Text(
    "例: sakai 272027 / service:eapp-a and not kind:政令市 / tag:wave=canary",
    "For example: sakai 272027 / service:eapp-a and not kind:政令市 / tag:wave=canary",
)


class UnreadableSelector(Exception):
    """A selector that cannot be read, or that names what is not there.

    `near`: words like the one that names nothing. `known`: what it could have been, where none is.
    """

    def __init__(
        self, reason: Text, near: tuple[str, ...] = (), known: tuple[str, ...] = ()
    ) -> None:
        super().__init__(reason.en)
        self.reason = reason
        self.near = near
        self.known = known

    @property
    def hint(self) -> Text | None:
        """The words that were rather meant, where some can be named."""
        if self.near:
            words = ", ".join(self.near)
            return Text(f"近いもの: {words}", f"nearest: {words}")
        if self.known:
            words = ", ".join(self.known[:_NAMED]) + (" …" if len(self.known) > _NAMED else "")
            return Text(f"あるもの: {words}", f"known: {words}")
        return None


class NoSuchBody(UnreadableSelector):
    """A word that is the code, slug or name of no body; `known` is empty, as bodies are many."""


@dataclass(frozen=True, slots=True)
class Word:
    """One word: `quality` is None for a code, slug or name, and for `all`."""

    quality: str | None
    value: str


def residents(word: str) -> tuple[int, int | None] | None:
    """The first and the last number of residents that `N..M`, `N..` or `..M` means, None for no last; None of
    what is no such range."""
    found = _RESIDENTS.match(word)
    if found is None or found.groups() == ("", ""):
        return None
    first, last = int(found[1] or 0), int(found[2]) if found[2] else None
    return None if last is not None and last < first else (first, last)


@dataclass(frozen=True, slots=True)
class Not:
    """Every body that the inner one does not mean."""

    inner: Expression


@dataclass(frozen=True, slots=True)
class Every:
    """Bodies that all of these mean."""

    parts: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Some:
    """Bodies that one of these means."""

    parts: tuple[Expression, ...]


Expression = Word | Not | Every | Some

ALL = Word(None, "all")


def parse(text: str) -> Expression:
    """Read a selector. Raises `UnreadableSelector`."""
    if len(text) > MAX_LENGTH:
        raise UnreadableSelector(Text("選択式が長すぎます", "the selector is too long"))
    signs = [sign.translate(_SAME) for sign in _TOKEN.findall(text)]
    if not signs:
        raise UnreadableSelector(
            Text("選択式が空です（すべてなら all）", "the selector is empty; `all` means all")
        )
    parser = _Parser(text, signs)
    found = parser.selector()
    if parser.peek() is not None:
        raise parser.wrong()
    return found


def words(expression: Expression) -> Iterator[Word]:
    """Every word in an expression."""
    if isinstance(expression, Word):
        yield expression
    elif isinstance(expression, Not):
        yield from words(expression.inner)
    else:
        for part in expression.parts:
            yield from words(part)


def nothing(word: str, known: Iterable[str], ja: str, en: str) -> UnreadableSelector:
    """The error for a word that names nothing, with the nearest that do, or else with all."""
    return UnreadableSelector(
        _none(word, ja, en), _near(word, known), tuple(map(one_line, sorted(known)))
    )


def no_body(word: str, known: Iterable[str]) -> NoSuchBody:
    """The error for a word that names no body, with the nearest that do."""
    return NoSuchBody(_none(word, "団体", "body"), _near(word, known))


def _none(word: str, ja: str, en: str) -> Text:
    word = one_line(word)
    return Text(f"{ja}「{word}」はありません", f"there is no {en} '{word}'")


def _near(word: str, known: Iterable[str]) -> tuple[str, ...]:
    return tuple(map(one_line, nearest(word, known, 3)))


class _Parser:
    def __init__(self, text: str, signs: list[str]) -> None:
        self._text = one_line(text, 200)
        self._signs = signs
        self._next = 0
        self._depth = 0

    def peek(self) -> str | None:
        return self._signs[self._next] if self._next < len(self._signs) else None

    def _take(self) -> str:
        sign = self.peek()
        if sign is None:
            raise self.wrong()
        self._next += 1
        return sign

    def _at(self, word: str) -> bool:
        sign = self.peek()
        return sign is not None and sign.casefold() == word

    def selector(self) -> Expression:
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise self.wrong(Text("入れ子が深すぎます", "it is nested too deeply"))
        items = self._part()
        while self._at(","):
            self._take()
            items += self._part()
        self._depth -= 1
        return self._union(items)

    def _union(self, items: list[Expression]) -> Expression:
        """A list's meaning: the union, less what a `not` behind other items takes away."""
        away = tuple(item for item in items if isinstance(item, Not))
        wanted = tuple(items[: len(items) - len(away)])
        if any(isinstance(item, Not) for item in wanted):
            raise self.wrong(
                Text(
                    "not の後に続く語があります。not (a b) か b not a と書いてください",
                    "a word follows a `not`: write not (a b), or b not a",
                )
            )
        parts = (_one_of(wanted), *away) if wanted else away
        return parts[0] if len(parts) == 1 else Every(parts)

    def _part(self) -> list[Expression]:
        """What stands between two commas."""
        start = self._next
        items = [self._either()]
        while (sign := self.peek()) is not None and sign not in _CLOSING:
            items.append(self._either())
        if len(items) > 1 and self._joins_since(start):
            raise self.wrong(
                Text(
                    "and や or と、空白の並びが混ざっています。括弧か「,」で分けてください",
                    "and/or are mixed with a list by spaces: use parentheses or commas",
                )
            )
        return items

    def _joins_since(self, start: int) -> bool:
        """Whether there is an and/or since a sign, outside parentheses."""
        depth = 0
        for sign in self._signs[start : self._next]:
            depth += (sign == "(") - (sign == ")")
            if depth == 0 and sign.casefold() in _JOINING:
                return True
        return False

    def _either(self) -> Expression:
        parts = [self._both()]
        while self._at("or"):
            self._take()
            parts.append(self._both())
        return _one_of(tuple(parts))

    def _both(self) -> Expression:
        parts = [self._item()]
        while self._at("and"):
            self._take()
            parts.append(self._item())
        return parts[0] if len(parts) == 1 else Every(tuple(parts))

    def _item(self) -> Expression:
        sign = self._take()
        if sign.casefold() == "not":
            self._depth += 1
            if self._depth > _MAX_DEPTH:
                raise self.wrong(Text("入れ子が深すぎます", "it is nested too deeply"))
            inner = self._item()
            self._depth -= 1
            return Not(inner)
        if sign == "(":
            group = self.selector()
            if self._take() != ")":
                raise self.wrong()
            return Some((group,))
        if sign in _CLOSING or sign.casefold() in _JOINING or sign == '"':
            raise self.wrong()
        return _word(sign)

    def wrong(self, why: Text | None = None) -> UnreadableSelector:
        """The error for this text, with a reason where one is known."""
        ja = f"（{why.ja}）" if why else ""
        en = f": {why.en}" if why else ""
        return UnreadableSelector(
            Text(
                f"選択式「{self._text}」が読めません{ja}",
                f"the selector '{self._text}' cannot be read{en}",
            )
        )


def _one_of(parts: tuple[Expression, ...]) -> Expression:
    return parts[0] if len(parts) == 1 else Some(parts)


def _word(sign: str) -> Word:
    """A word as it is written: `kind：町` with a full-width colon and `tag:a="b c"` included."""
    plain = sign.replace('"', "")
    if plain.casefold() == ALL.value:
        return ALL
    quality, colon, value = plain.replace("：", ":", 1).partition(":")
    if not colon:
        return Word(None, plain)
    quality = quality.casefold()
    if quality not in QUALITIES:
        raise nothing(quality, frozenset(QUALITIES), "条件", "condition")
    allowed = _ALLOWED.get(quality)
    if allowed is not None and value not in allowed:
        raise nothing(value, allowed, "種別" if quality == "kind" else "分離方式", quality)
    if quality == "population":
        return Word(quality, _range(value))
    return Word(quality, value)


def _range(value: str) -> str:
    """A range of residents, its digits as ASCII."""
    plain = unicodedata.normalize("NFKC", value)
    if residents(plain) is None:
        shown = one_line(value)
        raise UnreadableSelector(
            Text(
                f"人口の範囲「{shown}」が読めません。..49999（49,999 人まで）、100000..（100,000 人から）、"
                "50000..99999 のように書きます",
                f"the range of residents '{shown}' cannot be read: write ..49999 (up to), 100000.. (from), "
                "or 50000..99999",
            )
        )
    return plain


_ALLOWED = {
    "kind": frozenset(one.value for one in Kind),
    "isolation": frozenset(one.value for one in Isolation),
}
