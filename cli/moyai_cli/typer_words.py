"""Typer's own words in Japanese, and help that is wrapped where Typer would cut it.

Typer has no hook for either: its constants and a few functions of its modules are replaced, which a
test of every command's help and of every kind of error holds together (Typer is bound to one minor
version).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from types import ModuleType
from typing import TYPE_CHECKING, Any

from typer._click import Command, Context, HelpFormatter, decorators
from typer._click.exceptions import ClickException
from typer.core import TyperOption

from moyai.texts import Lang
from moyai_cli.when_loaded import when_loaded

if TYPE_CHECKING:
    from rich.markdown import Markdown
    from rich.text import Text

_CONSTANTS = {
    "ARGUMENTS_PANEL_TITLE": "引数",
    "OPTIONS_PANEL_TITLE": "オプション",
    "COMMANDS_PANEL_TITLE": "コマンド",
    "ERRORS_PANEL_TITLE": "誤り",
    "DEFAULT_STRING": "[既定: {}]",
    "ENVVAR_STRING": "[環境変数: {}]",
    "REQUIRED_LONG_STRING": "[必須]",
    "ABORTED_TEXT": "中止しました。",
    "RICH_HELP": "使い方は [blue]'{command_path} {help_option}'[/] で見られます。",
}
_USAGE = "使い方: "
_SHOW_HELP = "この説明を示して終わる"

_ERRORS = (
    (r"Missing argument (.+?)\.(?: Choose from:\s*(.*))?", r"引数 \1 が要ります。\2"),
    (r"Missing option (.+?)\.(?: Choose from:\s*(.*))?", r"オプション \1 が要ります。\2"),
    (r"Missing command\.", "コマンドが要ります。"),
    (r"No such command '(.+)'\.", r"コマンド「\1」はありません。"),
    (
        r"No such command '(.+)'\. Did you mean (.+)\?",
        r"コマンド「\1」はありません（近いもの: \2）。",
    ),
    (r"No such option: (\S+)", r"オプション \1 はありません。"),
    (
        r"No such option: (\S+) \(Possible options: (.+)\)",
        r"オプション \1 はありません（近いもの: \2）。",
    ),
    (r"Option '(.+)' requires an argument\.", r"オプション \1 には値が要ります。"),
    (r"Option '(.+)' does not take a value\.", r"オプション \1 に値は書けません。"),
    (r"Got unexpected extra argument\(s\) \((.+)\)", r"余分な引数があります: \1"),
)
_INVALID = re.compile(r"Invalid value for (.+?): (.+)", re.DOTALL)
_REASONS = (
    (r"Input should be a valid number, .+", "数ではありません。"),
    (r"Input should be a finite number", "有限の数ではありません。"),
    (r"Input should be a valid integer, .+", "整数ではありません。"),
    (r"Input should be greater than or equal to (\S+)", r"\1 以上にしてください。"),
    (r"Input should be less than or equal to (\S+)", r"\1 以下にしてください。"),
    (r"'(.+)' is not one of (.+)\.", r"「\1」は次のどれでもありません: \2"),
)
_PYDANTIC = "Value error, "


def install(lang: Lang) -> None:
    """Once a process, before the first command is made. Typer's pages stay unloaded until one is shown."""
    if lang == "ja":
        Context.formatter_class = _Formatter
        decorators.help_option = partial(_help_option, decorators.help_option)
    when_loaded("typer.rich_utils", partial(_word, lang))


def _word(lang: Lang, pages: ModuleType) -> None:
    translate = japanese if lang == "ja" else english
    replaced: dict[str, object] = {
        "rich_format_error": partial(_told, pages.rich_format_error, translate)
    }
    if lang == "ja":
        replaced |= _CONSTANTS
        replaced["_make_rich_text"] = partial(_wrapped, pages._make_rich_text)
    for name, value in replaced.items():
        setattr(pages, name, value)


def english(message: str) -> str:
    """An error's words without the name of the library that found it."""
    return message.replace(_PYDANTIC, "", 1)


def japanese(message: str) -> str:
    """An error's words in Japanese; as they are where the table does not know them."""
    message = english(message)
    invalid = _INVALID.fullmatch(message)
    if invalid is not None:
        return f"{invalid[1]} の値が正しくありません: {_of_table(invalid[2], _REASONS)}"
    return _of_table(message, _ERRORS)


def _of_table(words: str, table: tuple[tuple[str, str], ...]) -> str:
    for pattern, translation in table:
        found = re.fullmatch(pattern, words, re.DOTALL)
        if found is not None:
            return found.expand(translation)
    return words


def _wrapped(make: Callable[..., Markdown | Text], **settings: Any) -> Markdown | Text:
    from rich.text import Text

    from moyai_cli.japanese_lines import japanese_text

    text = make(**settings)
    return japanese_text(text) if isinstance(text, Text) else text


def _told(
    show: Callable[[ClickException], None], translate: Callable[[str], str], error: ClickException
) -> None:
    words = translate(error.format_message())
    error.format_message = lambda: words  # type: ignore[method-assign]
    show(error)


def _help_option(
    make: Callable[[list[str]], Callable[[Command], Command]], names: list[str]
) -> Callable[[Command], Command]:
    def decorate(command: Command) -> Command:
        made = make(names)(command)
        option = made.params[-1]
        assert isinstance(option, TyperOption)
        option.help = _SHOW_HELP
        return made

    return decorate


class _Formatter(HelpFormatter):
    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        super().write_usage(prog, args, _USAGE if prefix is None else prefix)
