"""Every kind of operation has what people need of it: a name in both languages and a command."""

from __future__ import annotations

from pathlib import Path

import pytest
import typer.main

from moyai.operations.kinds.site import SiteSource
from moyai.operations.kinds.table import KINDS
from moyai.planning.fleet.kind_names import NAMES
from moyai.planning.fleet.kind_names import TITLES as WORDS
from moyai_cli.application import app


def test_kinds_and_their_names_are_the_same() -> None:
    assert set(NAMES) == set(KINDS) == set(WORDS)


@pytest.mark.parametrize("name", sorted(KINDS))
def test_a_kind_is_called_what_the_table_says(name: str) -> None:
    kind = KINDS[name](SiteSource(Path("tenants.yaml"), "sandbox"))
    assert (kind.name, kind.title) == (name, NAMES[name].title)
    assert all((kind.title.ja, kind.title.en))


@pytest.mark.parametrize("name", sorted(NAMES))
def test_a_command_plans_each_kind(name: str) -> None:
    words = NAMES[name].command.split()
    command = typer.main.get_command(app)
    for word in words:
        if word.startswith("--"):
            assert any(word in one.opts for one in command.params), NAMES[name].command
        else:
            context = typer.Context(command)
            found = command.get_command(context, word)  # type: ignore[attr-defined]
            assert found is not None, NAMES[name].command
            command = found
