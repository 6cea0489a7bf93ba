"""The command as it was called, for hints that can be copied."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import typer

from moyai_cli.language import say

NAME = "moyai"


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
    name = called(sys.argv[0], Path.cwd(), os.environ.get("PATH"))
    typer.echo(say("次に:", "Next:"))
    for words in commands:
        typer.echo(f"  {name} {words}")
