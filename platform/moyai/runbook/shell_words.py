"""A shell's text as commands and words: what `sh`, `bash`, `dash` and `ash` all read in the same way. Pure.

Everything else is refused: where this and a shell could read a text differently, a value could be a program.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from moyai.texts import Text

_VARIABLE = re.compile(
    r"\$(?:\{(?:[A-Za-z_][A-Za-z0-9_]*|[0-9]+)\}|[A-Za-z_][A-Za-z0-9_]*|[0-9@*#?$!])"
)
_NUMBERS = frozenset({"$#", "$?", "$$", "$!"})
"""Variables that are whole numbers, whatever the values are."""
_PLAIN = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-./,:@%+=^~!")
_GLOB = frozenset("*?[]")
_BRACES = frozenset("{}")
_ENDS = frozenset({"", *" \t\n;&|<>"})
"""What comes after a word."""


class Refused(Exception):
    """A text that no value can be given to; `reason` says why, and how it is written otherwise."""

    def __init__(self, ja: str, en: str) -> None:
        super().__init__(en)
        self.reason = Text(ja, en)


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a command."""

    text: str
    """Without its quotes; variables as they are written."""
    variables: tuple[str, ...]
    """Those that can have a value in them, as they are written: `$1`, `${name}`."""
    bare: str
    """What stands before its first quote."""
    is_quoted: bool
    """Whether any of it is in quotes: then it is no keyword."""
    has_glob: bool
    """Whether a shell makes names of files of it."""

    @property
    def literal(self) -> str | None:
        """What it says where that is always the same."""
        return None if self.variables else self.text

    @property
    def has_many(self) -> bool:
        """Whether it becomes any number of words."""
        return any(one.strip("${}") == "@" for one in self.variables)


@dataclass(slots=True)
class _Part:
    """A word while it is read."""

    text: str = ""
    variables: list[str] = field(default_factory=list)
    bare: str | None = None
    has_glob: bool = False

    def word(self) -> Word:
        bare = self.text if self.bare is None else self.bare
        is_quoted = self.bare is not None
        return Word(self.text, tuple(self.variables), bare, is_quoted, self.has_glob)


