"""A body that was added to the file."""

from __future__ import annotations

import typer

from moyai.registry.edit import TenantAdded
from moyai_cli.render import problem_line


def show_added(added: TenantAdded) -> None:
    """The new lines of the file, and what it warns of in them."""
    for line in added.lines:
        typer.echo(f"+ {line}")
    for problem in added.warnings:
        typer.secho(problem_line(problem), err=True, fg="yellow")
