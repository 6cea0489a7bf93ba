"""The command's table, and what the guides say of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest
from typer._click import Command, Context
from typer.core import TyperGroup
from typer.main import get_command

from moyai_cli.table import COMMANDS

ROOT = Path(__file__).resolve().parents[3]
GUIDES = [
    ROOT / "README.md",
    ROOT / "README.ja.md",
    ROOT / "CONTRIBUTING.md",
    *sorted((ROOT / "docs").rglob("*.md")),
]
LATER = {"exit"}
"""Commands that refusals name and that are yet to come."""
OTHER_FORMS = {"worker", "schema", "sandbox env", "sandbox psql", "cost template"}
"""Lines of a log, JSON always, lines for a shell, a program of PostgreSQL's, and a table to fill in."""


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_of_the_table_can_be_loaded_and_has_help(name: str) -> None:
    command = get_command(import_module(COMMANDS[name].module).app)
    assert command.help
    assert COMMANDS[name].help


def test_every_command_answers_programs_too() -> None:
    missing = {
        name
        for name, command in _commands()
        if "--output" not in {option for one in command.params for option in one.opts}
    }
    assert missing == OTHER_FORMS


def _commands() -> Iterator[tuple[str, Command]]:
    for name, entry in COMMANDS.items():
        yield from _below(name, get_command(import_module(entry.module).app))


def _below(name: str, command: Command) -> Iterator[tuple[str, Command]]:
    below = _subcommands(command)
    for one, found in below.items():
        yield from _below(f"{name} {one}", found)
    if not below:
        yield name, command


def _subcommands(command: Command) -> dict[str, Command]:
    if not isinstance(command, TyperGroup):
        return {}
    context = Context(command)
    found = {name: command.get_command(context, name) for name in command.list_commands(context)}
    return {name: one for name, one in found.items() if one is not None}


@pytest.mark.parametrize("guide", GUIDES, ids=lambda path: str(path.relative_to(ROOT)))
def test_commands_that_guides_name_exist(guide: Path) -> None:
    text = guide.read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for target in re.findall(r"(?:^|`)make ([a-z-]+)", text, re.MULTILINE):
        assert target in targets
    for line in re.findall(r"(?:^|`)(?:\.venv/bin/)?moyai ([a-z][a-z -]*)", text, re.MULTILINE):
        words = line.split()
        assert words[0] in COMMANDS or words[0] in LATER
        if (
            words[0] in ("tenant", "sandbox", "engine", "cost", "operation", "audit", "runbook")
            and len(words) > 1
        ):
            group = get_command(import_module(COMMANDS[words[0]].module).app)
            assert words[1] in _subcommands(group)


@pytest.mark.parametrize("name", ["upgrade", "check", "backup run"])
def test_a_day_that_is_planned_as_of_is_said_not_to_move_when_work_begins(name: str) -> None:
    [command] = [one for found, one in _commands() if found == name]
    [option] = [one for one in command.params if "--as-of" in one.opts]
    assert "does not change when work begins" in str(getattr(option, "help", ""))
