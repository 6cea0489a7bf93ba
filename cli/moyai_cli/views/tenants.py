"""A body that was added to the file, or changed in it."""

from __future__ import annotations

from collections.abc import Iterable

import typer

from moyai.planning.fingerprints import plain
from moyai.registry.change import TenantChanged
from moyai.registry.edit import TenantAdded
from moyai.texts import Text
from moyai_cli.called import copyable
from moyai_cli.language import of
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


def show_in_hand(told: Iterable[Text]) -> None:
    """What is said of edited bodies that operations have in hand; apart from what programs read."""
    for one in told:
        typer.secho(copyable(of(one)), err=True, fg="yellow")


def show_changed(changed: TenantChanged, output: Output) -> None:
    """The file's difference, for programs the body, and what the file warns of in it."""
    if output is Output.TABLE:
        show_diff(changed.diff)
    else:
        document(plain(changed.body), output)
    for problem in changed.warnings:
        typer.secho(problem_line(problem), err=True, fg="yellow")
