"""Whether values in a shell's text can be made safe by quoting them. Pure.

A value is put between single quotes, which keep every character, wherever it stands as a word or part of one.
That is nothing within other quotes, here-documents, arithmetic, or where its word is read a second time; such
places are refused, and what is not understood for certain counts as such a place.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from moyai.runbook.shells import INTERPRETERS, OTHER_SHELLS, READ_TEXT, SHELLS, WRAPPERS, name_of
from moyai.texts import Text

VALUE = None
"""In a text's pieces: a value stands here."""
_TWICE = frozenset(
    {"eval", ".", "source", "trap", "alias", "ssh", *SHELLS, *OTHER_SHELLS, *READ_TEXT}
)
"""Commands that read words as a program once more."""
_LATER = frozenset({"trap", "alias"})
"""Of these, such as mostly have words of the text's own: `trap 'rm -f x' EXIT`."""
_NAMES = frozenset({"let", "read", "unset", "getopts", "mapfile", "readarray", "complete", "bind"})
"""Commands that read words as names, in which bash looks for commands: `a[$(…)]`."""
_DECLARES = frozenset({"declare", "typeset", "local", "export", "readonly"})
"""The same, but for the value of `NAME=value`."""
_COMPUTES = frozenset({"exit", "return", "shift", "integer", "float"})
"""Commands whose words some shells take for arithmetic, in which they look for commands in the same way."""
_COMPUTES_BY = re.compile(r"-(?:v|R|eq|ne|lt|le|gt|ge)\Z|.*%[-+ #0-9.*]*[diouxXeEfgG]")
"""The words by which `test` and `printf` do so."""
_GOES_ON = frozenset(
    {
        "if",
        "then",
        "else",
        "elif",
        "while",
        "until",
        "do",
        "!",
        "{",
        "exec",
        "command",
        "builtin",
        *WRAPPERS,
    }
)
"""Words after which a command's name comes."""
_ASSIGNED = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\+?=")
_PLAIN_EXPANSION = re.compile(r"\{[A-Za-z0-9_@*]+\}")
_VARIABLE = re.compile(r"\$(?:[A-Za-z0-9_]|\{[A-Za-z0-9_])")
_ELSEWHERE = Text(
    '値はテキストのあとの引数にして、テキストでは "$1" と書いてください',
    'give the value as an argument after the text, and write "$1" in it',
)


