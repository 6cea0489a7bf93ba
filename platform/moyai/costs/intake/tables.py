"""Small tables that people fill in, CSV or XLSX: their headings, and cells as texts."""

from __future__ import annotations

import csv
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from python_calamine import CalamineError, CalamineWorkbook

from moyai.costs.intake.faults import TWO_COLUMNS, Faults
from moyai.costs.intake.reading import Kind, Source, broken_quotes, records
from moyai.texts import Text

Cell = object
_MARK = "#"
"""Rows whose first cell begins with it are examples and remarks."""


@dataclass(frozen=True, slots=True)
class Table:
    """A filled-in table. Rows have their line (of XLSX: the row of the sheet) and their cells, `""`
    where one is empty."""

    name: str
    keys: Mapping[str, str]
    """Key of a column → its heading as written."""
    rows: tuple[tuple[int, Mapping[str, str]], ...]


@dataclass(frozen=True, slots=True)
class Headings:
    """What a table's columns may be called: key → headings, in lower case."""

    known: Mapping[str, tuple[str, ...]]
    needed: frozenset[str]

    def of(self, cells: Sequence[str]) -> dict[str, int] | None:
        """Key → number of the column, or None where it is another table."""
        found: dict[str, int] = {}
        for number, cell in enumerate(cells):
            key = self._key(cell)
            if key is not None:
                found.setdefault(key, number)
        return found if self.needed <= found.keys() else None

    def doubled(self, cells: Sequence[str]) -> str | None:
        """A heading that means what one before it does."""
        seen: set[str] = set()
        for cell in cells:
            key = self._key(cell)
            if key in seen:
                return cell
            if key is not None:
                seen.add(key)
        return None

    def _key(self, cell: str) -> str | None:
        words = unicodedata.normalize("NFKC", cell).strip().lower().replace(" ", "_")
        return next((key for key, names in self.known.items() if words in names), None)


def read_table(source: Source, headings: Headings, faults: Faults) -> Table | None:
    """A CSV file's table, or that of a workbook's first sheet with these headings; None where there
    is none, or where it is broken, which is told then."""
    if source.kind is Kind.CSV:
        return _table(source.name, _csv_rows(source, faults), headings, faults)
    for rows in _sheets(source, faults):
        table = _table(source.name, iter(rows), headings, faults)
        if table is not None:
            return table
    return None


def _table(
    name: str, rows: Iterator[tuple[int, Sequence[str]]], headings: Headings, faults: Faults
) -> Table | None:
    first = next(rows, None)
    columns = None if first is None else headings.of(first[1])
    if first is None or columns is None:
        return None
    twice = headings.doubled(first[1])
    if twice is not None:
        faults.add(name, first[0], twice, TWO_COLUMNS)
        return None
    width = len(first[1])
    found: list[tuple[int, Mapping[str, str]]] = []
    for line, cells in rows:
        if not any(cells) or cells[0].startswith(_MARK):
            continue
        if len(cells) != width:
            faults.add(
                name,
                line,
                None,
                Text(
                    f"項目が {len(cells)} 個あります（見出しは {width} 個）",
                    f"it has {len(cells)} fields; the heading has {width}",
                ),
            )
            continue
        found.append((line, {key: cells[number] for key, number in columns.items()}))
    return Table(name, {key: first[1][number] for key, number in columns.items()}, tuple(found))


def _csv_rows(source: Source, faults: Faults) -> Iterator[tuple[int, Sequence[str]]]:
    for line, fields in records(source.text):
        if isinstance(fields, csv.Error):
            faults.add(source.name, line, None, broken_quotes(fields))
        else:
            yield line, [_plain(field) for field in fields]


def _sheets(source: Source, faults: Faults) -> list[list[tuple[int, Sequence[str]]]]:
    try:
        book = CalamineWorkbook.from_path(str(source.copy))
        return [
            [
                (number, [_cell(value) for value in row])
                for number, row in enumerate(
                    book.get_sheet_by_name(name).to_python(skip_empty_area=False), start=1
                )
            ]
            for name in book.sheet_names
        ]
    except (CalamineError, OSError, ValueError) as error:
        faults.add(
            source.name,
            None,
            None,
            Text(f"XLSX として読めません（{error}）", f"it cannot be read as XLSX ({error})"),
        )
        return []


def _cell(value: Cell) -> str:
    """A sheet's cell as a text: numbers by their shortest decimal, a day as `2026-04-01`."""
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, float):
        return format(Decimal(repr(value)).normalize(), "f")
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    return _plain(str(value))


def _plain(words: str) -> str:
    words = words.strip()
    return "" if words == "NULL" else words
