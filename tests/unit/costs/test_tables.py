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


def test_headings_are_listed_in_the_readers_language_and_one_half_in_kana_is_known(
    tmp_path: Path,
) -> None:
    file = tmp_path / "a.csv"
    file.write_text("期間,品目,金がく,zzz\n2026-04,x,1,1\n", encoding="utf-8")
    with pytest.raises(IntakeError) as raised:
        put(a_ledger(tmp_path), file, bodies=BODIES)
    lines = raised.value.lines("ja")
    assert "a.csv:1: 金がく: 見出し「金がく」はありません（金額 ではありませんか）" in lines
    [listed] = [line for line in lines if "zzz" in line]
    assert "団体コード" in listed
    assert "body_code" not in listed
    assert "a.csv:2: 金額: 金額か、数量と単価の両方が要ります" in lines
    assert any(line.startswith("a.csv:2: amount: ") for line in raised.value.lines("en"))


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


HEAD, LINE = ["period", "item", "amount"], ["2026-09", "x", 100]
DRIVERS = [["period", "driver", "code", "quantity"], ["2026-09", "a", "272027", 1]]
OTHERS: dict[str, list[list[object]]] = {
    "the_same": [HEAD, LINE],
    "below_a_title": [["October"], [], HEAD, LINE],
    "mistyped": [["perod", "item", "amount"], LINE],
    "drivers": DRIVERS,
}


def book_of(folder: Path, **sheets: list[list[object]]) -> Path:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for cells in rows:
            sheet.append(cells)
    book.save(folder / "a.xlsx")
    return folder / "a.xlsx"


@pytest.mark.parametrize("name", OTHERS)
@pytest.mark.parametrize("first", [True, False])
def test_a_second_sheet_that_is_filled_in_is_not_lost(
    name: str, first: bool, tmp_path: Path
) -> None:
    pages = {"September": [HEAD, LINE], "October": OTHERS[name]}
    file = book_of(tmp_path, **(pages if first else dict(reversed(pages.items()))))
    ledger = a_ledger(tmp_path)
    with pytest.raises(IntakeError) as raised:
        put(ledger, file, bodies=BODIES)
    [fault] = raised.value.faults
    assert "2 sheets have a table" in fault.reason.en
    assert "'September'" in fault.reason.en
    assert "'October'" in fault.reason.en
    assert ledger.manifest().periods == {}


def test_sheets_beside_the_one_that_is_filled_in(tmp_path: Path) -> None:
    examples = [HEAD, ["# 2026-09", "example", 1]]
    notes = [["notes"], ["period", "the month"], ["amount", "yen"]]
    file = book_of(tmp_path, costs=[HEAD, LINE], empty=[], next=examples, notes=notes, head=[HEAD])
    ledger = a_ledger(tmp_path)
    put(ledger, file)
    assert ledger.basis(Period(2026, 9)).sources["a.xlsx"].totals == {"JPY": "100"}


@pytest.mark.parametrize(
    ("value", "is_told"),
    [
        (0.1, False),
        (1234567890123.45, False),
        (1e15, False),
        (12345678901234.567, True),
        (2**60, True),
    ],
)
def test_a_number_of_a_workbook_with_more_digits_than_it_keeps(
    value: float, is_told: bool, tmp_path: Path
) -> None:
    (result,) = put(a_ledger(tmp_path), book_of(tmp_path, costs=[HEAD, [*LINE[:2], value]]))
    assert result.floats == (("amount",) if is_told else ())


def test_a_needed_heading_of_a_workbook_that_is_mistyped(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.append(["notes"])
    book.create_sheet("costs").append(["時間", "品目", "金額"])
    file = tmp_path / "a.xlsx"
    book.save(file)
    with pytest.raises(IntakeError) as raised:
        put(a_ledger(tmp_path), file)
    assert [(f.line, f.column) for f in raised.value.faults] == [(1, "period"), (1, "時間")]
