"""Words that are no text are refused by every command, before it does anything."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some
from typer._click import Command, Context
from typer.core import TyperGroup

from moyai_cli.given import NotText, is_text
from moyai_cli.table import COMMANDS


def below(path: str, command: Command) -> Iterator[tuple[str, Command]]:
    if not isinstance(command, TyperGroup):
        yield path, command
        return
    context = Context(command)
    for name in command.list_commands(context):
        found = command.get_command(context, name)
        assert found is not None
        yield from below(f"{path} {name}", found)


ALL = {path: one for name, entry in COMMANDS.items() for path, one in below(name, entry.load(name))}


@pytest.mark.parametrize("path", ALL)
def test_every_command_refuses_words_that_are_no_text(path: str) -> None:
    command = ALL[path]
    for parameter in command.params:
        for wrong in ("\udcff\udcfe", ["fine", "\udcff"], ("a\0b",)):
            with pytest.raises(NotText, match=str(parameter.name)):
                command.callback(**{str(parameter.name): wrong})


def test_operations_and_runbooks_tell_so_in_a_line(project: Path, tmp_path: Path) -> None:
    for words in (["operation", "show"], ["operation", "approve"], ["runbook", "approve", "x"]):
        found = called(project, tmp_path, [*words, b"\xff\xfe"])
        assert (found.returncode, b"Traceback" in found.stderr) == (2, False)
        assert b"is no text" in found.stderr
    found = called(project, tmp_path, ["validate", "--file", b"\xff.yaml"])
    assert (found.returncode, b"there is no " in found.stderr) == (2, True), (
        "a file may have any name"
    )


def called(
    project: Path, home: Path, words: list[str | bytes]
) -> subprocess.CompletedProcess[bytes]:
    environment = {**os.environ, "MOYAI_HOME": str(home / "home"), "MOYAI_LANG": "en"}
    command = [sys.executable, "-c", "from moyai_cli.main import main; main()", *words]
    return subprocess.run(
        command, cwd=project, env=environment, capture_output=True, timeout=60, check=False
    )


@given(some.text())
def test_all_else_is_text(words: str) -> None:
    assert is_text(words.replace("\0", ""))
    assert not is_text(words + "\ud800")
