"""Files as they were imported: whether the ledger still keeps them."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from tests.sample import lay_out
from tests.unit.costs.ledgers import csv_file, focus_row, put

from moyai.costs.periods import Period
from moyai.operations.costs.periods import open_costs
from moyai.operations.costs.sources import KeptSources, kept_sources

SEPTEMBER, OCTOBER = Period(2024, 9), Period(2024, 10)


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A sample with a file of two months in two versions, and another file."""
    monkeypatch.setenv("MOYAI_HOME", str(tmp_path / "home"))
    found = lay_out(tmp_path / "project")
    ledger = open_costs(found, "sandbox").ledger
    for cost in ("1", "2"):
        rows = [focus_row(cost), focus_row(cost, BillingPeriodStart="2024-10-01")]
        put(ledger, csv_file(tmp_path / "a.csv", rows))
    put(ledger, csv_file(tmp_path / "b.csv", [focus_row("3")]))
    return found


def kept(file: Path) -> Path:
    [folder] = file.parent.parent.rglob("sources")
    return folder


def test_all_are_as_they_came(file: Path) -> None:
    assert kept_sources(file, "sandbox") == KeptSources(3, ())


def test_a_missing_and_a_damaged_one_are_named_of_former_versions_too(
    file: Path, tmp_path: Path
) -> None:
    first = focus_row("1"), focus_row("1", BillingPeriodStart="2024-10-01")
    former = hashlib.sha256(csv_file(tmp_path / "a.csv", first).read_bytes()).hexdigest()
    other = hashlib.sha256((tmp_path / "b.csv").read_bytes()).hexdigest()
    (kept(file) / former).unlink()
    (kept(file) / other).write_bytes((tmp_path / "b.csv").read_bytes() + b"\n")
    found = kept_sources(file, "sandbox")
    assert found.count == 3
    assert [(one.key, one.names, one.periods) for one in found.lost] == [
        (f"sources/{other}", ("b.csv",), (SEPTEMBER,)),
        (f"sources/{former}", ("a.csv",), (SEPTEMBER, OCTOBER)),
    ]
