"""A body that was added to the file."""

from __future__ import annotations

import typer

from moyai.planning.fingerprints import plain
from moyai.registry.edit import TenantAdded
from moyai_cli.render import Output, document, problem_line


def show_added(added: TenantAdded, output: Output) -> None:
    """The new lines of the file, for programs the body, and what the file warns of in it."""
    if output is Output.TABLE:
        for line in added.lines:
            typer.echo(f"+ {line}")
    else:
        document(plain(added.body), output)
    for problem in added.warnings:
        typer.secho(problem_line(problem), err=True, fg="yellow")
