"""The guide to costs says what the code does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.unit.costs.ledgers import ROOT, a_ledger, csv_file, focus_row, put

from moyai.costs.intake import drivers, template
from moyai.costs.intake.faults import IntakeError
from moyai.costs.ledger.query import drivers_of
from moyai.costs.periods import Period
from moyai.texts import Lang

LANGUAGES: tuple[Lang, ...] = ("ja", "en")


@pytest.fixture(params=LANGUAGES)
def lang(request: pytest.FixtureRequest) -> Lang:
    found: Lang = request.param
    return found


@pytest.fixture
def guide(lang: Lang) -> str:
    return (ROOT / f"docs/guides/costs.{lang}.md").read_text(encoding="utf-8")


def test_it_names_every_heading_of_the_template(guide: str, lang: Lang) -> None:
    for ja, en in [*template.COLUMNS.values(), *drivers.COLUMNS.values()]:
        assert (ja if lang == "ja" else f"`{en}`") in guide


def test_the_error_that_it_shows_is_the_one_that_comes(
    guide: str, lang: Lang, tmp_path: Path
) -> None:
    shown = re.search(r"^focus\.csv:3: .*$", guide, re.MULTILINE)
    assert shown is not None
    file = csv_file(tmp_path / "focus.csv", [focus_row("1"), focus_row("1x")])
    with pytest.raises(IntakeError) as raised:
        put(a_ledger(tmp_path), file)
    assert shown.group() in raised.value.lines(lang)


def test_the_drivers_that_it_shows_can_be_imported(guide: str, tmp_path: Path) -> None:
    shown = re.search(r"```text\n((?:period|期間),.*?)```", guide, re.DOTALL)
    assert shown is not None
    file = tmp_path / "usage.csv"
    file.write_text(shown.group(1), encoding="utf-8")
    ledger = a_ledger(tmp_path)
    put(ledger, file, bodies={"271004": "271004"})
    found = drivers_of(ledger.store, ledger.basis(Period(2026, 4)))
    assert found == {"requests": {"271004": 15230}}
