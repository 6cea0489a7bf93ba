"""Tables that people fill in: headings that mean nothing lose no cost."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest
from tests.unit.costs.ledgers import a_ledger, put

from moyai.costs.intake.faults import IntakeError
from moyai.costs.periods import Period

BODIES = {"272027": "272027"}


def refused(folder: Path, text: str) -> list[tuple[int | None, str | None, str]]:
    """What is told of a CSV file: line, column, reason in English."""
    file = folder / "a.csv"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(IntakeError) as raised:
        put(a_ledger(folder), file, bodies=BODIES)
    return [(f.line, f.column, f.reason.en) for f in raised.value.faults]


def test_a_heading_of_the_template_that_is_mistyped(tmp_path: Path) -> None:
    text = "period,item,amount,tax_rete,税律\n2026-04,x,1,8,8\n"
    assert refused(tmp_path, text) == [
        (1, "tax_rete", "there is no heading 'tax_rete'; did you mean tax_rate?"),
        (1, "税律", "there is no heading '税律'; did you mean 税率?"),
    ]


def test_a_heading_of_drivers_that_is_unknown(tmp_path: Path) -> None:
    text = "period,driver,code,quantity,zzz\n2026-04,a,272027,1,\n"
    [(line, column, reason)] = refused(tmp_path, text)
    assert (line, column) == (1, "zzz")
    assert reason.startswith("there is no heading 'zzz'; known: code, driver,")


def test_a_needed_heading_that_is_mistyped(tmp_path: Path) -> None:
    text = "perod,item,amount\n2026-04,x,1\n"
    assert refused(tmp_path, text) == [
        (1, "period", "this heading is missing"),
        (1, "perod", "there is no heading 'perod'; did you mean period?"),
    ]
    text = "period,driver,kode,quantity\n2026-04,a,272027,1\n"
    assert [one[:2] for one in refused(tmp_path, text)] == [(1, "code"), (1, "kode")]


def test_columns_without_a_heading(tmp_path: Path) -> None:
    assert refused(tmp_path, "period,item,amount,,\n2026-04,x,1,,\n2026-04,y,1,,lost\n") == [
        (3, None, "field 5 has a value, but no heading")
    ]
    (tmp_path / "fine.csv").write_text("period,item,amount,,\n2026-04,x,1,,\n", encoding="utf-8")
    ledger = a_ledger(tmp_path)
    put(ledger, tmp_path / "fine.csv")
    assert ledger.basis(Period(2026, 4)).sources["fine.csv"].totals == {"JPY": "1"}


def test_a_workbook_is_held_to_the_same(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.append(["notes", "period"])  # another sheet, not a table with faults
    sheet = book.create_sheet("costs")
    sheet.append(["期間", "品目", "金額", "税立"])
    sheet.append(["2026-04", "x", 1, 8])
    file = tmp_path / "a.xlsx"
    book.save(file)
    with pytest.raises(IntakeError) as raised:
        put(a_ledger(tmp_path), file)
    assert [(f.line, f.column) for f in raised.value.faults] == [(1, "税立")]
    assert raised.value.faults[0].reason.ja == "見出し「税立」はありません（税率 ではありませんか）"


def test_a_needed_heading_of_a_workbook_that_is_mistyped(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.append(["notes"])
    book.create_sheet("costs").append(["時間", "品目", "金額"])
    file = tmp_path / "a.xlsx"
    book.save(file)
    with pytest.raises(IntakeError) as raised:
        put(a_ledger(tmp_path), file)
    assert [(f.line, f.column) for f in raised.value.faults] == [(1, "period"), (1, "時間")]
