"""Whether a shell's fixed text reads its arguments (`"$1"`) as programs. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from moyai.runbook.code_options import CODE_OPTIONS, is_within_option
from moyai.runbook.shells import (
    INTERPRETERS,
    OTHER_SHELLS,
    READ_TEXT,
    SHELLS,
    WRAPPERS,
    Reader,
    name_of,
    readings,
)
from moyai.texts import Text

_TWICE = frozenset({"eval", ".", "source", "ssh", *SHELLS, *OTHER_SHELLS, *READ_TEXT})
"""Commands that read words as a program once more."""
_GOES_ON = frozenset(
    {"if", "then", "else", "elif", "while", "until", "do", "!", "{", "exec", "command", "builtin"}
) | frozenset(WRAPPERS)
"""Words after which a command's name comes."""
_ASSIGNED = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\+?=")
_KEYWORDS = _GOES_ON - frozenset(WRAPPERS)
_NAMED = re.compile(r"[A-Za-z0-9_{@*]")
"""After a dollar: a variable's name begins."""
_VARIABLE = re.compile(r"\$(?:[A-Za-z0-9_]|\{[A-Za-z0-9_])")


@dataclass(slots=True)
class _Scan:
    """One walk over a text."""

    words: set[str] = field(default_factory=set)
    runs_variable: bool = False
    """Whether a command's name is a variable's value."""
    is_nested: bool = False
    """Whether it has commands within quotes, or `…`: those are not looked through."""
    _quote: str = ""
    _word: str | None = None
    commands: list[list[tuple[str, bool]]] = field(default_factory=lambda: [[]])
    """The words of each command in it, and whether a variable's value is in the word."""
    _expands: bool = False
    _names_command: bool = True
    _is_target: bool = False

    def text(self, words: str) -> None:
        """All of it."""
        at = 0
        while at < len(words):
            at += self._one(words[at], words[at + 1 : at + 2])
        self._ends_word()

    def _one(self, one: str, following: str) -> int:
        """One character, or those that go with it; how many."""
        if self._quote == "#":
            if one == "\n":
                self._quote = ""
                self._unquoted(one)
            return 1
        if self._quote == "'":
            self._quoted(one)
            return 1
        if one == "`" or (self._quote and one + following == "$("):
            self.is_nested = True
        if one == "$" and _NAMED.match(following):
            self._expands = True
        if one == "\\":
            self._word = (self._word or "") + following
            return 2
        if self._quote:
            self._quoted(one)
        else:
            self._unquoted(one)
        return 1

    def _quoted(self, one: str) -> None:
        if one == self._quote:
            self._quote = ""
        else:
            self._word = (self._word or "") + one

    def _unquoted(self, one: str) -> None:
        if one in "'\"":
            self._quote = one
            self._word = self._word or ""
        elif one == "#" and self._word is None:
            self._quote = "#"
        elif one in " \t":
            self._ends_word()
        elif one in "<>":
            self._ends_word(is_number=True)
            self._is_target = True
        elif one in ";&|()\n":
            if one == "&" and self._is_target:  # 2>&1
                return
            self._ends_word()
            self.commands.append([])
            self._names_command, self._is_target = True, False
        else:
            self._word = (self._word or "") + one

    def _ends_word(self, *, is_number: bool = False) -> None:
        word, self._word = self._word, None
        expands, self._expands = self._expands, False
        if word is None or (is_number and word.isdigit()):
            return
        self.words.add(word)
        if self._is_target:
            self._is_target = False
            return
        if self.commands[-1] or not (
            word in _KEYWORDS or (_ASSIGNED.match(word) and name_of(word) not in WRAPPERS)
        ):
            self.commands[-1].append((word, expands))
        if self._names_command and not (
            _ASSIGNED.match(word) or name_of(word) in _GOES_ON or word.startswith("-")
        ):
            self._names_command = False
            self.runs_variable = self.runs_variable or bool(_VARIABLE.match(word))


def why_unsafe(text: str) -> Text | None:
    """Why no value can be an argument of a shell's text; None: one can."""
    scan = _Scan()
    scan.text(text)
    if scan.runs_variable:
        return _RUNS_VARIABLE
    if scan.is_nested:
        return _NESTED
    twice = {name_of(word) or word for word in scan.words} & _TWICE
    if not twice:
        return next((why for one in scan.commands if (why := _read_as_code(one))), None)
    first = min(twice)
    return Text(
        f"{first} が値をもう一度プログラムとして読みます",
        f"{first} would read a value once more, as a program",
    )


def _read_as_code(command: Sequence[tuple[str, bool]]) -> Text | None:
    """Why a variable's value would be a program to one of the commands of a text; None: it would not."""
    words = [word for word, _ in command]
    found = readings(words).of if words else ()
    options: set[str] = set()
    for place, ((word, expands), reader) in enumerate(zip(command, found, strict=True)):
        # The command's own name was asked about before.
        if place and expands and (reader is not Reader.PROGRAM or is_within_option(word, options)):
            name = name_of(words[0]) or words[0]
            return Text(
                f"{name} が変数の値をプログラムかオプションとして読みます",
                f"{name} would read a variable's value as a program or an option",
            )
        name = name_of(word)
        options |= CODE_OPTIONS.get(name, frozenset()) | INTERPRETERS.get(name, frozenset())
    return None


_RUNS_VARIABLE = Text(
    "変数の値がプログラムの名前になります（名前は決まったものにします）",
    "a variable's value would be a program's name: the name has to be fixed",
)
_NESTED = Text(
    "値を受け取るテキストに、引用符の中の $(…) と `…` は使えません",
    "a text that is given values cannot have $(…) within quotes or `…`",
)
