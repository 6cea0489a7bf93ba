"""Every command of `moyai` with its options; importing them all takes a second."""

from __future__ import annotations

from collections.abc import Iterator

from typer._click import Command, Context
from typer.core import TyperGroup

from moyai_cli.table import COMMANDS


def command_paths() -> dict[tuple[str, ...], frozenset[str]]:
    """Each command by its words, `("cost", "check")`, with its options: `--output`, `-o`."""
    return {
        path: frozenset(
            option
            for parameter in command.params
            for option in (*parameter.opts, *parameter.secondary_opts)
        )
        for name, entry in COMMANDS.items()
        for path, command in _below((name,), entry.load(name))
    }


def _below(path: tuple[str, ...], command: Command) -> Iterator[tuple[tuple[str, ...], Command]]:
    if not isinstance(command, TyperGroup):
        yield path, command
        return
    context = Context(command)
    for name in command.list_commands(context):
        found = command.get_command(context, name)
        if found is not None:
            yield from _below((*path, name), found)
