"""The runbook that the guides show is valid, and is the same in both."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from moyai.runbook.read import read
from moyai_cli.command_paths import command_paths

GUIDES = Path(__file__).resolve().parents[3] / "docs" / "guides"


def shown(lang: str) -> str:
    text = (GUIDES / f"runbooks.{lang}.md").read_text(encoding="utf-8")
    (found,) = re.findall(r"^```yaml\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    return str(found)


@pytest.mark.parametrize("lang", ["ja", "en"])
def test_the_example_is_valid(lang: str) -> None:
    found = read("restart-round.md.j2", shown(lang).encode(), command_paths())
    assert found.runbook is not None, found.problems
    assert shown(lang) == shown("en")
