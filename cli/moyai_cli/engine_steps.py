"""Getting the engine with its steps on the screen: one moving line on a terminal, lines in a pipe."""

from __future__ import annotations

import sys

import typer
from rich.console import Console
from rich.text import Text

from moyai.engine import toolchain
from moyai_cli.language import LANG, say

_MOVING = ("downloading", "compiling")


def get_engine(*, thorough: bool = False) -> toolchain.Engine:
    """The engine; what happens on the way goes to standard error.

    Raises `OperationFailed` where it cannot be had.
    """
    found = toolchain.find(thorough=thorough)
    if found is not None:
        return found
    if not sys.stderr.isatty():
        return toolchain.ensure(lambda step: typer.echo(step.of(LANG), err=True), thorough=thorough)
    console = Console(stderr=True, highlight=False)
    start = say("エンジンを用意しています。", "Getting the engine.")
    with console.status(start) as status:

        def show(step: toolchain.Step) -> None:
            words = Text(step.of(LANG))  # no markup: these may be a foreign program's words
            if step.kind not in _MOVING:
                console.print(words)
            status.update(words)

        return toolchain.ensure(show, thorough=thorough)
