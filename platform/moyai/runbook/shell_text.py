"""Whether a shell's fixed text may be given values (`"$1"`): only where they are nothing but words. Pure.

It is told by what is known to be plain, as no list of what reads words as programs would be whole: simple
commands of programs that read none of their words, nor what comes to them by a pipe, as a program.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise

from moyai.runbook.code_options import CODE_OPTIONS, PLAIN, is_option, is_within_option
from moyai.runbook.shell_words import Refused, Scan, Word
from moyai.texts import Text

_KEYWORDS = frozenset(
    {"if", "then", "else", "elif", "fi", "while", "until", "do", "done", "!", "{", "}"}
)
"""A command comes after them, or nothing."""
_ASSIGNED = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)=")
_NAME = re.compile(r"[a-z_][a-z0-9_]*")
"""Of a variable: those in capitals mean something to shells and to programs (`PATH`, `PS4`, `LD_PRELOAD`)."""
_SET_ALWAYS = frozenset({"LC_ALL", "LANG", "TZ", "IFS"})
"""In capitals, and of one fixed value."""
_FOLDERS = frozenset(
    {"", "/bin/", "/sbin/", "/usr/bin/", "/usr/sbin/", "/usr/local/bin/", "/opt/homebrew/bin/"}
)
_FILE_TESTS = frozenset(f"-{one}" for one in "nzefdrwxsLhpSbcugk")
_STRING_TESTS = frozenset({"=", "==", "!=", "-nt", "-ot", "-ef"})
_NUMBER_TESTS = frozenset({"-eq", "-ne", "-lt", "-le", "-gt", "-ge"})
_FORMAT = re.compile(r"(?:[^%]|%%|%-?[0-9]*(?:\.[0-9]+)?[sb])*", re.DOTALL)
_SET = re.compile(r"[-+][efuxC]*o?|pipefail|errexit|nounset|noglob|noclobber")
_CAREFUL: Mapping[str, frozenset[str]] = {
    "curl": frozenset(
        {"--url", "--data", "--data-raw", "--data-urlencode", "--form-string", "--header"}
        | {"--output", "--max-time", "--user-agent", "-d", "-o", "-H", "-F", "-A", "-m"}
    ),
    "find": frozenset(
        {"-name", "-iname", "-path", "-ipath", "-newer", "-user", "-group", "-mtime"}
    ),
    "sort": frozenset({"-k", "-t", "-o", "-T", "-S"}),
}
"""Programs with options that start another: where values can be no option, and right after these."""
_STARTERS: Mapping[str, tuple[frozenset[str], int]] = {
    "exec": (frozenset(), 0),
    "command": (frozenset(), 0),
    "nohup": (frozenset(), 0),
    "nice": (frozenset({"-n"}), 0),
    "sudo": (frozenset({"-u"}), 0),
    "timeout": (frozenset({"-k", "-s"}), 1),
}
"""Their options with a word of their own, and the operands before the program's name: all of them fixed."""


def why_unsafe(text: str) -> Text | None:
    """Why no value can be an argument of a shell's text, with how to write it otherwise; None: one can."""
    try:
        for words in Scan(text).walk().commands:
            _command(words)
    except Refused as refused:
        return refused.reason
    return None


def _command(words: Sequence[Word]) -> None:
    at = 0
    while at < len(words) and not words[at].is_quoted and words[at].text in _KEYWORDS:
        at += 1
    if at < len(words) and not words[at].is_quoted and words[at].text == "for":
        _loop(words[at:])
        return
    while at < len(words) and (found := _ASSIGNED.match(words[at].bare)):
        _assigned(found[1], words[at])
        at += 1
    if at < len(words):
        _program(words[at:])


