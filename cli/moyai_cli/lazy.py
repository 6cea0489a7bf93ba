"""A Typer group whose commands are imported when they are called, not when help is shown.

`moyai --help` lists every command from a table of names and sentences; importing them all would
bring Pulumi, boto3 and PostgreSQL's driver along for a page of text.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches
from functools import wraps
from importlib import import_module
from typing import Any

import typer
from typer._click import Command, Context, HelpFormatter
from typer._click.exceptions import UsageError
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

from moyai_cli.given import NotText, is_text


@dataclass(frozen=True, slots=True)
class Entry:
    """One command: the module that has it as `app` (a Typer application) and its sentence."""

    module: str
    help: str
    panel: str | None = None
    command: str | None = None
    """Its name in that application where it may have several; the sentence is its whole help then."""

    def load(self, name: str) -> Command:
        """Import the command, to be called by a name."""
        found = get_command(import_module(self.module).app)
        if self.command is not None:
            found = getattr(found, "commands", {}).get(self.command, found)
            found.help = self.help
        found.name = name
        _take_text_only(found)
        return found


def _take_text_only(command: Command) -> None:
    """Have a command, or all of a group, refuse words that are no text before it does anything with them."""
    if isinstance(command, TyperGroup):
        for one in command.commands.values():
            _take_text_only(one)
    elif command.callback is not None:
        command.callback = _checked(command.callback)


def _checked(callback: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(callback)
    def checked(**given: Any) -> Any:
        for name, value in given.items():
            words = value if isinstance(value, (list, tuple)) else [value]
            if any(isinstance(one, str) and not is_text(one) for one in words):
                raise NotText(name)
        return callback(**given)

    return checked


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
        return entry.load(cmd_name)

    def resolve_command(
        self, ctx: Context, args: list[str]
    ) -> tuple[str | None, Command | None, list[str]]:
        """The command that is called; a wrong name with those nearest to it, as Typer says it."""
        try:
            return super().resolve_command(ctx, args)
        except UsageError as error:
            near = get_close_matches(args[0], self.entries)
            if near and "Did you mean" not in error.message:
                names = ", ".join(map(repr, near))
                error.message = f"{error.message.rstrip('.')}. Did you mean {names}?"
            raise

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
