"""Invoices put on record beside the rows that they are of."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from tests.sample import lay_out
from tests.unit.costs.ledgers import csv_file, focus_row, put

from moyai.costs.ledger.invoices import Invoice
from moyai.costs.periods import Period
from moyai.errors import UsageError
from moyai.operations.costs.records import add_invoice, invoices, open_ledger, remove_invoice
from moyai.operations.site.workspace import Workspace, open_workspace

SEPTEMBER = Period(2024, 9)
AWS = "Amazon Web Services"
INVOICE = Invoice(
    "1", AWS, None, "USD", Decimal("1.5"), 225, 22, Fraction(10), None, None, None
)  # fmt: skip


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    monkeypatch.setenv("MOYAI_HOME", str(tmp_path / "home"))
    return open_workspace(lay_out(tmp_path / "project"), "sandbox")


def test_an_issuer_that_no_row_has_is_told_with_the_nearest(
    workspace: Workspace, tmp_path: Path
) -> None:
    assert add_invoice(workspace, SEPTEMBER, INVOICE, 0) is None  # no rows to compare with yet
    rows = [focus_row("1.5", InvoiceIssuerName=AWS)]
    put(open_ledger(workspace), csv_file(tmp_path / "a.csv", rows))
    assert add_invoice(workspace, SEPTEMBER, replace(INVOICE, number="2"), 0) is None
    mistyped = replace(INVOICE, issuer="Amazon Web Service", number="3")
    told = add_invoice(workspace, SEPTEMBER, mistyped, 0)
    assert told is not None
    assert told.en == (
        f"in rows of 2024-09 there is no issuer 'Amazon Web Service'; did you mean {AWS}?"
    )
    assert [one.number for one in invoices(workspace, SEPTEMBER)] == ["3", "1", "2"]
    with pytest.raises(UsageError, match=f"did you mean {AWS} 2; it has"):
        remove_invoice(workspace, SEPTEMBER, "Amazon Web Serivces", "2", 0)
