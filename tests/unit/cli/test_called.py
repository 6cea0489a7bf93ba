"""The command in hints and sentences is one that can be copied."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from moyai_cli.called import called, copyable
from moyai_cli.render import Column, Output, listing
from moyai_cli.table import COMMANDS

LIBRARY = Path(__file__).resolve().parents[3] / "platform" / "moyai"
LATER = {"exit"}
"""Commands that sentences name and that are yet to come: they cannot be called in any way."""


def test_hints_name_the_command_as_it_can_be_called(tmp_path: Path) -> None:
    script = tmp_path / ".venv" / "bin" / "moyai"
    script.parent.mkdir(parents=True)
    script.touch(mode=0o755)
    other = tmp_path / "other" / "moyai"
    other.parent.mkdir()
    other.touch(mode=0o755)
    (tmp_path / "linked").mkdir()
    (tmp_path / "linked" / "moyai").symlink_to(script)
    nothing, elsewhere = str(tmp_path / "none"), tmp_path / "elsewhere"
    assert called(str(script), tmp_path, nothing) == ".venv/bin/moyai"
    assert called(str(script), script.parent, nothing) == "./moyai"
    assert called(str(script), tmp_path, str(other.parent)) == ".venv/bin/moyai"
    assert called(str(script), tmp_path, str(script.parent)) == "moyai"
    assert called(str(script), tmp_path, str(tmp_path / "linked")) == "moyai"
    assert called(str(script), elsewhere, nothing) == "moyai"
    assert called("-c", tmp_path, nothing) == "moyai"


@pytest.fixture
def script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The command, called as `bin/moyai` and not on PATH; what sentences are to say."""
    made = tmp_path / "bin" / "moyai"
    made.parent.mkdir()
    made.touch(mode=0o755)
    monkeypatch.setattr(sys, "argv", [str(made)])
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return "bin/moyai"


@pytest.mark.parametrize("name", COMMANDS)
def test_commands_in_sentences_can_be_copied(name: str, script: str) -> None:
    assert copyable(f"Run moyai {name} again.") == f"Run {script} {name} again."
    assert copyable(f"（moyai {name}）を実行") == f"（{script} {name}）を実行"
    assert copyable(f"moyai {name}") == f"{script} {name}"
    assert (
        copyable(f"moyai {name} --yes, moyai {name}") == f"{script} {name} --yes, {script} {name}"
    )


@pytest.mark.parametrize(
    "words",
    [
        "moyai",
        "moyai exit",
        "moyai planned it",
        "moyai deploy-x",
        "moyai  plan",
        "もやい moyai の plan",
        "/opt/moyai plan",
        "x-moyai plan",
        "moyai-jobs plan",
        "osaka.moyai plan",
        "the resource moyai:index:Database",
    ],
)
def test_nothing_else_is_taken_for_a_command(words: str, script: str) -> None:
    assert copyable(words) == words


def test_on_path_and_without_a_folder_the_name_is_plain(
    script: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert copyable("moyai plan") == "moyai plan"
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    assert copyable("moyai plan") == "moyai plan"


def test_every_command_that_the_platform_names_is_one() -> None:
    named = {name for words in _literals() for name in re.findall(r"\bmoyai ([a-z]+)", words)}
    assert {"deploy", "sandbox", "validate"} <= named
    assert named - LATER <= COMMANDS.keys()


def _literals() -> Iterator[str]:
    """Every literal of the library, docstrings apart."""
    for path in LIBRARY.rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        prose = {
            id(node.value)
            for node in ast.walk(tree)
            if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        }
        for node in ast.walk(tree):
            if (
                isinstance(node, ast.Constant)
                and isinstance(node.value, str)
                and id(node) not in prose
            ):
                yield node.value


def test_people_can_copy_and_programs_get_the_plain_name(
    script: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for output, name in ((Output.TABLE, script), (Output.JSON, "moyai"), (Output.CSV, "moyai")):
        listing([{"a": "Run moyai deploy again."}], [Column("a", "A")], output)
        assert f"Run {name} deploy again." in capsys.readouterr().out