@dataclass(slots=True)
class _Scan:
    """One walk over a text; `wrong` is why a value cannot be where one is."""

    wrong: Text | None = None
    words: set[str] = field(default_factory=set)
    unsure: Text | None = None
    """What makes all of the text doubtful, where it has values."""
    takers: set[str] = field(default_factory=set)
    """Commands with values among their words."""
    runs_variable: bool = False
    """Whether a command's name is a variable's value."""
    bare: bool = False
    """Whether a value is anything but the right side of an assignment."""
    _quote: str = ""
    _word: str | None = None
    _names_command: bool = True
    _is_target: bool = False
    _command: str = ""
    _last: str = ""

    def value(self) -> None:
        """A value stands here."""
        word = self._word or ""
        if self._quote == "#":
            self._refuse(Text("値が注釈の中にあります", "a value is within a comment"))
        elif self._quote:
            self._refuse(Text("値が引用符の中にあります", "a value is within quotes"))
        elif self._last in ("$", "\\"):
            self._refuse(Text(f"値の前に {self._last} があります", f"a value follows {self._last}"))
        elif self._names_command and not self._is_target and not _ASSIGNED.match(word):
            self._refuse(
                Text("値がプログラムの名前になります", "a value would be a program's name")
            )
        if not self._names_command:
            self.takers.add(self._command)
        self.bare = self.bare or not _ASSIGNED.match(word)
        self._word = word + "\0"
        self._last = ""

    def _refuse(self, why: Text) -> None:
        self.wrong = self.wrong or why

    def text(self, words: str) -> None:
        """What the runbook's author wrote."""
        at = 0
        while at < len(words):
            at += self._one(words, at)

    def end(self) -> None:
        """The text is over."""
        self._ends_word()
        if self._quote not in ("", "#"):
            self._doubt("quotes that are not closed", "閉じていない引用符")

    def _doubt(self, en: str, ja: str) -> None:
        self.unsure = self.unsure or Text(
            f"値のあるテキストに{ja}は使えません", f"a text with values cannot have {en}"
        )

    def _one(self, words: str, at: int) -> int:
        """One character, or those that go with it; how many."""
        one, rest = words[at], words[at + 1 :]
        if self._quote == "#":
            self._comment(one)
            return 1
        if self._quote == "'":
            self._quoted(one, "'")
            return 1
        self._look(one, rest)
        if one == "\\":
            self._word = (self._word or "") + rest[:1]
            self._last = "" if rest else "\\"
            return 2
        if self._quote == '"':
            self._quoted(one, '"')
            return 1
        self._unquoted(one)
        return 1

    def _comment(self, one: str) -> None:
        if one == "\n":
            self._quote = ""
            self._unquoted(one)
        elif one in "'\"`":
            self._doubt("quotes in comments", "引用符のある注釈")

    def _quoted(self, one: str, mark: str) -> None:
        if one == mark:
            self._quote = ""
        else:
            self._word = (self._word or "") + one
        self._last = "" if one == mark else one

    def _look(self, one: str, rest: str) -> None:
        """Notice what this does not follow."""
        if one == "`":
            self._doubt("`…`", " `…` ")
        elif one == "$" and rest[:1] == "{" and not _PLAIN_EXPANSION.match(rest):
            self._doubt("${…} with operators", "演算のある ${…} ")
        elif one == "$" and rest[:1] == "(" and self._quote == '"':
            self._doubt("$(…) within quotes", "引用符の中の $(…) ")
        elif one == "$" and rest[:1] in ("'", '"', "[") and not self._quote:
            self._doubt("$'…', $\"…\" and $[…]", " $'…'、$\"…\"、$[…] ")
        elif not self._quote and one + rest[:1] in ("((", "[["):
            self._doubt("((…)) and [[…]]", " ((…)) と [[…]] ")
        elif not self._quote and one + rest[:1] == "<<":
            self._doubt("here-documents", "ヒアドキュメント")

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
        self._last = one

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
            self._command = name_of(word) or word
            self.runs_variable = self.runs_variable or bool(_VARIABLE.match(word))


def why_unsafe(pieces: Sequence[str | None], *, has_arguments: bool) -> Text | None:
    """Why a shell's text with values (`VALUE`) cannot be made safe; None: quoting each value does it.

    `has_arguments`: whether words after the text have values.
    """
    scan = _Scan()
    for piece in pieces:
        if piece is VALUE:
            scan.value()
        else:
            scan.text(piece)
    scan.end()
    if scan.runs_variable and (VALUE in pieces or has_arguments):
        return _RUNS_VARIABLE
    names = {name_of(word) or word for word in scan.words}
    twice = names & _TWICE
    if VALUE not in pieces:
        twice -= _LATER
        return _read_again(twice) if has_arguments and twice else None
    found = scan.unsure or scan.wrong
    if found is None:
        twice |= names & {*_NAMES, *INTERPRETERS}
        twice |= names & _DECLARES if scan.bare else set()
        if any(_COMPUTES_BY.match(word) for word in scan.words):
            twice |= names & {"test", "["} | scan.takers & {"printf"}
        twice |= scan.takers & _COMPUTES
        return _read_again(twice) if twice else None
    return Text(f"{found.ja}（{_ELSEWHERE.ja}）", f"{found.en}: {_ELSEWHERE.en}")


def _read_again(names: set[str]) -> Text:
    first = sorted(names)[0]
    return Text(
        f"{first} が値をもう一度読むので、引用しても安全になりません",
        f"{first} would read a value once more, so that no quoting makes it safe",
    )


_RUNS_VARIABLE = Text(
    "変数の値がプログラムの名前になります（名前は決まったものにします）",
    "a variable's value would be a program's name: the name has to be fixed",
)
