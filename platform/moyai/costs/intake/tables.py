"""Small tables that people fill in, CSV or XLSX: their headings, and cells as texts."""

from __future__ import annotations

import csv
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal

from moyai.costs.intake.faults import TWO_COLUMNS, Faults
from moyai.costs.intake.reading import LONG, Kind, Source, broken_record, is_long, records
from moyai.costs.intake.workbooks import Cell, Unreadable, sheets
from moyai.registry.words import nearest, not_known, one_line
from moyai.texts import Text

MEANT = 2
"""How many headings of a table a line without its needed ones has that is meant as one."""
_FIRST = 10
"""Lines of a sheet that its headings are looked for in."""
_DIGITS = 15
"""Of a number, which spreadsheets keep whatever they are."""
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
    floats: tuple[str, ...] = ()
    """Headings of columns with a number of more digits than a sheet's numbers keep."""


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
        for cell in self.unknown(cells):
            faults.add(name, 1, cell, self._not_known(cell))

    def _not_known(self, cell: str) -> Text:
        """With the nearest in any language, or all in the reader's. Half in kana, a word of two signs is as
        near to many: then the only one with its first sign is meant."""
        ja, en = ([names[at] for names in self.known.values()] for at in (0, 1))
        alike = [one for one in ja if one[0] == cell[0]]
        known = [*ja, *en]
        if nearest(cell, known):
            return not_known(cell, known, "見出し", "heading")
        if len(alike) == 1:
            return Text(
                f"見出し「{one_line(cell)}」はありません（{alike[0]} ではありませんか）",
                f"there is no heading '{one_line(cell)}'; did you mean {alike[0]}?",
            )
        return Text(
            not_known(cell, ja, "見出し", "heading").ja, not_known(cell, en, "見出し", "heading").en
        )

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
    """A CSV file's table, or that of a workbook's first sheet with these headings (`is_one_table` holds of
    it); None where there is none, or where it is broken, which is told then."""
    if source.kind is Kind.CSV:
        return _table(source.name, _csv_rows(source, faults), headings, faults)
    try:
        for _, sheet in sheets(source.copy):
            rows = ((number, _cells(row)) for number, row in sheet)
            table = _table(source.name, rows, headings, faults)
            if table is not None:
                floats = _floats(sheet)
                heads = _cells(sheet[0][1])
                named = (heads[number] for number in sorted(floats) if heads[number])
                return replace(table, floats=tuple(named))
    except Unreadable as error:
        faults.add(source.name, None, None, error.reason)
    return None


def is_one_table(source: Source, tables: Sequence[Headings], faults: Faults) -> bool:
    """Whether no more than one sheet of a workbook is meant as one of these tables and filled in; else it
    is told, since a row is known by its line alone."""
    try:
        names = [name for name, sheet in sheets(source.copy) if _is_meant(sheet, tables)]
    except Unreadable as error:
        faults.add(source.name, None, None, error.reason)
        return False
    if len(names) > 1:
        faults.add(source.name, None, None, _several(names))
    return len(names) <= 1


def _is_meant(sheet: Sequence[tuple[int, Sequence[Cell]]], tables: Sequence[Headings]) -> bool:
    """Whether one of a sheet's first lines has headings, one of them a needed one, above rows."""
    for place, (_, row) in enumerate(sheet[:_FIRST]):
        meant = [(one, one.meant(_cells(row))) for one in tables]
        if any(len(keys) >= MEANT and keys & one.needed for one, keys in meant):
            below = (_cells(cells) for _, cells in sheet[place + 1 :])
            return any(any(cells) and not cells[0].startswith(_MARK) for cells in below)
    return False


def _floats(sheet: Sequence[tuple[int, Sequence[Cell]]]) -> set[int]:
    """Columns with a number whose shortest decimal has more digits than spreadsheets keep."""
    return {
        number
        for _, row in sheet
        for number, value in enumerate(row)
        if isinstance(value, float) and _digits(value) > _DIGITS
    }


def _digits(value: float) -> int:
    return len(Decimal(repr(value)).normalize().as_tuple().digits)


def _several(names: Sequence[str]) -> Text:
    ja, en = "」「".join(names), "', '".join(names)
    return Text(
        f"表のあるシートが {len(names)} 枚あります（「{ja}」）。1枚にまとめるか、別のファイルに分けてください",
        f"{len(names)} sheets have a table ('{en}'); put it into one, or save each as a file of its own",
    )


def likest(source: Source, tables: Sequence[Headings]) -> tuple[Headings, Sequence[str]]:
    """Of a file of no known format: the table that it is likest, and the line that would be its headings.
    A workbook may have it in any sheet."""
    lines: list[Sequence[str]] = [source.columns]
    if source.kind is Kind.XLSX:
        lines += [_cells(rows[0][1]) for _, rows in sheets(source.copy) if rows]
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


def _cells(row: Sequence[Cell]) -> list[str]:
    return [_cell(value) for value in row]


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
