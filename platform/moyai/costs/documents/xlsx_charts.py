"""Charts that the spreadsheet draws itself, of cells of the same workbook: they follow what is changed there.

The values of those cells are written with them, for viewers that do not calculate.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from xlsxwriter.workbook import Workbook
from xlsxwriter.worksheet import Worksheet

from moyai.costs.documents.charts import COLOURS
from moyai.costs.documents.paper import Cell, Chart, PlotKind
from moyai.costs.documents.written import plain

_ROW = 20
"""Pixels of a row."""
_WIDTH = 900
_HEIGHT = 320
_BAR, _AROUND, _MOST_HIGH = 18, 80, 1_600
_TYPES: Mapping[PlotKind, dict[str, str]] = {
    PlotKind.BARS: {"type": "bar"},
    PlotKind.STACKED: {"type": "column", "subtype": "stacked"},
    PlotKind.LINES: {"type": "line"},
}
_YEN = {"num_format": "#,##0", "major_gridlines": {"visible": True, "line": {"color": "#D5DCE3"}}}


@dataclass(frozen=True, slots=True)
class Place:
    """A cell and where it stands, from 0."""

    cell: Cell
    sheet: str
    row: int
    column: int


Places = Mapping[str, Place]
"""A cell's key → where it stands."""


def rows_of(chart: Chart) -> int:
    """How many rows it takes; none where the spreadsheet has nothing to draw."""
    return 0 if chart.plot is None else -(-_height(chart) // _ROW)


def draw(book: Workbook, sheet: Worksheet, row: int, chart: Chart, places: Places) -> None:
    """Put a chart into a sheet, from a row on."""
    plot = chart.plot
    if plot is None:
        return
    made = book.add_chart(_TYPES[plot.kind])
    assert made is not None, plot.kind
    for at, one in enumerate(plot.series):
        colour = {"color": COLOURS[at % len(COLOURS)]}
        look: dict[str, object] = {"fill": colour, "gap": 40}
        if plot.kind is PlotKind.LINES:
            look = {
                "line": {**colour, "width": 2},
                "marker": {"type": "circle", "size": 5, "fill": colour, "border": colour},
            }
        name = places[one.name]
        made.add_series(
            {
                "name": [name.sheet, name.row, name.column],
                "categories": _range(plot.labels, places),
                "values": _range(one.values, places),
                "values_data": [_kept(places[key].cell) for key in one.values],
                **look,
            }
        )
    made.show_blanks_as("gap")
    if plot.kind is PlotKind.BARS:  # the first label above, the yen below
        made.set_y_axis({"reverse": True})
        made.set_x_axis({**_YEN, "label_position": "high"})
    else:
        made.set_x_axis({"label_position": "low"})
        made.set_y_axis(_YEN)
    made.set_legend({"none": len(plot.series) == 1, "position": "bottom"})
    made.set_title({"none": True})
    made.set_size({"width": _WIDTH, "height": _height(chart)})
    sheet.insert_chart(row, 0, made, {"description": plain(chart.says)})


def _height(chart: Chart) -> int:
    """In pixels."""
    plot = chart.plot
    if plot is None or plot.kind is not PlotKind.BARS:
        return _HEIGHT
    return min(_AROUND + _BAR * len(plot.labels) * len(plot.series), _MOST_HIGH)


def _range(keys: tuple[str, ...], places: Places) -> list[str | int]:
    first, last = places[keys[0]], places[keys[-1]]
    return [first.sheet, first.row, first.column, last.row, last.column]


def _kept(cell: Cell) -> int | None:
    """A value as the chart itself has it: an empty cell is none, and not the 0 that it would be otherwise."""
    return cell.value if isinstance(cell.value, int) else None
