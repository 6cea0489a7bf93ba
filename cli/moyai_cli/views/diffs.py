"""What a file would become, line by line."""

from __future__ import annotations

from collections.abc import Iterable

import typer

from moyai.texts import visible


def show_diff(lines: Iterable[str]) -> None:
    """Lines as of `diff -u`."""
    for line in lines:
        typer.secho(visible(line), fg={"+": "green", "-": "red"}.get(line[:1]))
