"""Which of a command's words a shell or another interpreter reads as a program. Pure.

Only what is certain by a program's name is known here: shells, also through `env`, `sudo`, `xargs`, `ssh` and
the like, and interpreters that take a program as an argument.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from enum import Enum, auto

from moyai.runbook.code_options import (
    ALL_CODE,
    BEFORE_SUBCOMMAND,
    CODE_OPTIONS,
    CONTAINER_COMMANDS,
    CONTAINERS,
    PLAIN,
    STARTERS,
    SUBCOMMANDS,
    after_options,
    is_option,
    is_within_option,
)

SHELLS = frozenset({"sh", "bash", "dash", "ash"})
"""They read one of their words as a program, and know the words after it as `$1` and on."""
OTHER_SHELLS = frozenset(
    {
        *(
            "zsh",
            "ksh",
            "mksh",
            "csh",
            "tcsh",
            "fish",
            "pwsh",
            "powershell",
            "nu",
            "elvish",
            "xonsh",
        ),
        "osh",
    }
)
"""Shells with rules of their own: no value can be in any of their words."""
INTERPRETERS: Mapping[str, frozenset[str]] = {
    "python": frozenset({"-c", "-m"}),
    "pypy": frozenset({"-c", "-m"}),
    "ruby": frozenset({"-e"}),
    "node": frozenset({"-e", "-p", "--eval", "--print"}),
    "php": frozenset({"-r"}),
    "lua": frozenset({"-e"}),
    "osascript": frozenset({"-e"}),
    "awk": frozenset(),
    "gawk": frozenset(),
    "mawk": frozenset(),
    "sed": frozenset({"-e", "--expression"}),
    "psql": frozenset({"-c", "--command"}),
    "mysql": frozenset({"-e", "--execute"}),
    "jq": frozenset(),
    "Rscript": frozenset({"-e"}),
    "julia": frozenset({"-e", "-E", "--eval", "--print"}),
    "java": frozenset(),
}
"""By name without its version: the options after which a program comes; else it is the first operand."""
_ENDS_WITH_CODE = frozenset({"python", "pypy", "jq"})
"""Words after the first program are its arguments, also such options."""
_CLIENTS = frozenset({"psql", "mysql"})
"""Their first operand is no program."""
WRAPPERS: Mapping[str, tuple[frozenset[str], int]] = {
    "busybox": (frozenset(), 0),
    "chroot": (frozenset(), 1),
    "chrt": (frozenset(), 1),
    "doas": (frozenset({"-u", "-C"}), 0),
    "env": (frozenset({"-u", "-C", "--unset", "--chdir"}), 0),
    "flock": (frozenset({"-w", "-E"}), 1),
    "ionice": (frozenset({"-c", "-n"}), 0),
    "nice": (frozenset({"-n"}), 0),
    "nohup": (frozenset(), 0),
    "numactl": (frozenset(), 0),
    "prlimit": (frozenset(), 0),
    "setpriv": (frozenset(), 0),
    "setsid": (frozenset(), 0),
    "stdbuf": (frozenset({"-i", "-o", "-e"}), 0),
    "taskset": (frozenset(), 1),
    "sudo": (frozenset({"-u", "-g", "-h", "-p", "-C", "-T", "-r", "-t", "-D", "-R", "-U"}), 0),
    "time": (frozenset({"-f", "-o"}), 0),
    "timeout": (frozenset({"-k", "-s", "--kill-after", "--signal"}), 1),
    "xargs": (frozenset({"-I", "-n", "-P", "-L", "-s", "-d", "-a", "-E"}), 0),
}
"""Programs that start another: their options with a word of their own, and the operands before its name."""
_AMONG_OTHERS = frozenset({"find", "moyai", *CONTAINERS, *STARTERS})
"""Programs that start another somewhere among their words."""
_SHELL_OPTIONS = frozenset({"-o", "+o", "-O", "+O", "--rcfile", "--init-file"})
_ASSIGNED = re.compile(r"[A-Za-z_][A-Za-z0-9_]*=")


_KNOWN = frozenset({*SHELLS, *OTHER_SHELLS, *ALL_CODE, *INTERPRETERS, *WRAPPERS, *_AMONG_OTHERS})
_ANYWHERE = frozenset({*SHELLS, *OTHER_SHELLS, "ssh", "sudo", "env", "xargs"})
"""Wherever one of them stands among the words of a program that is not known here, it may be started."""


class Reader(Enum):
    """Who reads a word."""

    PROGRAM = auto()
    """The program, as it is."""
    SHELL = auto()
    """A shell, as a program or a part of one: no value can be in it, those after it are `$1` and on."""
    CODE = auto()
    """Something that reads it as a program, an option or a program's name: no value can be in it."""


@dataclass(frozen=True, slots=True)
class Readings:
    """Who reads each word of a command."""

    of: tuple[Reader, ...]
    text: range
    """The words that are one shell's text together; empty: there is none."""
    fixed: int
    """So many words have to be there always, as the others are read by them."""


def name_of(word: str) -> str:
    """A program's name without its folder and version."""
    return word.rpartition("/")[2].rstrip("0123456789.")


