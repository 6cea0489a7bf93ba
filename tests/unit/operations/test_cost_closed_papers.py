"""What papers of a closed month say: what its closing froze, whatever the file or the ledger says since."""

from __future__ import annotations

from pathlib import Path

from tests.unit.operations.cost_office import JUNE, Office

from moyai.costs.documents.write import Kind
from moyai.operations.cost_budgets import allocation
from moyai.operations.cost_documents import Asked, report

_BUDGETS = "cost_sharing:\n  budgets: [{ fiscal_year: 2026, amount: 5000 }]\n"


def test_a_closed_month_is_shown_with_the_budgets_that_it_was_closed_with(
    office: Office, tmp_path: Path
) -> None:
    office.rewrite(("cost_sharing:\n", _BUDGETS))
    office.put("june.csv", JUNE, EC2="3")
    office.invoice(JUNE, 300, "3")
    office.close(JUNE)
    before = _overview(office, tmp_path)
    office.rewrite(("amount: 5000", "amount: 900000"))
    assert _overview(office, tmp_path) == before
    assert [one.budget.amount for one in allocation(office.file, "sandbox", JUNE).budgets] == [5000]
    office.put("july.csv", "2026-07", EC2="3")
    office.invoice("2026-07", 300, "3")
    [open_one] = allocation(office.file, "sandbox", "2026-07").budgets
    assert open_one.budget.amount == 900_000


def _overview(office: Office, folder: Path) -> tuple[list[int], str]:
    made = report(office.file, "sandbox", Asked(JUNE, folder, (Kind.CSV,), "en", None))
    [file] = made.files
    return [one.budget.amount for one in made.budgets], file.path.read_text(encoding="utf-8-sig")
