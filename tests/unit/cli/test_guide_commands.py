"""Every command that the guides of operations show can be called as it stands, on the sample's sandbox."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from datetime import date
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from tests.sample import SAMPLE
from typer._click import Command, Context
from typer.core import TyperGroup
from typer.main import get_command

from moyai.planning.fleet.approvers import of_bodies, of_secretariat
from moyai.planning.selectors import select
from moyai.registry.load import require
from moyai.registry.persons import called
from moyai.runbook.read import catalogue, load
from moyai_cli.command_paths import command_paths
from moyai_cli.table import COMMANDS

ROOT = Path(__file__).resolve().parents[3]
GUIDES = [
    *(
        f"docs/guides/{name}.{lang}.md"
        for name in ("operations", "notifications", "runbooks")
        for lang in ("en", "ja")
    ),
    *("README.md", "README.ja.md"),
]
FILE = require(SAMPLE)
DAY = date(2026, 11, 26)
WHO = "shonin@jimukyoku.example.jp"
ID = re.compile(r"\d{8}-\d+|last(:[a-z]+)?|ID|番号")
SHOWN_AS_AN_EXAMPLE = {"erase"}
"""Runbooks that a guide makes up to show what approvals of steps look like."""


def lines(guide: str) -> Iterator[str]:
    """Commands in blocks, without what stands behind them."""
    text = (ROOT / guide).read_text(encoding="utf-8")
    for block in re.findall(r"^```[a-z]*\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
        for line in block.splitlines():
            if line.startswith(("moyai ", ".venv/bin/moyai ")):
                yield re.split(r"\s+# |\s+[>|] ", line.partition("moyai ")[2])[0].strip()


SHOWN = sorted({(guide, line) for guide in GUIDES for line in lines(guide)})


def parsed(line: str) -> tuple[str, dict[str, Any]]:
    """The command's name and what it is given. Raises what the command line would say."""
    words = [WHO if word == "…" else word for word in shlex.split(line)]
    name, command = words[0], get_command(import_module(COMMANDS[words[0]].module).app)
    rest = words[1:]
    while isinstance(command, TyperGroup) and rest:
        below: Command | None = command.get_command(Context(command), rest[0])
        assert below is not None, f"{name} has no {rest[0]}"
        name, command, rest = f"{name} {rest[0]}", below, rest[1:]
    return name, dict(command.make_context(name, rest).params)


def test_there_are_commands_in_each_guide() -> None:
    assert {guide for guide, _ in SHOWN} == set(GUIDES)
    assert len(SHOWN) > 100


@pytest.mark.parametrize(("guide", "line"), SHOWN)
def test_a_command_of_a_guide_can_be_called_as_it_stands(guide: str, line: str) -> None:
    name, given = parsed(line)
    if name == "upgrade":
        releases = FILE.services[given["service"]].manifest.releases
        assert given["release"] in releases, f"{guide}: known: {', '.join(releases)}"
    if name.startswith("operation ") and given.get("operation") is not None:
        assert ID.fullmatch(str(given["operation"])), given
    if given.get("selector") and name != "onboard":
        assert select(FILE, " ".join(given["selector"]), DAY)
    if given.get("service") and isinstance(given["service"], str):
        assert given["service"] in FILE.services
    if given.get("who"):
        people = (*of_secretariat(FILE), *of_bodies(FILE))
        assert called(people, given["who"]) is not None, given
    if name.startswith("runbook ") and given.get("name"):
        check_runbook(str(given["name"]), given.get("parameters") or ())


def check_runbook(name: str, parameters: Any) -> None:
    if name in SHOWN_AS_AN_EXAMPLE:
        return
    runbook = load(catalogue(ROOT / "runbooks")[name], command_paths()).runbook
    assert runbook is not None
    assert {one.partition("=")[0] for one in parameters} <= set(runbook.parameters)
