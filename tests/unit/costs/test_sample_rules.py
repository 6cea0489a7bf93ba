"""What the sample's rules catch of what people write into the template."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from tests.sample import SAMPLE
from tests.unit.costs.ledgers import a_ledger, put

from moyai.costs.intake.blank import template_csv
from moyai.costs.ledger.ledger import Ledger
from moyai.costs.ledger.sorting import sorted_rows
from moyai.costs.membership import members_of
from moyai.costs.periods import Period
from moyai.operations.costs.records import codes_of
from moyai.registry.load import load
from moyai.registry.models import Registry
from moyai.texts import Lang

APRIL = Period(2026, 4)


@pytest.fixture(scope="module")
def registry() -> Registry:
    found = load(SAMPLE).registry
    assert found is not None
    return found


def _caught(ledger: Ledger, registry: Registry) -> dict[tuple[str, str | None], int]:
    """Rule and body → how many rows it catches."""
    sharing = registry.cost_sharing
    assert sharing is not None
    [rules] = sharing.rule_sets
    names = members_of(registry, rules, APRIL, {}).names
    found: dict[tuple[str, str | None], int] = {}
    for group in sorted_rows(ledger.store, ledger.basis(APRIL), rules, names):
        assert group.caught is not None, group
        found[group.caught.rule, group.caught.body] = group.rows
    return found


def _imported(folder: Path, text: str, registry: Registry) -> Ledger:
    file = folder / "costs.csv"
    file.write_text(text, encoding="utf-8")
    ledger = a_ledger(folder)
    put(ledger, file, bodies=codes_of(registry), services=registry.services)
    return ledger


@pytest.mark.parametrize("lang", ["ja", "en"])
def test_the_examples_of_the_template_are_of_pools(
    lang: Lang, tmp_path: Path, registry: Registry
) -> None:
    page = template_csv(lang).replace("\n# ", "\n")
    assert next(csv.reader(io.StringIO(page.splitlines()[1])))[0] == "2026-04"
    caught = _caught(_imported(tmp_path, page, registry), registry)
    assert caught == {("eapp-a", None): 1, ("共通", None): 1}


def test_what_is_of_a_service_or_a_body_comes_to_it(tmp_path: Path, registry: Registry) -> None:
    lines = [
        "period,item,service,body_code,amount",
        *(f"2026-04,licence,{service},,1000" for service in registry.services),
        "2026-04,hours,事務局の労務,,1000",
        "2026-04,meeting,チャット,,1000",
        "2026-04,seats,chat,273830,1000",
    ]
    caught = _caught(_imported(tmp_path, "\n".join(lines) + "\n", registry), registry)
    assert caught == {
        ("chat", None): 1,
        ("eapp-a", None): 1,
        ("eapp-b", None): 1,
        ("労務", None): 1,
        ("共通", None): 1,
        ("団体の環境", "273830"): 1,
    }
