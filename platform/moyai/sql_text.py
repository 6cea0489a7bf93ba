"""PostgreSQL's lexical rules as far as needed to tell statements, strings and comments apart.

Source: "Lexical Structure" in PostgreSQL's manual, and its scan.l. Strings are read as with
`standard_conforming_strings`, which is on unless somebody turns it off. Time is linear in the text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal

HEAD = 24
"""Words of a statement that are kept."""

FlawKind = Literal["nul", "backslash", "string", "identifier", "dollar", "comment"]

# Letters, _ and all that is not ASCII; digits too. Said by what it is not, which compiles quickly.
_START, _MORE = r"[^\x00-@\[-\^`{-\x7f]", r"[^\x00-/:-@\[-\^`{-\x7f]"
_TOKEN = re.compile(
    rf"""
    (?:[ \t\n\r\f\v]++ | --[^\n\r]*+)*+
  (?:
    (?P<comment>/\*)
  | (?P<escapes>[eE]')
  | (?P<word>{_START}(?:{_MORE}|\$)*+)
  | (?P<string>'[^']*+(?:''[^']*+)*+')
  | (?P<identifier>"[^"]*+(?:""[^"]*+)*+")
  | (?P<dollar>\$(?:{_START}{_MORE}*+)?\$)
  | (?P<number>0[xX][0-9A-Fa-f_]+ | 0[oObB][0-7_]+
      | (?:[0-9][0-9_]*\.?[0-9_]* | \.[0-9][0-9_]*)(?:[eE][+-]?[0-9_]+)?
      | \$[0-9]+)
  | (?P<other>.)
  | (?P<end>\Z)
  )
    """,
    re.VERBOSE | re.DOTALL,
)
_COMMENT_EDGE = re.compile(r"/\*|\*/")
_ESCAPES_REST = re.compile(r"(?:[^'\\]++|\\.|'')*+'", re.DOTALL)
# A string goes on after a line's end, by the rules of its first part.
_GOES_ON = re.compile(r"(?:[ \t\f\v]|--[^\n\r]*+)*+[\n\r](?:[ \t\n\r\f\v]|--[^\n\r]*+[\n\r])*+'")
_LINE_REST = re.compile(r"[^\n\r]*")
_BODIED = re.compile(r"create (?:or replace )?(?:function|procedure) ")


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement. Words are in lower case, quoted identifiers among them without their quotes;
    a string is `'`, any other sign stands for itself."""

    offset: int
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Flaw:
    """What PostgreSQL would not read: a sign, or something that is begun here and never ended."""

    offset: int
    kind: FlawKind


@dataclass(frozen=True, slots=True)
class Script:
    """A text's statements, the last one with or without its semicolon."""

    statements: tuple[Statement, ...]
    flaws: tuple[Flaw, ...]
    """In no order. No text may have a NUL, wherever it stands."""


@dataclass(slots=True)
class _Reader:
    sql: str
    statements: list[Statement] = field(default_factory=list)
    flaws: list[Flaw] = field(default_factory=list)
    offset: int = 0
    words: list[str] = field(default_factory=list)
    parentheses: int = 0
    blocks: int = 0
    """Open `BEGIN ATOMIC` and `CASE` of a function's body."""
    last: str = ""

    def flaw(self, offset: int, kind: FlawKind) -> int:
        """Note a flaw; the text's end, as nothing after what is not ended can be told apart."""
        self.flaws.append(Flaw(offset, kind))
        return len(self.sql)

    def word(self, offset: int, word: str) -> None:
        """The next word of the statement."""
        if not self.words:
            self.offset = offset
        if len(self.words) < HEAD:
            self.words.append(word)
        self.last = word

    def name(self, offset: int, word: str) -> None:
        """A word that has no quotes: it may begin or end a body, in which semicolons end nothing."""
        if self.blocks:
            self.blocks += (word == "case") - (word == "end")
        elif word == "atomic" and self.last == "begin" and not self.parentheses:
            self.blocks = int(_BODIED.match(" ".join(self.words)) is not None)
        self.word(offset, word)

    def sign(self, offset: int, sign: str) -> int:
        """Any other sign; where to read on."""
        if sign == "'":
            return self.flaw(offset, "string")
        if sign == '"':
            return self.flaw(offset, "identifier")
        if sign == "\\":
            self.flaw(offset, "backslash")
            rest = _LINE_REST.match(self.sql, offset)
            return rest.end() if rest else offset + 1
        if sign == ";" and not self.parentheses and not self.blocks:
            self.end()
        else:
            self.parentheses = max(0, self.parentheses + (sign == "(") - (sign == ")"))
            self.word(offset, sign)
        return offset + 1

    def end(self) -> None:
        """The statement ends here, if there is one."""
        if self.words:
            self.statements.append(Statement(self.offset, tuple(self.words)))
        self.words, self.parentheses, self.blocks, self.last = [], 0, 0, ""


def scan(sql: str) -> Script:
    """Tell a text's statements apart."""
    reader, place, size = _Reader(sql), 0, len(sql)
    while place < size:
        found = _TOKEN.match(sql, place)
        if found is None:
            raise AssertionError("any sign is a token")
        kind = found.lastgroup or ""
        offset, place = found.start(kind), found.end()
        if kind == "word":
            reader.name(offset, found[kind].lower())
        elif kind == "other":
            place = reader.sign(offset, found[kind])
        elif kind == "identifier":
            reader.word(offset, found[kind][1:-1].lower())
        elif kind == "comment":
            end = _comment_end(sql, place)
            place = reader.flaw(offset, "comment") if end is None else end
        elif kind != "end":
            reader.word(offset, "'")
            if kind == "escapes":
                end = _escapes_end(sql, place)
                place = reader.flaw(offset, "string") if end is None else end
            elif kind == "dollar":
                end = sql.find(found[kind], place)
                place = reader.flaw(offset, "dollar") if end < 0 else end + len(found[kind])
    reader.end()
    nul = (Flaw(found.start(), "nul") for found in re.finditer("\0", sql))
    return Script(tuple(reader.statements), (*reader.flaws, *nul))


def _comment_end(sql: str, place: int) -> int | None:
    depth = 1
    for edge in _COMMENT_EDGE.finditer(sql, place):
        depth += 1 if edge.group() == "/*" else -1
        if not depth:
            return edge.end()
    return None


def _escapes_end(sql: str, place: int) -> int | None:
    while (found := _ESCAPES_REST.match(sql, place)) is not None:
        more = _GOES_ON.match(sql, found.end())
        if more is None:
            return found.end()
        place = more.end()
    return None
