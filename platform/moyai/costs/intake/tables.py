"""Small tables that people fill in, CSV or XLSX: their headings, and cells as texts."""

from __future__ import annotations

import csv
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from moyai.costs.intake.faults import TWO_COLUMNS, Faults
from moyai.costs.intake.reading import LONG, Kind, Source, broken_record, is_long, records
from moyai.costs.intake.workbooks import Cell, Unreadable, sheets
from moyai.registry.words import not_known
from moyai.texts import Text

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

    def unknown(self, cells: Sequence[str]) -> list[str]:
        """Headings that mean nothing; columns without one are none of them."""
        return [cell for cell in cells if cell and self._key(cell) is None]

    def meant(self, cells: Sequence[str]) -> frozenset[str]:
        """The keys that are there."""
        return frozenset(key for cell in cells if (key := self._key(cell)) is not None)

    def tell_unknown(self, name: str, cells: Sequence[str], faults: Faults) -> None:
        """Tell of each that means nothing, with the nearest one that does."""
        known = [word for names in self.known.values() for word in names[:2]]
        for cell in self.unknown(cells):
            faults.add(name, 1, cell, not_known(cell, known, "見出し", "heading"))

    def tell_missing(self, name: str, cells: Sequence[str], faults: Faults) -> None:
        """Tell of each that is needed and not there, after those that mean nothing."""
        self.tell_unknown(name, cells, faults)
        for key in sorted(self.needed - self.meant(cells)):
            ja = self.known[key][0]
            reason = Text(f"見出し「{ja}」がありません", "this heading is missing")
            faults.add(name, 1, key, reason)

    def _key(self, cell: str) -> str | None:
        words = unicodedata.normalize("NFKC", cell).strip().lower().replace(" ", "_")
        return next((key for key, names in self.known.items() if words in names), None)


def read_table(source: Source, headings: Headings, faults: Faults) -> Table | None:
    """A CSV file's table, or that of a workbook's first sheet with these headings; None where there
    is none, or where it is broken, which is told then."""
    if source.kind is Kind.CSV:
        return _table(source.name, _csv_rows(source, faults), headings, faults)
    try:
        for sheet in sheets(source.copy):
            rows = ((number, [_cell(value) for value in row]) for number, row in sheet)
            table = _table(source.name, rows, headings, faults)
            if table is not None:
                return table
    except Unreadable as error:
        faults.add(source.name, None, None, error.reason)
    return None


def likest(source: Source, tables: Sequence[Headings]) -> tuple[Headings, Sequence[str]]:
    """Of a file of no known format: the table that it is likest, and the line that would be its headings.
    A workbook may have it in any sheet."""
    lines: list[Sequence[str]] = [source.columns]
    if source.kind is Kind.XLSX:
        lines += [[_cell(value) for value in rows[0][1]] for rows in sheets(source.copy) if rows]
    pairs = ((one, line) for one in tables for line in lines)
    return max(pairs, key=lambda pair: len(pair[0].meant(pair[1])))


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
    headings.tell_unknown(name, first[1], faults)
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
        if is_long(cells):
            faults.add(name, line, None, LONG)
        _tell_lost(name, line, first[1], cells, faults)
        found.append((line, {key: cells[number] for key, number in columns.items()}))
    return Table(name, {key: first[1][number] for key, number in columns.items()}, tuple(found))


def _tell_lost(
    name: str, line: int, headings: Sequence[str], cells: Sequence[str], faults: Faults
) -> None:
    for number, (heading, cell) in enumerate(zip(headings, cells, strict=True), start=1):
        if cell and not heading:
            reason = Text(
                f"{number} 番目の項目に値がありますが、見出しがありません",
                f"field {number} has a value, but no heading",
            )
            faults.add(name, line, None, reason)


def _csv_rows(source: Source, faults: Faults) -> Iterator[tuple[int, Sequence[str]]]:
    for line, fields in records(source.text):
        if isinstance(fields, csv.Error):
            faults.add(source.name, line, None, broken_record(fields))
        else:
            yield line, [_plain(field) for field in fields]


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
