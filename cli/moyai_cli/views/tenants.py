"""A body that was added to the file, or changed in it."""

from __future__ import annotations

import typer

from moyai.planning.fingerprints import plain
from moyai.registry.change import TenantChanged
from moyai.registry.edit import TenantAdded
from moyai_cli.render import Output, document, problem_line
from moyai_cli.views.diffs import show_diff


def show_added(added: TenantAdded, output: Output) -> None:
    """The new lines of the file, for programs the body, and what the file warns of in it."""
    if output is Output.TABLE:
        for line in added.lines:
            typer.echo(f"+ {line}")
    else:
        document(plain(added.body), output)
    for problem in added.warnings:
        typer.secho(problem_line(problem), err=True, fg="yellow")


def show_changed(changed: TenantChanged, output: Output) -> None:
    """The file's difference, for programs the body, and what the file warns of in it."""
    if output is Output.TABLE:
        show_diff(changed.diff)
    else:
        document(plain(changed.body), output)
    for problem in changed.warnings:
        typer.secho(problem_line(problem), err=True, fg="yellow")
