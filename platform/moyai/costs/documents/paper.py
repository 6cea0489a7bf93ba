"""A document as all formats have it: sentences and tables of typed cells. Pure.

A cell has its exact value; formats only write it down. Cells that come of others have a formula too, for
the format that calculates; it names other cells by their keys, `{net}+{tax}`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from fractions import Fraction

from moyai.texts import Lang


class Style(StrEnum):
    """How a cell's value is written."""

    TEXT = "text"
    YEN = "yen"
    """Whole yen."""
    EXACT = "exact"
    """Exact yen, shown to two decimals."""
    RATE = "rate"
    """Exact yen for one of many, shown to two decimals, or to two digits where that would be 0."""
    FACTOR = "factor"
    """What exact yen are multiplied by, shown to ten decimals."""
    NUMBER = "number"
    """A count or a weight."""
    PERCENT = "percent"


@dataclass(frozen=True, slots=True)
class Cell:
    """One value. Numbers are `int` or `Fraction`, exact; text is foreign text as it came."""

    value: str | int | Fraction
    style: Style = Style.TEXT
    key: str | None = None
    """By which formulas name it; unique in a bundle."""
    formula: str | None = None
    """Without `=`. Its value is `value`."""


class RowKind(StrEnum):
    """What a row is to its table."""

    PLAIN = "plain"
    SUBTOTAL = "subtotal"
    TOTAL = "total"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table: one cell for each column."""

    cells: tuple[Cell, ...]
    kind: RowKind = RowKind.PLAIN


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its title, how wide it is relative to others, whether it holds numbers."""

    title: str
    width: int
    numeric: bool = False
    key: str | None = None
    """As a cell's, of its title."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table with a caption. Its first column names the row."""

    caption: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    wide: bool = False
    """Too wide for paper: the PDF leaves it to the other formats."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Two tables that stand side by side where there is room."""

    left: Table
    right: Table


@dataclass(frozen=True, slots=True)
class Heading:
    """The title of what follows."""

    words: str
    together: bool = False
    """Whether what follows, up to the next one, stands on one page where it fits on one."""


@dataclass(frozen=True, slots=True)
class Note:
    """A paragraph."""

    words: str
    warning: bool = False


@dataclass(frozen=True, slots=True)
class Facts:
    """Labels and what they are of this document."""

    rows: tuple[tuple[str, str], ...]


class PlotKind(StrEnum):
    """What a spreadsheet draws."""

    BARS = "bars"
    STACKED = "stacked"
    LINES = "lines"


@dataclass(frozen=True, slots=True)
class PlotSeries:
    """Cells that are drawn alike, by their keys."""

    name: str
    values: tuple[str, ...]
    """One for each label, side by side or one below the other."""


@dataclass(frozen=True, slots=True)
class Plot:
    """A chart of cells of the same bundle, for the format that draws them itself."""

    kind: PlotKind
    labels: tuple[str, ...]
    series: tuple[PlotSeries, ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """A drawing; what it shows is in a table of the same document too."""

    svg: str
    title: str
    says: str
    """The same in words."""
    plot: Plot | None = None


Block = Table | Pair | Heading | Note | Facts | Chart


@dataclass(frozen=True, slots=True)
class Paper:
    """One document: a letter's head, a headline amount, blocks."""

    title: str
    sheet: str
    """What a sheet of it is called."""
    number: str
    to: str
    sender: tuple[str, ...]
    dated: str
    opening: str
    amount: tuple[str, Cell]
    """The headline: its label and the amount."""
    blocks: tuple[Block, ...]
    basis: tuple[tuple[str, str], ...]
    """What it rests on."""
    marks: tuple[str, ...] = ()
    """Why it is not final, before all else and on each page; none of one that is."""

    def tables(self) -> Iterator[Table]:
        """All tables, in order."""
        for block in self.blocks:
            if isinstance(block, Table):
                yield block
            elif isinstance(block, Pair):
                yield block.left
                yield block.right


@dataclass(frozen=True, slots=True)
class Record:
    """A line of the CSV: text and exact numbers, one for each of the bundle's columns."""

    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Bundle:
    """What goes into one file of each format."""

    stem: str
    """The files' name without its ending."""
    title: str
    author: str
    lang: Lang
    issued_on: date
    papers: tuple[Paper, ...]
    headers: tuple[str, ...] = ()
    records: tuple[Record, ...] = field(default=())


def yen(value: int, key: str | None = None, formula: str | None = None) -> Cell:
    """Whole yen."""
    return Cell(value, Style.YEN, key, formula)


def exact(value: Fraction, key: str | None = None, formula: str | None = None) -> Cell:
    """Exact yen."""
    return Cell(value, Style.EXACT, key, formula)


def rate(value: Fraction, formula: str) -> Cell:
    """Exact yen for one of many."""
    return Cell(value, Style.RATE, None, formula)


def text(words: str) -> Cell:
    """Text."""
    return Cell(words)


BLANK = Cell("")
