"""Whom `onboard` adds to the file, by the selector that all commands take."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from tests.sample import lay_out

from moyai.errors import UsageError
from moyai.operations.deploys.onboarding import prepare
from moyai.operations.deploys.plan import Wish
from moyai.planning.plans import Plan
from moyai.registry.edit import TenantAdded
from moyai.registry.load import require
from moyai.texts import Text

DAY = date(2026, 11, 26)
CODES = ("273813",)
"""That the file lacks."""


class Enough(Exception):
    """Nothing beyond the file is looked at."""


class Reader:
    """Sees what is added, and wants no more than the first."""

    def __init__(self) -> None:
        self.added: list[str] = []

    def sees_added(self, added: TenantAdded) -> None:
        self.added.append(next(code for code in CODES if code.encode() in added.content))
        raise Enough

    def agrees(self, plan: Plan) -> None:
        raise AssertionError(plan)

    def sees_withdrawn(self, told: Text) -> None:
        assert "as it was before" in told.en


@pytest.fixture
def file(tmp_path: Path) -> Path:
    found = lay_out(tmp_path / "project")
    lines = found.read_text(encoding="utf-8").splitlines(keepends=True)
    begins = next(at for at, line in enumerate(lines) if '- code: "273813"' in line)
    ends = next(
        (at for at in range(begins + 1, len(lines)) if not lines[at].startswith("    ")), len(lines)
    )
    found.write_text("".join(lines[:begins] + lines[ends:]), encoding="utf-8")
    assert require(found).tenant("273813") is None
    return found


@pytest.mark.parametrize("selector", ["273813", "all 273813", "kishiwada, 273813 not ikeda"])
def test_codes_that_the_file_lacks_are_added_beside_whom_the_selector_means(
    file: Path, selector: str
) -> None:
    before, person = file.read_bytes(), Reader()
    with pytest.raises(Enough):
        prepare(file, "sandbox", (), Wish(selector, DAY, check=True), person)
    assert person.added == ["273813"]
    assert file.read_bytes() == before


@pytest.mark.parametrize("word", ["kishiwadda", "tag:no-such", "service:no-such"])
def test_a_word_that_means_nobody_is_told_as_everywhere_and_adds_nobody(
    file: Path, word: str
) -> None:
    before, person = file.read_bytes(), Reader()
    with pytest.raises(UsageError, match=word.rpartition(":")[2]) as raised:
        prepare(file, "sandbox", (), Wish(f"273813 {word}", DAY, check=True), person)
    assert raised.value.remedy is not None
    assert (person.added, file.read_bytes()) == ([], before)


def test_services_are_for_bodies_to_be_added_whoever_is_meant_besides(file: Path) -> None:
    with pytest.raises(UsageError, match=r"already in tenants\.yaml"):
        prepare(
            file,
            "sandbox",
            (("chat", "2027-04-01"),),
            Wish("all 273813", DAY, check=True),
            Reader(),
        )
