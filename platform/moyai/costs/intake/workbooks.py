"""Workbooks: their sheets' cells, where memory holds them, and what is wrong with one."""

from __future__ import annotations

import re
import struct
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from xml.parsers import expat

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook

from moyai.texts import Text

MOST_CELLS = 5_000_000
"""Rows × columns of a sheet up to its last cell with a value: the reader takes room for all of them."""
MOST_BYTES = 256 << 20
"""Of all parts of a workbook together, unpacked."""
Cell = object
_BOOK = "xl/workbook.xml"
_CHUNK = 1 << 16
_PLACE = re.compile(r"([A-Za-z]{1,9})([0-9]{1,12})\Z")
_BROKEN = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, RuntimeError, ValueError)
"""What `zipfile` raises for damaged archives, locked and unknown ones too."""
_PANIC = "pyo3_runtime"
"""The module of a panic of the reader, which is no `Exception`."""


class Unreadable(ValueError):
    """A workbook that cannot be read; `reason` says why."""

    def __init__(self, reason: Text) -> None:
        super().__init__(reason.en)
        self.reason = reason


def measure(path: Path) -> None:
    """See that a workbook is one, and of a size that memory holds. Raises `Unreadable`."""
    try:
        with zipfile.ZipFile(path) as book:
            parts = book.infolist()
            if _BOOK not in {part.filename.lower() for part in parts}:
                raise Unreadable(_NO_BOOK)
            if sum(part.file_size for part in parts) > MOST_BYTES:
                raise Unreadable(_TOO_MUCH)
            for part in parts:
                if part.filename.lower().endswith(".xml"):
                    with book.open(part) as file:
                        _measure_part(file)
    except Unreadable:
        raise
    except (*_BROKEN, LookupError, expat.ExpatError) as error:  # no such encoding, too
        raise damaged(error) from error


def sheets(path: Path) -> Iterator[tuple[str, list[tuple[int, Sequence[Cell]]]]]:
    """Each sheet's name and its rows with their numbers, from 1: the first one, and those that have a value.
    Raises `Unreadable`."""
    try:
        book = CalamineWorkbook.from_path(str(path))
        for name in book.sheet_names:
            yield name, _filled(book.get_sheet_by_name(name))
    except (CalamineError, OSError, ValueError) as error:
        raise damaged(error) from error
    except BaseException as error:
        if type(error).__module__ != _PANIC:
            raise
        raise damaged(error) from error


def _filled(sheet: CalamineSheet) -> list[tuple[int, Sequence[Cell]]]:
    left = [""] * (
        0 if sheet.start is None else sheet.start[1]
    )  # its rows begin at the first column with a value
    return [
        (number, [*left, *row])
        for number, row in enumerate(sheet.iter_rows(), start=1)
        if number == 1 or row.count("") < len(row)
    ]


def damaged(error: BaseException) -> Unreadable:
    """What to tell of a workbook that its reader cannot read."""
    return Unreadable(
        Text(
            f"Excel のブックですが、壊れています（{error}）",
            f"it is a workbook (XLSX), but damaged ({error})",
        )
    )


def _measure_part(file: IO[bytes]) -> None:
    parser, extent = expat.ParserCreate(), _Extent()
    parser.StartElementHandler = extent.begin
    while chunk := file.read(_CHUNK):
        parser.Parse(chunk)
        if extent.is_other:
            return
    parser.Parse(b"", True)


@dataclass(slots=True)
class _Extent:
    """How far the cells of a sheet reach, as its elements come."""

    is_other: bool = False
    """Whether this is no sheet."""
    _has_begun: bool = False
    _row: int = 0
    _column: int = 0
    _rows: int = 0
    _columns: int = 0

    def begin(self, element: str, attributes: dict[str, str]) -> None:
        """An element begins. Raises `Unreadable` at a cell that makes the sheet too large, and where rows or
        cells do not come one after another: the reader would take the last of two."""
        name = element.rpartition(":")[2]
        if not self._has_begun:
            self._has_begun, self.is_other = True, name != "worksheet"
        if name == "row":
            said = attributes.get("r", "")
            number = int(said) if said.isdecimal() and len(said) <= 12 else self._row + 1
            if number <= self._row:
                raise Unreadable(_again(Text(f"{number} 行目", f"row {number}")))
            self._row, self._column = number, 0
        elif name == "c":
            said = attributes.get("r", "")
            found = _PLACE.match(said)
            place = (int(found[2]), _number(found[1])) if found else (self._row, self._column + 1)
            if place <= (self._row, self._column):
                raise Unreadable(_again(Text(f"セル {said}", f"cell {said}")))
            self._row, self._column = place
        elif name in ("v", "is"):
            self._rows = max(self._rows, self._row)
            self._columns = max(self._columns, self._column)
            if self._rows * self._columns > MOST_CELLS:
                raise Unreadable(_too_far(self._row, self._column))


def _number(letters: str) -> int:
    """`A` → 1, `XFD` → 16,384."""
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - ord("A") + 1
    return number


def _again(place: Text) -> Text:
    return Text(
        f"Excel のブックですが、壊れています（{place.ja}が2度あるか、順序どおりではありません）",
        f"it is a workbook (XLSX), but damaged ({place.en} is there twice, or not in order)",
    )


def _too_far(row: int, column: int) -> Text:
    return Text(
        f"値のあるセルが {row:,} 行 {column:,} 列目まであり、シートが大きすぎます"
        f"（行×列は {MOST_CELLS:,} まで）。離れたセルを消すか、CSV にしてください",
        f"a cell in row {row:,}, column {column:,} makes the sheet too large (rows times columns: at "
        f"most {MOST_CELLS:,}); clear cells far away, or save it as CSV",
    )


_NO_BOOK = Text(
    "ZIP ファイルですが、Excel のブック（XLSX）ではありません",
    "it is a ZIP file, but no workbook (XLSX)",
)
_TOO_MUCH = Text(
    f"ブックを展開すると {MOST_BYTES >> 20} MiB を超えます。CSV にしてください",
    f"the workbook unpacks to more than {MOST_BYTES >> 20} MiB; save it as CSV",
)
