"""A Typer group whose commands are imported when they are called, not when help is shown.

`moyai --help` lists every command from a table of names and sentences; importing them all would
bring Pulumi, boto3 and PostgreSQL's driver along for a page of text.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import Any

import typer
from typer._click import Command, Context, HelpFormatter
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command


@dataclass(frozen=True, slots=True)
class Entry:
    """One command: the module that has it as `app` (a Typer application) and its sentence."""

    module: str
    help: str
    panel: str | None = None


class LazyGroup(TyperGroup):
    """A group over a table of entries; `entries` is set by the subclass that `group` makes."""

    entries: dict[str, Entry] = {}  # noqa: RUF012 - replaced whole in each subclass, never mutated
    listing = False

    def list_commands(self, ctx: Context) -> list[str]:
        """Every name, in the table's order."""
        return [*self.entries, *super().list_commands(ctx)]

    def get_command(self, ctx: Context, cmd_name: str) -> Command | None:
        """The command itself, or a mere name and sentence while help is being written."""
        entry = self.entries.get(cmd_name)
        if entry is None:
            return super().get_command(ctx, cmd_name)
        if self.listing:
            return TyperCommand(cmd_name, help=entry.help, rich_help_panel=entry.panel)
        command = get_command(import_module(entry.module).app)
        command.name = cmd_name
        return command

    def format_help(self, ctx: Context, formatter: HelpFormatter) -> None:
        """Help from the table alone."""
        self.listing = True
        try:
            super().format_help(ctx, formatter)
        finally:
            self.listing = False


def group(entries: dict[str, Entry], **settings: Any) -> typer.Typer:
    """A Typer application over a table of entries."""
    cls = type("Group", (LazyGroup,), {"entries": entries})
    return typer.Typer(
        cls=cls,
        no_args_is_help=True,
        pretty_exceptions_show_locals=False,
        rich_markup_mode="rich",
        **settings,
    )
