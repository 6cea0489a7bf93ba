"""Documents read back: the text of a PDF, the cells of a workbook and of HTML, formulas worked out."""

from __future__ import annotations

import io
import math
import re
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from html.parser import HTMLParser

import openpyxl
from openpyxl.worksheet.worksheet import Worksheet

Value = str | int | float | None


def pdf_text(content: bytes) -> list[str]:
    """The runs of text of a PDF whose one font has a map to Unicode, in the order of drawing."""
    return [run for page in pdf_pages(content) for run in page]


def pdf_pages(content: bytes) -> list[list[str]]:
    """The same, page by page."""
    streams = [zlib.decompressobj().decompress(part) for part in _streams(content)]
    [mapped] = [stream for stream in streams if b"beginbfchar" in stream]
    signs = {
        int(code, 16): bytes.fromhex(to.decode()).decode("utf-16-be")
        for code, to in re.findall(rb"<([0-9A-F]{4})> <([0-9A-F]+)>\n", mapped)
    }
    return [[*_runs(stream, signs)] for stream in streams if b"Tf" in stream]


def _streams(content: bytes) -> Iterator[bytes]:
    for found in re.finditer(rb"/FlateDecode[^\n]*>>\s*stream\r?\n", content):
        yield content[found.end() :]


_TOKEN = re.compile(rb"(?<![A-Za-z])(BT|ET)(?![A-Za-z])|<([0-9A-Fa-f]+)>|(\()")
_NAMED = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}


def _runs(stream: bytes, signs: dict[int, str]) -> Iterator[str]:
    codes, at = b"", 0
    while found := _TOKEN.search(stream, at):
        at = found.end()
        if found[1] == b"BT":
            codes = b""
        elif found[1] == b"ET":
            pairs = zip(codes[::2], codes[1::2], strict=True)
            yield "".join(signs.get(high * 256 + low, "�") for high, low in pairs)
        elif found[2]:
            codes += bytes.fromhex(found[2].decode())
        else:
            literal, at = _literal(stream, at)
            codes += literal


def _literal(stream: bytes, at: int) -> tuple[bytes, int]:
    """A string in brackets, which may hold brackets in pairs, and where it ends."""
    found, depth = b"", 1
    while True:
        sign = stream[at : at + 1]
        at += 1
        if sign == b"\\":
            escaped = re.compile(rb"[0-7]{1,3}|.", re.DOTALL).match(stream, at)
            assert escaped
            code = escaped[0]
            found += bytes([int(code, 8)]) if code[:1].isdigit() else _NAMED.get(code, code)
            at = escaped.end()
            continue
        depth += {b"(": 1, b")": -1}.get(sign, 0)
        if depth == 0:
            return found, at
        found += sign


@dataclass
class Page(HTMLParser):
    """The cells of an HTML page: rows of texts, texts by key, tags and their attributes."""

    rows: list[list[str]] = field(default_factory=list)
    keyed: dict[str, str] = field(default_factory=dict)
    tags: list[str] = field(default_factory=list)
    attributes: list[tuple[str, str]] = field(default_factory=list)
    words: str = ""
    _cell: bool = False
    _key: str | None = None

    @classmethod
    def of(cls, content: bytes) -> Page:
        page = cls()
        HTMLParser.__init__(page)
        page.feed(content.decode())
        return page

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]
        if tag == "tr":
            self.rows.append([])
        self._cell = tag in ("td", "th")
        if self._cell:
            self.rows[-1].append("")
        self._key = dict(attrs).get("data-key")

    def handle_endtag(self, tag: str) -> None:
        self._cell = False
        self._key = None

    def handle_data(self, data: str) -> None:
        self.words += data
        if self._cell:
            self.rows[-1][-1] += data
        if self._key:
            self.keyed[self._key] = data

    def __hash__(self) -> int:
        return id(self)


@dataclass(frozen=True)
class Drawn:
    """A chart of a workbook."""

    kind: str
    series: list[tuple[Value, list[Value], list[Value]]]
    """Name, labels and values, read from the cells."""
    kept: list[list[Value]]
    """Each series' values as the chart has them itself, without those of empty cells."""


@dataclass(frozen=True)
class Workbook:
    """A workbook twice: its formulas, and the values that were written with them."""

    formulas: openpyxl.Workbook
    values: openpyxl.Workbook

    @classmethod
    def of(cls, content: bytes) -> Workbook:
        return cls(
            openpyxl.load_workbook(io.BytesIO(content)),
            openpyxl.load_workbook(io.BytesIO(content), data_only=True),
        )

    def rows(self) -> list[list[Value]]:
        """The written values, row by row, without empty ones."""
        return [
            [cell.value for cell in row if cell.value is not None]
            for sheet in self.values.worksheets
            for row in sheet.iter_rows()
        ]

    def formula_cells(self) -> Iterator[tuple[str, str, Value, Value]]:
        """Sheet, place, the value written, the value worked out from the formulas alone."""
        for sheet in self.formulas.worksheets:
            for row in sheet.iter_rows():
                for cell in row:
                    if cell.data_type == "f":
                        written = self.values[sheet.title][cell.coordinate].value
                        yield (
                            sheet.title,
                            cell.coordinate,
                            written,
                            self.work_out(sheet, cell.coordinate),
                        )

    def charts(self) -> list[Drawn]:
        """The charts, by the written values of the cells that they refer to."""
        return [
            Drawn(
                type(chart).__name__,
                [
                    (
                        self._at(one.tx.strRef.f)[0],
                        self._at((one.cat.strRef or one.cat.numRef).f),
                        self._at(one.val.numRef.f),
                    )
                    for one in chart.series
                ],
                [[point.v for point in one.val.numRef.numCache.pt] for one in chart.series],
            )
            for sheet in self.formulas.worksheets
            for chart in sheet._charts
        ]

    def _at(self, reference: str) -> list[Value]:
        name, _, cells = reference.rpartition("!")
        found = self.values[name.strip("'")][cells.replace("$", "")]
        if not isinstance(found, tuple):
            return [found.value]
        return [cell.value for row in found for cell in (row if isinstance(row, tuple) else (row,))]

    def work_out(self, sheet: Worksheet, place: str) -> Value:
        """A cell's value, formulas worked out all the way down, in floating point as spreadsheets do."""
        cell = sheet[place]
        if cell.data_type != "f":
            return cell.value  # type: ignore[no-any-return]
        expression = re.sub(
            r"(?:'([^']+)'!)?\b([A-Z]+[0-9]+)(?::([A-Z]+[0-9]+))?",
            lambda found: f"ref({found[1]!r}, {found[2]!r}, {found[3]!r})",
            cell.value[1:],
        )

        def ref(name: str | None, first: str, last: str | None) -> object:
            where = self.formulas[name] if name else sheet
            if last is None:
                return self.work_out(where, first)
            return [
                self.work_out(where, one.coordinate)
                for row in where[f"{first}:{last}"]
                for one in row
            ]

        functions: dict[str, Callable[..., object]] = {
            "ref": ref,
            "SUM": _sum,
            "ROUND": _round,
            "INT": math.floor,
        }
        return eval(expression, {"__builtins__": {}}, functions)  # type: ignore[no-any-return]


def _sum(values: list[object]) -> float:
    return sum(value for value in values if isinstance(value, int | float))


def _round(value: float, digits: int) -> float:
    return float(Decimal(repr(value)).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP))
