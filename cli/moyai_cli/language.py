"""Which language the command speaks: `--lang`, then MOYAI_LANG, then the locale, then English.

Decided before any command is loaded, because help texts are fixed when a command is declared.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from typing import cast, get_args

from moyai.errors import UsageError
from moyai.texts import Lang, Text, same

_LANGUAGES: tuple[str, ...] = get_args(Lang)
_LOCALE_VARIABLES = ("MOYAI_LANG", "LC_ALL", "LC_MESSAGES", "LANG")


def choose(arguments: Sequence[str], environ: Mapping[str, str]) -> tuple[Lang, list[str]]:
    """The language, and the arguments without `--lang`. Raises `UsageError` for another one."""
    rest: list[str] = []
    asked: str | None = None
    pending = iter(arguments)
    for argument in pending:
        if argument == "--":
            rest += [argument, *pending]
        elif argument == "--lang":
            asked = next(pending, "")
        elif argument.startswith("--lang="):
            asked = argument.removeprefix("--lang=")
        else:
            rest.append(argument)
    if asked is not None:
        if asked not in _LANGUAGES:
            raise UsageError(
                Text(
                    f"--lang は {' か '.join(_LANGUAGES)} です（「{asked}」でした）。",
                    f"--lang takes {' or '.join(_LANGUAGES)}, not '{asked}'.",
                )
            )
        return cast("Lang", asked), rest
    return _of_locale(environ), rest


def _of_locale(environ: Mapping[str, str]) -> Lang:
    for variable in _LOCALE_VARIABLES:
        value = environ.get(variable, "")
        if value:
            return "ja" if value.lower().startswith("ja") else "en"
    return "en"


def _at_start() -> Lang:
    try:
        return choose(sys.argv[1:], os.environ)[0]
    except UsageError:
        return _of_locale(os.environ)


LANG: Lang = _at_start()


def say(ja: str, en: str) -> str:
    """A sentence in the language of this run."""
    return Text(ja, en).of(LANG)


def of(text: Text | str) -> str:
    """A text in the language of this run."""
    return (text if isinstance(text, Text) else same(text)).of(LANG)
