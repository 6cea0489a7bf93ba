"""Papers as a workbook: a sheet each, with live formulas whose values are written too, and charts of its cells.

Viewers that do not calculate show the same values. Text is never taken for a formula. The same bundle
gives the same bytes.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time
from fractions import Fraction

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.utility import xl_rowcol_to_cell
from xlsxwriter.workbook import Workbook
from xlsxwriter.worksheet import Worksheet

from moyai.costs.documents.csv_file import STARTS_FORMULA
from moyai.costs.documents.paper import (
    Bundle,
    Cell,
    Chart,
    Facts,
    Heading,
    Note,
    Pair,
    Paper,
    RowKind,
    Style,
    Table,
)
from moyai.costs.documents.written import FACTOR_DECIMALS, plain, rate_decimals
from moyai.costs.documents.xlsx_charts import Place, Places, draw, rows_of
from moyai.texts import Lang

_KEY = re.compile(r"\{([^{}]+)\}")
_A4 = 9
_WIDTHS = (46, 22)
"""Signs: of the first column, and of each other."""
_MOST_DIGITS = 10**15
"""What is larger is no number in a spreadsheet, which has 15 digits: it is written as text, and
nothing is calculated from it."""


@dataclass(frozen=True, slots=True)
class _Placed:
    """A cell and where it stands."""

    cell: Cell
    row: int
    column: int
    look: str
    """Which of the looks it has: `plain`, `head`, `title` …"""


@dataclass(frozen=True, slots=True)
class _Sheet:
    name: str
    cells: tuple[_Placed, ...]
    columns: int
    charts: tuple[tuple[int, Chart], ...]
    """Each with the row below its title, where it is drawn."""
    header: str
    """On each printed page; empty of what is final."""


def xlsx(bundle: Bundle) -> bytes:
    """The bundle's papers as one workbook."""
    live = all(_is_number(cell) for paper in bundle.papers for cell in _numbers(paper))
    sheets = [_laid_out(paper, live) for paper in bundle.papers]
    places = {
        placed.cell.key: Place(placed.cell, sheet.name, placed.row, placed.column)
        for sheet in sheets
        for placed in sheet.cells
        if placed.cell.key is not None
    }
    made = io.BytesIO()
    with xlsxwriter.Workbook(
        made, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    ) as book:
        book.set_properties(
            {
                "title": plain(bundle.title),
                "author": plain(bundle.author),
                "created": datetime.combine(bundle.issued_on, time()),
            }
        )
        looks = _Looks(book, bundle.lang)
        made_sheets = [(sheet, book.add_worksheet(sheet.name)) for sheet in sheets]
        for sheet, written in made_sheets:
            _write(written, sheet, places if live else None, looks)
        for sheet, written in made_sheets:
            for row, chart in sheet.charts:
                draw(book, written, row, chart, places)
    return made.getvalue()


def _numbers(paper: Paper) -> Iterator[Cell]:
    """All cells that may hold a number."""
    yield paper.amount[1]
    yield from (cell for table in paper.tables() for row in table.rows for cell in row.cells)


def _laid_out(paper: Paper, live: bool) -> _Sheet:
    """A paper's cells, one below the other, with room for its charts. A chart that the spreadsheet cannot
    draw is there in words."""
    charts: list[tuple[int, Chart]] = []
    label, amount = paper.amount
    lines: list[tuple[str, list[Cell]]] = [
        *(("mark", [Cell(mark)]) for mark in paper.marks),
        ("title", [Cell(paper.title)]),
        ("plain", [Cell(paper.number), Cell(paper.dated)]),
        ("plain", [Cell(paper.to)]),
        *(("plain", [Cell(line)]) for line in paper.sender),
        ("plain", []),
        ("plain", [Cell(paper.opening)]),
        ("amount", [Cell(label), amount]),
    ]
    for block in paper.blocks:
        lines.append(("plain", []))
        if isinstance(block, Heading):
            lines.append(("heading", [Cell(block.words)]))
        elif isinstance(block, Note):
            lines.append(("warning" if block.warning else "plain", [Cell(block.words)]))
        elif isinstance(block, Facts):
            lines += [("plain", [Cell(name), Cell(said)]) for name, said in block.rows]
        elif isinstance(block, Chart):
            lines.append(("caption", [Cell(block.title)]))
            if live and block.plot is not None:
                charts.append((len(lines), block))
                lines += [("plain", [])] * rows_of(block)
            else:
                lines.append(("plain", [Cell(block.says)]))
        elif isinstance(block, Pair):
            lines += [*_table(block.left), ("plain", []), *_table(block.right)]
        else:
            lines += _table(block)
    lines.append(("plain", []))
    lines += [("basis", [Cell(name), Cell(said)]) for name, said in paper.basis]
    placed = tuple(
        _Placed(cell, row, column, look)
        for row, (look, cells) in enumerate(lines)
        for column, cell in enumerate(cells)
    )
    columns = max(len(cells) for _, cells in lines)
    return _Sheet(paper.sheet, placed, columns, tuple(charts), " ".join(paper.marks))


def _table(table: Table) -> Iterator[tuple[str, list[Cell]]]:
    yield "caption", [Cell(table.caption)]
    yield "head", [Cell(column.title, key=column.key) for column in table.columns]
    for row in table.rows:
        yield f"row.{row.kind.value}", list(row.cells)


