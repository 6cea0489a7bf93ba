"""Closing, withdrawing and invoices on a disk that fills up: all is on record, or nothing."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.unit.costs.test_full_disk import failed_at
from tests.unit.operations.cost_office import JUNE, Office

from moyai.operations.costs.periods import open_costs

_WORKS: dict[str, Callable[[Office], object]] = {
    "close": lambda office: office.close(JUNE),
    "withdraw": lambda office: office.withdraw("june.csv", JUNE),
    "invoice add": lambda office: office.invoice("2026-07", 100, "1"),
    "invoice remove": lambda office: office.invoice(JUNE, 0, ""),
}


@pytest.mark.parametrize("verb", _WORKS)
def test_what_changes_the_ledger_changes_all_or_nothing(verb: str, office: Office) -> None:
    office.put("june.csv", JUNE, EC2="3")
    office.invoice(JUNE, 300, "3")
    before = open_costs(office.file, "sandbox").manifest

    def nothing_changed() -> None:
        assert open_costs(office.file, "sandbox").manifest == before

    assert len(failed_at(lambda: _WORKS[verb](office), nothing_changed)) > 2
    assert open_costs(office.file, "sandbox").manifest != before
    assert office.verified()
