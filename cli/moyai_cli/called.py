"""The command as it was called, for hints and sentences that can be copied."""

from __future__ import annotations

import os
import re
import shutil
import sys
from pathlib import Path

import typer

from moyai_cli.language import say
from moyai_cli.table import COMMANDS

NAME = "moyai"
_COMMAND = re.compile(
    rf"(?<![A-Za-z0-9_./-]){NAME}(?= (?:{'|'.join(map(re.escape, COMMANDS))})(?![A-Za-z0-9_-]))"
)
"""The name where one of its commands follows, and nothing that makes another word or a path of it."""


def called(script: str, folder: Path, path: str | None) -> str:
    """`moyai` where PATH brings up this very script; its path from `folder`, if it lies below."""
    place = Path(os.path.abspath(script))  # noqa: PTH100 - a virtual environment's links stay
    if place.name != NAME or not place.is_file():
        return NAME
    known = shutil.which(NAME, path=path)
    if known is not None and Path(known).resolve() == place.resolve():
        return NAME
    if not place.is_relative_to(folder):
        return NAME
    below = place.relative_to(folder)
    return str(below) if len(below.parts) > 1 else f"./{below}"


def show_next(*commands: str) -> None:
    """Name commands that would come next, each on a line of its own."""
    name = _own_name()
    typer.echo(say("次に:", "Next:"))
    for words in commands:
        typer.echo(f"  {name} {words}")


def copyable(words: str) -> str:
    """A sentence for people, with the commands in it as they can be called here."""
    return _COMMAND.sub(lambda _: _own_name(), words)


def _own_name() -> str:
    try:
        folder = Path.cwd()
    except OSError:  # removed meanwhile
        return NAME
    return called(sys.argv[0], folder, os.environ.get("PATH"))