def _write(sheet: Worksheet, laid: _Sheet, places: Places | None, looks: _Looks) -> None:
    sheet.set_paper(_A4)
    sheet.fit_to_pages(1, 0)
    sheet.set_footer("&R&P / &N")
    if laid.header:
        sheet.set_header(f"&C{laid.header}")
    if laid.columns > len(_WIDTHS) * 3:
        sheet.set_landscape()
    sheet.set_column(0, 0, _WIDTHS[0])
    sheet.set_column(1, max(laid.columns - 1, 1), _WIDTHS[1])
    for placed in laid.cells:
        _write_cell(sheet, placed, laid.name, places, looks)


def _write_cell(
    sheet: Worksheet,
    placed: _Placed,
    name: str,
    places: Places | None,
    looks: _Looks,
) -> None:
    cell, at = placed.cell, (placed.row, placed.column)
    look = looks.of(placed)
    if cell.value == "":
        sheet.write_blank(*at, None, look)
        return
    if isinstance(cell.value, str):
        sheet.write_string(*at, plain(cell.value), look)
        return
    value = cell.value if isinstance(cell.value, int) else _shortest(cell.value)
    if abs(value) >= _MOST_DIGITS:
        sheet.write_string(*at, str(value), look)
    elif cell.formula is None or places is None:
        sheet.write_number(*at, value, look)
    else:
        known = places

        def address(found: re.Match[str]) -> str:
            place = known[found[1]]
            cell = xl_rowcol_to_cell(place.row, place.column)
            return cell if place.sheet == name else f"'{place.sheet}'!{cell}"

        sheet.write_formula(*at, "=" + _KEY.sub(address, cell.formula), look, value)


def _is_number(cell: Cell) -> bool:
    """Whether a spreadsheet can calculate with it; text is no hindrance."""
    return isinstance(cell.value, str) or -_MOST_DIGITS < cell.value < _MOST_DIGITS


def _shortest(value: Fraction) -> int | float:
    return value.numerator if value.denominator == 1 else float(value)


class _Looks:
    """The formats of cells, each made once."""

    def __init__(self, book: Workbook, lang: Lang) -> None:
        self._book = book
        self._minus = '"△"' if lang == "ja" else "-"
        self._made: dict[tuple[str, str, bool], Format] = {}

    def of(self, placed: _Placed) -> Format:
        """The format of a cell where it stands."""
        value = placed.cell.value
        number = "" if isinstance(value, str) else self._number(placed.cell)
        quoted = isinstance(value, str) and plain(value).startswith(STARTS_FORMULA)
        key = (placed.look, number, quoted)
        if key not in self._made:
            made = self._book.add_format({"font_name": "Yu Gothic", "font_size": 10})
            if number:
                made.set_num_format(number)
            if quoted:
                made.set_quote_prefix()
            _LOOKS.get(placed.look, _plain)(made)
            self._made[key] = made
        return self._made[key]

    def _number(self, cell: Cell) -> str:
        whole = Fraction(cell.value).denominator == 1
        if cell.style is Style.PERCENT:
            return "0" if whole else "0.0000"
        if cell.style is Style.FACTOR:
            return "0" if whole else f"0.{'0' * FACTOR_DECIMALS}"
        if cell.style is Style.RATE:
            shape = f"#,##0.{'0' * rate_decimals(Fraction(cell.value))}"
            return f"{shape};{self._minus}{shape}"
        shape = "#,##0" if cell.style is not Style.EXACT and whole else "#,##0.00"
        return f"{shape};{self._minus}{shape}"


def _plain(_: Format) -> None:
    """Nothing more."""


def _title(made: Format) -> None:
    made.set_font_size(16)
    made.set_bold()


def _heading(made: Format) -> None:
    made.set_font_size(12)
    made.set_bold()
    made.set_font_color("#1F4E79")


def _caption(made: Format) -> None:
    made.set_bold()
    made.set_font_color("#1F4E79")


def _head(made: Format) -> None:
    made.set_bg_color("#EAF0F6")
    made.set_border(1)
    made.set_text_wrap()


def _row(made: Format) -> None:
    made.set_border(4)


def _total(made: Format) -> None:
    made.set_bold()
    made.set_border(1)
    made.set_bg_color("#EAF0F6")


def _warning(made: Format) -> None:
    made.set_bg_color("#FDECEA")


def _mark(made: Format) -> None:
    made.set_font_size(12)
    made.set_bold()
    made.set_font_color("#B00020")
    made.set_bg_color("#FDECEA")


def _basis(made: Format) -> None:
    made.set_font_size(8)
    made.set_font_color("#5C6670")


_LOOKS = {
    "mark": _mark,
    "title": _title,
    "amount": _title,
    "heading": _heading,
    "caption": _caption,
    "head": _head,
    "warning": _warning,
    "basis": _basis,
    f"row.{RowKind.PLAIN.value}": _row,
    f"row.{RowKind.SUBTOTAL.value}": _total,
    f"row.{RowKind.TOTAL.value}": _total,
    f"row.{RowKind.WARNING.value}": _warning,
}