def _loop(words: Sequence[Word]) -> None:
    """`for NAME` or `for NAME in WORDS`."""
    if len(words) < 2 or not _NAME.fullmatch(words[1].bare) or words[1].is_quoted:
        raise Refused("for のあとは小文字の名前です", "after for comes a name in small letters")
    if len(words) > 2 and (words[2].is_quoted or words[2].text != "in"):
        raise Refused(
            "for は「for 名前 in 語…」の形で書きます", "a loop is written for NAME in WORDS"
        )


def _assigned(name: str, word: Word) -> None:
    if word.has_many:
        raise Refused('"$@" は代入できません', '"$@" cannot be assigned')
    if not (_NAME.fullmatch(name) or (name in _SET_ALWAYS and not word.variables)):
        raise Refused(
            f"変数 {name} には代入できません（名前は小文字にします。大文字のものはシェルなどが読みます）",
            f"{name} cannot be assigned: use a name in small letters, as shells and programs read those in "
            "capitals",
        )


def _program(words: Sequence[Word]) -> None:
    first = words[0].literal
    if first is None:
        raise Refused(
            "変数の値がプログラムの名前になります（名前は決まったものにします）",
            "a variable's value would be a program's name: the name has to be fixed",
        )
    folder, slash, last = first.rpartition("/")
    name = last if folder + slash in _FOLDERS else first
    if name in _STARTERS:
        _started(name, words)
    elif name in _RULES:
        _RULES[name](words)
    elif name in _CAREFUL:
        _careful(name, words)
    elif name not in PLAIN:
        raise _not_plain(name)


def _started(name: str, words: Sequence[Word]) -> None:
    valued, operands = _STARTERS[name]
    at = 1
    if name == "command" and len(words) > 1 and words[1].literal == "-v":
        _literal(words)
        return
    while at < len(words) and (words[at].literal or "").startswith("-"):
        option = words[at].literal
        if option not in valued and option not in ("--", "-n"):
            raise Refused(
                f"{name} の {option} は使えません", f"{name} cannot have {option} in such a text"
            )
        at += 2 if option in valued else 1
        if option == "--":
            break
    at += operands
    _literal(words[:at])
    if at < len(words):
        _program(words[at:])


def _literal(words: Sequence[Word]) -> None:
    if any(one.variables or one.has_glob for one in words):
        name = words[0].text
        raise Refused(
            f"{name} のここの語は決まったものにします",
            f"what stands here after {name} has to be fixed",
        )


def _test(words: Sequence[Word]) -> None:
    """`test` and `[` with one comparison: shells compute what stands at an operator's place."""
    asked = list(words[1:])
    if words[0].text == "[" and (not asked or asked.pop().literal != "]"):
        raise Refused("[ に ] がありません", "a [ has no ]")
    if asked and asked[0].literal == "!":
        del asked[0]
    if len(asked) == 2:
        is_known = asked[0].literal in _FILE_TESTS
    elif len(asked) == 3 and asked[1].literal in _NUMBER_TESTS:
        is_known = asked[0].literal is not None and asked[2].literal is not None
    else:
        is_known = len(asked) < 2 or (len(asked) == 3 and asked[1].literal in _STRING_TESTS)
    if not is_known or any(one.has_many or one.has_glob for one in asked):
        raise Refused(
            'test と [ は、"$1" = 語、"$1" != 語、-n、-z、-e、-f、-d などの一つだけです'
            "（値を数として比べません。二つは && でつなぎます）",
            'test and [ have one of "$1" = WORD, "$1" != WORD, -n, -z, -e, -f, -d and the like, with no value '
            "as a number; join two by &&",
        )


def _printf(words: Sequence[Word]) -> None:
    given = words[2:] if len(words) > 1 and words[1].literal == "--" else words[1:]
    form = given[0].literal if given else None
    if (
        form is None
        or given[0].has_glob
        or (form.startswith("-") and len(given) == len(words) - 1)
        or not _FORMAT.fullmatch(form)
    ):
        raise Refused(
            "printf の書式は決まったもので、%s、%b、%% だけを使います（printf '%s\\n' \"$1\"）",
            "printf's format has to be fixed, with %s, %b and %% only: printf '%s\\n' \"$1\"",
        )


