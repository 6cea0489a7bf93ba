"""The runbooks that are shipped: valid against the real commands, readable in every form."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from moyai.operations.runbooks.catalogue import Form, page_of
from moyai.operations.runbooks.dry_run import dry_run
from moyai.runbook.model import Kind, Runbook
from moyai.runbook.read import catalogue, load
from moyai.runbook.words import stand_ins
from moyai.texts import Lang
from moyai_cli.command_paths import command_paths

FOLDER = Path(__file__).resolve().parents[3] / "runbooks"
NAMES = sorted(catalogue(FOLDER))
DAY = date(2026, 11, 26)


def book(name: str) -> Runbook:
    found = load(catalogue(FOLDER)[name], command_paths())
    assert found.runbook is not None, [one.render("en") for one in found.problems]
    return found.runbook


def test_the_catalogue_is_there() -> None:
    assert set(NAMES) == {
        *("new-body", "weekend-upgrade", "failed-wave", "held-body", "certificate-renewal"),
        *("credential-rotation", "lost-operator", "incident-notice", "worker-host-lost"),
        *("database-host-lost", "monday-round", "year-end-checks"),
    }


@pytest.mark.parametrize("name", NAMES)
def test_a_runbook_is_valid_and_its_dry_run_names_every_step(name: str) -> None:
    found = book(name)
    planned = list(dry_run(found, stand_ins(found)))
    assert [one.id for one in planned][-len(found.steps) :] == [one.id for one in found.steps]
    for one in planned:
        assert bool(one.argv) != (one.kind is Kind.QUESTION)


@pytest.mark.parametrize("lang", ["ja", "en"])
@pytest.mark.parametrize("name", NAMES)
def test_a_runbook_is_rendered_in_every_form(name: str, lang: Lang) -> None:
    found = book(name)
    pages: dict[Form, bytes] = {
        form: page_of(found, form, lang, DAY, None) for form in ("md", "html", "pdf")
    }
    title = found.title.of(lang)
    assert pages["md"].decode().startswith(f"# {title}\n")
    assert f"<h1>{title}</h1>" in pages["html"].decode()
    assert pages["pdf"].startswith(b"%PDF-1.7")
    assert pages["pdf"] == page_of(found, "pdf", lang, DAY, None)
    for step in found.steps:
        assert step.title.of(lang) in pages["md"].decode()
    has_japanese = any("ぁ" <= sign <= "ん" for sign in pages["md"].decode())
    assert has_japanese == (lang == "ja")


@pytest.mark.parametrize("name", NAMES)
def test_what_is_owed_is_asked_of_the_runbooks_own_operation(name: str) -> None:
    for step in book(name).steps:
        if step.id == "owed":
            [planned] = [
                one for one in dry_run(book(name), stand_ins(book(name))) if one.id == "owed"
            ]
            assert planned.argv[1:3] == ("operation", "report")
            assert step.expect is not None
            assert step.expect.text == "count $.debts[*].code == 0"