@dataclass(slots=True)
class Scan:
    """One walk over a text. `commands`: the words of each, without its redirections. Raises `Refused`."""

    whole: str
    commands: list[list[Word]] = field(default_factory=lambda: [[]])
    _at: int = 0
    _part: _Part | None = None
    _redirection: str = ""

    def walk(self) -> Scan:
        """All of it."""
        if any((one < " " and one not in "\n\t") or one == "\x7f" for one in self.whole):
            raise Refused("制御文字は使えません", "it cannot have control characters")
        while self._at < len(self.whole):
            self._one(self.whole[self._at])
        self._separates()
        return self

    def _next(self) -> str:
        return self.whole[self._at + 1 : self._at + 2]

    def _now(self) -> _Part:
        if self._part is None:
            self._part = _Part()
        return self._part

    def _one(self, one: str) -> None:
        if one in " \t":
            self._ends_word()
        elif one in "\n;&|":
            self._operator(one)
        elif one in "<>":
            self._redirects(one)
            return
        elif one == "#" and self._part is None:
            end = self.whole.find("\n", self._at)
            self._at = len(self.whole) if end < 0 else end
            return
        elif one in "'\"":
            self._quoted(one)
            return
        elif one == "\\" and self._next() == "\n":  # the line goes on
            self._at += 1
        elif one == "$" and one + self._next() in _NUMBERS:
            self._now().text += one + self._next()
            self._at += 1
        else:
            self._bare(one)
        self._at += 1

    def _bare(self, one: str) -> None:
        if one == "$":
            raise _not_quoted(self.whole[self._at :])
        if one not in _PLAIN and one not in _GLOB and one not in _BRACES:
            raise Refused(
                f"引用符の外に「{one}」は使えません（サブシェル、$(…)、`…`、関数、case も）。{_OTHERWISE.ja}",
                f"'{one}' cannot stand outside quotes (no subshells, $(…), `…`, functions or case): "
                f"{_OTHERWISE.en}",
            )
        if one in _BRACES and (self._part is not None or self._next() not in _ENDS):
            raise Refused(
                "引用符の外の { } は、まとまりを囲む一つの語としてだけ使えます",
                "outside quotes { and } only group commands, each a word of its own",
            )
        part = self._now()
        part.text += one
        part.has_glob = part.has_glob or one in _GLOB

    def _operator(self, one: str) -> None:
        pair = one + self._next()
        if pair in (";;", "|&", "&>", ";&"):
            raise Refused(f"{pair} は使えません", f"it cannot have {pair}")
        self._separates()

    def _separates(self) -> None:
        self._ends_word()
        if self._redirection:
            raise Refused("リダイレクト先がありません", "a redirection has no target")
        self.commands.append([])

    def _redirects(self, one: str) -> None:
        part, sign = self._part, one
        if part is not None and part.bare is None and len(part.text) == 1 and part.text.isdigit():
            self._part = None
        self._ends_word()
        if self._redirection:
            raise Refused("リダイレクト先がありません", "a redirection has no target")
        if self._next() == "&":
            sign = "&"
        elif one + self._next() == ">>":
            sign = ">>"
        self._at += 1 if sign in "<>" else 2
        if self.whole[self._at : self._at + 1] in tuple("<>|&("):
            raise Refused(
                "リダイレクトは <、>、>>、2>&1 の形だけです（<<、<<<、<(…) は使えません）",
                "redirections are <, >, >> and 2>&1 only, not <<, <<< or <(…)",
            )
        self._redirection = sign

    def _ends_word(self) -> None:
        part, self._part = self._part, None
        if part is None:
            return
        word = part.word()
        if not self._redirection:
            self.commands[-1].append(word)
            return
        if self._redirection == "&" and not re.fullmatch(r"[0-9]|-", word.literal or ""):
            raise Refused(
                "& のあとは番号か - だけです", "after & of a redirection comes a number or -"
            )
        if word.has_many or word.has_glob:
            raise Refused(
                'リダイレクト先は "$1" のような一つの語にします',
                'a redirection\'s target is one word, as "$1"',
            )
        self._redirection = ""

    def _quoted(self, quote: str) -> None:
        part = self._now()
        if part.bare is None:
            part.bare = part.text
        self._at += 1
        while self.whole[self._at : self._at + 1] not in (quote, ""):
            one = self.whole[self._at]
            if quote == '"' and one in "\\$`":
                self._special(part, one)
            else:
                part.text += one
                self._at += 1
        if self._at >= len(self.whole):
            raise Refused("引用符が閉じていません", "a quote is not closed")
        self._at += 1

    def _special(self, part: _Part, one: str) -> None:
        """A backslash, a variable, or what is refused, within double quotes."""
        if one == "\\":
            following = self._next()
            if following in tuple('$`"\\'):
                part.text += following
            elif following != "\n":
                part.text += one
                self._at -= 1
            self._at += 2
            return
        found = _VARIABLE.match(self.whole, self._at)
        if found is None:
            raise Refused(
                f"変数は $1 か ${{名前}} の形だけで、`…`、$(…)、$((…))、${{…}} の書き換えは使えません。"
                f"{_OTHERWISE.ja}",
                f"variables are written $1 or ${{name}} only, without `…`, $(…), $((…)) or changes "
                f"within ${{…}}: {_OTHERWISE.en}",
            )
        part.text += found[0]
        if found[0] not in _NUMBERS:
            part.variables.append(found[0])
        self._at = found.end()


_OTHERWISE = Text(
    "それが要るものは、スクリプトのファイルにして [sh, ファイル, 値] と書きます",
    "put what needs them into a script's file, [sh, FILE, value]",
)


def _not_quoted(rest: str) -> Refused:
    found = _VARIABLE.match(rest)
    if found is None:
        return Refused(
            f"$(…)、$((…))、$'…'、${{…}} の書き換えは使えません。{_OTHERWISE.ja}",
            f"it cannot have $(…), $((…)), $'…' or changes within ${{…}}: {_OTHERWISE.en}",
        )
    return Refused(
        f'{found[0]} は二重引用符の中に書きます（"{found[0]}"）',
        f'{found[0]} has to stand in double quotes: "{found[0]}"',
    )
