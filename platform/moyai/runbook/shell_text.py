"""Whether a shell's fixed text reads its arguments (`"$1"`) as programs. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from moyai.runbook.shells import OTHER_SHELLS, READ_TEXT, SHELLS, WRAPPERS, name_of
from moyai.texts import Text

_TWICE = frozenset({"eval", ".", "source", "ssh", *SHELLS, *OTHER_SHELLS, *READ_TEXT})
"""Commands that read words as a program once more."""
_GOES_ON = frozenset(
    {"if", "then", "else", "elif", "while", "until", "do", "!", "{", "exec", "command", "builtin"}
) | frozenset(WRAPPERS)
"""Words after which a command's name comes."""
_ASSIGNED = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\+?=")
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
            self._names_command, self._is_target = True, False
        else:
            self._word = (self._word or "") + one

    def _ends_word(self, *, is_number: bool = False) -> None:
        word, self._word = self._word, None
        if word is None or (is_number and word.isdigit()):
            return
        self.words.add(word)
        if self._is_target:
            self._is_target = False
        elif self._names_command and not (
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
        return None
    first = min(twice)
    return Text(
        f"{first} が値をもう一度プログラムとして読みます",
        f"{first} would read a value once more, as a program",
    )


_RUNS_VARIABLE = Text(
    "変数の値がプログラムの名前になります（名前は決まったものにします）",
    "a variable's value would be a program's name: the name has to be fixed",
)
_NESTED = Text(
    "値を受け取るテキストに、引用符の中の $(…) と `…` は使えません",
    "a text that is given values cannot have $(…) within quotes or `…`",
)