def readings(words: Sequence[str]) -> Readings:
    """Who reads each of a command's words; templates are words as they are written."""
    found = _read(words, 0)
    after = after_options(words, map(name_of, words))
    marks = list(found.of)
    for place in after:
        if marks[place] is Reader.PROGRAM:
            marks[place] = Reader.CODE
    return Readings(tuple(marks), found.text, max(found.fixed, *(one + 1 for one in after), 0))


def _read(words: Sequence[str], at: int) -> Readings:
    """From the program's name on."""
    name = name_of(words[at]) if at < len(words) else ""
    if name in SHELLS:
        return _shell(words, at)
    if name in OTHER_SHELLS or name in ALL_CODE:
        return _marked(words, code=range(at, len(words)), fixed=at + 1)
    if name in INTERPRETERS:
        return _interpreter(words, at, name)
    if name in WRAPPERS:
        return _wrapper(words, at, name)
    starts = [i for i in range(at, len(words)) if words[i] in CODE_OPTIONS["find"]]
    if name == "find" and len(starts) > 1:  # each of them may be a shell's
        return _marked(words, code=range(starts[0], len(words)), fixed=starts[0] + 1)
    inner = _next_known(words, at + 1, _KNOWN if name in _AMONG_OTHERS else _ANYWHERE)
    if inner is not None and words[at].rpartition("/")[2] not in PLAIN:
        return _read(words, inner)
    if name in STARTERS or (name in CONTAINERS and CONTAINER_COMMANDS & set(words[at:])):
        return _marked(words, code=range(at, len(words)), fixed=at + 1)
    if name in SUBCOMMANDS:
        end = _operand(words, at + 1, BEFORE_SUBCOMMAND | CODE_OPTIONS.get(name, frozenset())) + 1
        return _marked(words, code=range(at, end), fixed=end)
    return _marked(words, code=range(at, at + 1), fixed=at + 1 if at else 0)


def _next_known(words: Sequence[str], at: int, known: Set[str]) -> int | None:
    return next((i for i in range(at, len(words)) if name_of(words[i]) in known), None)


def _marked(words: Sequence[str], *, code: range, text: range = range(0), fixed: int) -> Readings:
    marks = [Reader.PROGRAM] * len(words)
    for i in code:
        if i < len(words):
            marks[i] = Reader.CODE
    for i in text:
        marks[i] = Reader.SHELL
    return Readings(tuple(marks), text, min(fixed, len(words)))


def _operand(words: Sequence[str], at: int, valued: frozenset[str]) -> int:
    """Where the first word is that is no option, nor one's own word."""
    while at < len(words) and words[at].startswith(("-", "+")) and words[at] != "--":
        at += 2 if words[at] in valued else 1
    return at + 1 if at < len(words) and words[at] == "--" else at


def _shell(words: Sequence[str], at: int) -> Readings:
    operand = _operand(words, at + 1, _SHELL_OPTIONS)
    options = words[at + 1 : operand]
    has_text = any(re.match(r"[-+][A-Za-z]*c", one) for one in options)
    if not has_text:  # a script's name, or nothing
        return _marked(words, code=range(at, operand + 1), fixed=operand + 1)
    text = range(operand, min(operand + 1, len(words)))
    return _marked(words, code=range(at, operand), text=text, fixed=operand + 1)


def _interpreter(words: Sequence[str], at: int, name: str) -> Readings:
    options = INTERPRETERS[name]
    places = [
        i
        for i in range(at + 1, len(words))
        if is_option(words[i], options) or is_within_option(words[i], options)
    ]
    code = [at]
    if places:
        last = places[0] if name in _ENDS_WITH_CODE else places[-1]
        code += range(at, last + 2)
    elif name not in _CLIENTS:
        code += range(at, _operand(words, at + 1, frozenset({"-f", "-v", "-F"})) + 1)
    end = max(code) + 1
    return _marked(words, code=range(at, end), fixed=end)


def _wrapper(words: Sequence[str], at: int, name: str) -> Readings:
    valued, operands = WRAPPERS[name]
    inner = _operand(words, at + 1, valued)
    if name == "flock" and "-c" in words[at + 1 :]:
        return _marked(words, code=range(at, len(words)), fixed=at + 1)
    split = [i for i in range(at, inner) if re.match(r"-S|--split", words[i])]
    if name == "env" and split:
        return _marked(words, code=range(at, len(words)), fixed=at + 1)
    if any(
        re.match(r"-+\{", one) for one in words[at + 1 : inner]
    ):  # which option, a value would say
        return _marked(words, code=range(at, len(words)), fixed=at + 1)
    inner += operands
    while inner < len(words) and _ASSIGNED.match(words[inner]):
        inner += 1
    options = [one for one in words[at + 1 : inner] if one.startswith("-") and "=" not in one]
    if any(one not in valued for one in options):
        # An option that is not known here may have a word of its own: that would not be the program.
        known = _next_known(words, inner, _KNOWN)
        return _read(words, inner if known is None else known)
    return _read(words, inner)
