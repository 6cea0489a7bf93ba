"""Damaged workbooks and Parquet files, and workbooks too large for memory: told of as what they are."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
from tests.unit.costs.ledgers import a_ledger, put
from tests.unit.costs.workbooks import row, sheet, workbook

from moyai.costs.intake import workbooks
from moyai.costs.intake.faults import IntakeError
from moyai.costs.ledger.query import rows_of
from moyai.costs.periods import Period

HEAD = row(1, A="period", B="item", C="amount")
LINE = row(2, A="2026-04", B="x", C="1")
GOOD = workbook(sheet(HEAD + LINE))


def refused(folder: Path, name: str, content: bytes) -> str:
    """What is told of a file, in English; it is one fault without a line."""
    (folder / name).write_bytes(content)
    with pytest.raises(IntakeError) as raised:
        put(a_ledger(folder), folder / name)
    [fault] = raised.value.faults
    assert (fault.file, fault.line) == (name, None)
    return fault.reason.en


def parquet(folder: Path) -> bytes:
    file = folder / "good.parquet"
    duckdb.execute(
        "COPY (SELECT (i / 7)::DECIMAL(20, 6)::VARCHAR AS BilledCost, 'USD' AS BillingCurrency, "
        "TIMESTAMP '2024-09-01' AS BillingPeriodStart, map {'k': i::VARCHAR} AS Tags, i % 3 AS x "
        f"FROM range(300) t(i)) TO '{file}' (FORMAT parquet)"
    )
    return file.read_bytes()


FAR = {
    "far": row(3, XFD="x").replace("XFD3", "XFD1048576"),
    "beyond_any_sheet": row(3, ZZZZZZ="x").replace("ZZZZZZ3", "ZZZZZZ99999999999"),
    "without_place": "<row/>" * 2_000 + f"<row>{'<c><v>1</v></c>' * 2_600}</row>",
}


TWICE = {
    "row": (HEAD + LINE + LINE, "row 2 is there twice, or not in order"),
    "row_before": (HEAD + row(3, A="x") + LINE, "row 2 is there twice, or not in order"),
    "cell": (HEAD + LINE.replace("</row>", LINE.partition(">")[2]), "cell A2 is there twice"),
    "in_another_row": (HEAD + LINE + row(3, C="7").replace("C3", "C2"), "cell C2 is there twice"),
}


@pytest.mark.parametrize("name", TWICE)
def test_of_two_cells_or_rows_of_one_place_none_is_lost(name: str, tmp_path: Path) -> None:
    cells, told = TWICE[name]
    reason = refused(tmp_path, "a.xlsx", workbook(sheet(cells)))
    assert reason.startswith(f"it is a workbook (XLSX), but damaged ({told}")


def test_an_encoding_that_is_none(tmp_path: Path) -> None:
    part = sheet(HEAD + LINE).replace('"1.0"', '"1.0" encoding="UZF-8"')
    reason = refused(tmp_path, "a.xlsx", workbook(part))
    assert reason.startswith("it is a workbook (XLSX), but damaged (unknown encoding")


def test_a_column_of_parquet_that_is_called_as_its_rows_are_counted(tmp_path: Path) -> None:
    file = tmp_path / "a.parquet"
    duckdb.execute(
        "COPY (SELECT '1' AS BilledCost, 'USD' AS BillingCurrency, '2024-09-01' AS "
        f"BillingPeriodStart, 5 AS File_Row_Number) TO '{file}' (FORMAT parquet)"
    )
    with pytest.raises(IntakeError) as raised:
        put(a_ledger(tmp_path), file)
    [fault] = raised.value.faults
    assert (fault.line, fault.column) == (None, "File_Row_Number")
    assert "give the column another name" in fault.reason.en


@pytest.mark.parametrize("name", FAR)
def test_a_cell_far_away_is_refused_before_room_is_taken_for_it(name: str, tmp_path: Path) -> None:
    reason = refused(tmp_path, "a.xlsx", workbook(sheet(HEAD + LINE + FAR[name])))
    assert "makes the sheet too large (rows times columns: at most 5,000,000)" in reason


def test_an_empty_cell_far_away_is_none(tmp_path: Path) -> None:
    styled = '<row r="1048576"><c r="XFD1048576" s="1"/></row>'
    (tmp_path / "a.xlsx").write_bytes(workbook(sheet(HEAD + LINE + styled)))
    ledger = a_ledger(tmp_path)
    put(ledger, tmp_path / "a.xlsx")
    assert ledger.basis(Period(2026, 4)).sources["a.xlsx"].totals == {"JPY": "1"}


def test_a_row_far_below_keeps_its_number_and_those_between_take_no_room(tmp_path: Path) -> None:
    far = row(1_048_576, A="2026-04", B="y", C="1")
    (tmp_path / "a.xlsx").write_bytes(workbook(sheet(HEAD + LINE + far)))
    [(_, rows)] = workbooks.sheets(tmp_path / "a.xlsx")
    assert [number for number, _ in rows] == [1, 2, 1_048_576]
    ledger = a_ledger(tmp_path)
    put(ledger, tmp_path / "a.xlsx")
    found = rows_of(ledger.store, ledger.basis(Period(2026, 4)), [], 9)
    assert {one.line for one in found} == {2, 1_048_576}


def test_a_table_that_begins_further_right_keeps_its_columns(tmp_path: Path) -> None:
    cells = row(1, B="period", C="item", D="amount") + row(3, B="2026-04", C="x", D="1")
    (tmp_path / "a.xlsx").write_bytes(workbook(sheet(cells)))
    [(_, rows)] = workbooks.sheets(tmp_path / "a.xlsx")
    assert rows == [
        (1, ["", "period", "item", "amount"]),
        (3, ["", "2026-04", "x", "1"]),
    ]


def test_a_workbook_that_unpacks_to_more_than_memory_holds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workbooks, "MOST_BYTES", 1 << 20)
    reason = refused(tmp_path, "a.xlsx", workbook(sheet(HEAD), **{"a.png": "0" * (1 << 20)}))
    assert reason.startswith("the workbook unpacks to more than")


def panic(_path: Path) -> None:
    raise type("PanicException", (BaseException,), {"__module__": "pyo3_runtime"})("at a cell")


def test_a_panic_of_the_reader_is_a_damaged_workbook(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workbooks.CalamineWorkbook, "from_path", panic)
    told = refused(tmp_path, "a.xlsx", GOOD)
    assert told == "it is a workbook (XLSX), but damaged (at a cell)"


OTHERS: dict[str, tuple[Callable[[Path], bytes], str]] = {
    "cut_off.xlsx": (lambda _: GOOD[:-40], "it is a workbook (XLSX), but damaged"),
    "half.xlsx": (lambda _: workbook(sheet(HEAD)[:-30]), "it is a workbook (XLSX), but damaged"),
    "place.xlsx": (
        lambda _: workbook(sheet(HEAD + row(2, A="x").replace("A2", "A0"))),
        "it is a workbook (XLSX), but damaged",
    ),
    "other.zip": (
        lambda _: GOOD.replace(b"xl/workbook.xml", b"xl/workbook.bin"),
        "it is a ZIP file, but no workbook",
    ),
    "text.xlsx": (lambda _: b"a,b\n", "it is called a workbook (XLSX), but is damaged"),
    "old.xls": (lambda _: bytes.fromhex("d0cf11e0a1b11ae1") + b"\0" * 99, "it is an old workbook"),
    "cut_off.parquet": (lambda folder: parquet(folder)[:-9], "it is a Parquet file, but damaged"),
    "no_footer.parquet": (lambda _: b"PAR1", "it is a Parquet file, but damaged"),
    "text.parquet": (lambda _: b"a,b\n", "it is called a Parquet file, but is damaged"),
}


@pytest.mark.parametrize("name", OTHERS)
def test_what_is_damaged_is_told_as_what_it_is(name: str, tmp_path: Path) -> None:
    content, reason = OTHERS[name]
    told = refused(tmp_path, name, content(tmp_path))
    assert told.startswith(reason)
    assert str(tmp_path) not in told


def test_parquet_with_any_damage_is_imported_or_told_of(tmp_path: Path) -> None:
    good, chance = parquet(tmp_path), random.Random(3)
    for _ in range(40):
        content = bytearray(good)
        for _ in range(chance.randint(1, 4)):
            at = max(4, len(content) - chance.randint(1, 1500))
            content[at] = chance.randrange(256)
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "a.parquet"
            file.write_bytes(content)
            ledger = a_ledger(Path(folder))
            told = 0
            try:
                put(ledger, file)
            except IntakeError as error:
                told = len(error.faults)
            assert (told > 0) is (ledger.manifest().periods == {})
