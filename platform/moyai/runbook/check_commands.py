"""Whether a step's command is one that there is, with options that it has. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from itertools import pairwise

from moyai.registry.words import not_known
from moyai.runbook.file_model import FileArgument
from moyai.texts import Text

Commands = Mapping[tuple[str, ...], Set[str]]
"""Each command of `moyai` by its words, `("cost", "check")`, with its options: `--site`, `-o`."""

MOYAI = "moyai"


def check_command(
    run: tuple[FileArgument, ...], commands: Commands | None, *, needs_json: bool
) -> Iterator[tuple[int, Text]]:
    """What is wrong with a command: the place of its argument, and why."""
    words = [(number, word) for number, part in enumerate(run) for word in part.then]
    first = run[0]
    if not first.then[0].strip():
        yield 0, Text("プログラムの名前が空です", "the program's name is empty")
        return
    for number, word in words:
        if "\0" in word:
            yield number, Text("引数に NUL は使えません", "no argument can have a NUL in it")
    if first.if_ or first.each or "{" in first.then[0]:
        yield (
            0,
            Text("プログラムの名前は決まったものにします", "the program's name has to be fixed"),
        )
        return
    if first.then[0] != MOYAI:
        if needs_json:
            yield 0, Text("点検は moyai のコマンドで行います", "a check is a command of moyai")
        return
    if needs_json and not _answers_json([word for _, word in words]):
        yield 0, Text("点検には --output json が要ります", "a check needs --output json")
    if commands is not None:
        yield from _against(run, commands)


def _answers_json(words: list[str]) -> bool:
    pairs = pairwise(words)
    return "--output=json" in words or any(
        option in ("--output", "-o") and value == "json" for option, value in pairs
    )


def _against(run: tuple[FileArgument, ...], commands: Commands) -> Iterator[tuple[int, Text]]:
    fixed: list[str] = []
    for part in run:
        if part.if_ or part.each or any("{" in word for word in part.then):
            break
        fixed += part.then
    path = _longest(tuple(fixed[1:]), commands)
    if path is None:
        wanted = fixed[1:3]
        groups = {" ".join(one) for one in commands}
        yield (
            min(1, len(run) - 1),
            not_known(" ".join(wanted), groups, "moyai のコマンド", "command of moyai"),
        )
        return
    options = commands[path] | {"--help", "--lang"}
    for number, part in enumerate(run):
        for word in part.then:
            option = word.partition("=")[0]
            if option.startswith("-") and "{" not in option and option not in options:
                yield number, not_known(option, options, "オプション", "option")


def _longest(words: tuple[str, ...], commands: Commands) -> tuple[str, ...] | None:
    for length in range(len(words), 0, -1):
        if words[:length] in commands:
            return words[:length]
    return None