def _trap(words: Sequence[Word]) -> None:
    _literal(words)
    action = words[1].text if len(words) > 1 else ""
    if action == "-":
        return
    why = why_unsafe(action)
    if why is not None or action.startswith("-"):
        raise Refused(
            f"trap のテキスト: {why.ja if why else action}",
            f"trap's text: {why.en if why else action}",
        )


def _set(words: Sequence[Word]) -> None:
    if not all(_SET.fullmatch(one.literal or "") for one in words[1:]):
        raise Refused(
            "set は set -eu のように、決まったオプションだけです",
            "set has fixed options only, as set -eu",
        )


def _read(words: Sequence[Word]) -> None:
    names = words[2:] if len(words) > 1 and words[1].literal == "-r" else words[1:]
    if not names or not all(_NAME.fullmatch(one.literal or "") for one in names):
        raise Refused(
            "read は read -r 名前（小文字）の形だけです",
            "read is written read -r NAME, in small letters",
        )


def _moyai(words: Sequence[Word]) -> None:
    if len(words) > 1 and (words[1].literal is None or words[1].has_glob):
        raise Refused(
            "moyai に続く語は決まったものにします", "the words after 'moyai' have to be fixed"
        )
    if any(one.text == "psql" for one in words):
        raise Refused(
            "moyai sandbox psql は、値を受け取るテキストでは使えません",
            "moyai sandbox psql cannot stand in a text that is given values",
        )


def _careful(name: str, words: Sequence[Word]) -> None:
    is_past = False
    options = CODE_OPTIONS[name]
    for before, one in pairwise(words):
        said = one.literal
        if said is not None and (is_option(said, options) or is_within_option(said, options)):
            raise Refused(
                f"{name} の {said} は、値を受け取るテキストでは使えません",
                f"{name} cannot have {said} in a text that is given values",
            )
        is_past = is_past or before.literal == "--"
        is_safe = is_past or before.literal in _CAREFUL[name] or _is_no_option(one)
        if one.has_glob or one.has_many or (one.variables and not is_safe):
            raise Refused(
                f'{name} では、値は一つずつ "$1" か -- のあとに書きます（ほかの文字で始まる語も使えます）',
                f'{name} takes values one by one, as "$1", after --, or in a word that begins otherwise',
            )


def _is_no_option(one: Word) -> bool:
    """No value begins with a dash, but what is made of others can."""
    if re.fullmatch(r"\$[1-9]|\$\{[1-9]\}", one.text) and one.variables == (one.text,):
        return True
    return not one.text.startswith(("-", "$"))


_RULES: Mapping[str, Callable[[Sequence[Word]], None]] = {
    "test": _test,
    "[": _test,
    "printf": _printf,
    "trap": _trap,
    "set": _set,
    "read": _read,
    "moyai": _moyai,
    **dict.fromkeys(("exit", "break", "continue", "shift", "wait", "umask"), _literal),
}


def _not_plain(name: str) -> Refused:
    shown = name if len(name) <= 40 else name[:39] + "…"
    return Refused(
        f"{shown} は、値を受け取るシェルのテキストでは使えません（値をプログラムとして読まないと分かっている"
        "echo、printf、test、cat、cp、rm、grep、logger、moyai などだけ）。シェルを通さない手順 "
        '[プログラム, "{{ 名前 }}"] か、スクリプトのファイル [sh, ファイル, "{{ 名前 }}"] にします',
        f"{shown} cannot stand in a shell's text that is given values: only programs that are known to read "
        "none as a program can, as echo, printf, test, cat, cp, rm, grep, logger and moyai. Make it a step "
        'without a shell, [PROGRAM, "{{ name }}"], or a script\'s file, [sh, FILE, "{{ name }}"]',
    )
