"""Listings as a table for people, JSON or CSV for programs."""

from __future__ import annotations

import csv
import io
import json
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext, redirect_stdout
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text as Styled

from moyai.texts import visible, visible_json
from moyai_cli.called import copyable
from moyai_cli.language import LANG, say

if TYPE_CHECKING:
    from moyai.registry.problems import Problem


class Output(StrEnum):
    """How a listing is written."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table: the record's key, its heading, and how wide it may get."""

    key: str
    heading: str
    style: Mapping[str, str] | None = None
    """Value → rich style, for states."""
    is_number: bool = False
    """Whether it has numbers: a table sets them right, with thousands separators."""


Record = Mapping[str, object]
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")


def console() -> Console:
    """The terminal; in a pipe plain lines of any length."""
    return Console(soft_wrap=not sys.stdout.isatty(), highlight=False)


@contextmanager
def aside(output: Output) -> Iterator[None]:
    """What is told meanwhile goes to standard error where programs read the output."""
    with nullcontext() if output is Output.TABLE else redirect_stdout(sys.stderr):
        yield


def show_line(words: str) -> None:
    """Write a line for people; what it says in the words of others does nothing to a terminal."""
    typer.echo(visible(words))


def show_json(words: str) -> None:
    """Write JSON, for programs and for a terminal."""
    typer.echo(visible_json(words))


def listing(records: Sequence[Record], columns: Sequence[Column], output: Output) -> None:
    """Write records: JSON with all their keys, CSV and table with the columns."""
    if output is Output.JSON:
        show_json(json.dumps([dict(record) for record in records], ensure_ascii=False, indent=2))
    elif output is Output.CSV:
        _show_csv(records, columns)
    else:
        _table(records, columns)


def document(record: object, output: Output) -> None:
    """Write one thing: as JSON, as CSV of paths and values, or as indented lines for people."""
    if output is Output.TABLE:
        for line in _lines(record, 0):
            show_line(line)
    elif output is Output.CSV:
        rows = [{"key": key, "value": value} for key, value in _leaves(record, "")]
        _show_csv(rows, (Column("key", "key"), Column("value", "value")))
    else:
        show_json(json.dumps(record, ensure_ascii=False, indent=2))


def problem_line(problem: Problem) -> str:
    """A problem of the file on one line; warnings say that they are."""
    mark = say("警告: ", "warning: ") if problem.severity == "warning" else ""
    return mark + problem.render(LANG)


def _show_csv(records: Sequence[Record], columns: Sequence[Column]) -> None:
    """Values as they are for programs; on a terminal they do nothing to it."""
    shown = visible if sys.stdout.isatty() else str
    # Not a colour is meant: left to itself, `echo` would take it out of values that look like one.
    typer.echo(_csv(records, columns, shown), nl=False, color=True)


def _csv(records: Sequence[Record], columns: Sequence[Column], shown: Callable[[str], str]) -> str:
    page = io.StringIO()
    writer = csv.writer(page, lineterminator="\n")
    writer.writerow([column.key for column in columns])
    for record in records:
        writer.writerow([shown(_cell(record.get(column.key))) for column in columns])
    return page.getvalue()


def _table(records: Sequence[Record], columns: Sequence[Column]) -> None:
    page = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        page.add_column(
            Styled(visible(column.heading)),
            overflow="fold",
            justify="right" if column.is_number else "left",
        )
    for record in records:
        page.add_row(*[_styled(record.get(column.key), column) for column in columns])
    screen = console()
    if not sys.stdout.isatty():
        # rich would cut lines at 80 columns where it finds no terminal.
        screen = Console(width=max(80, 40 * len(columns)), highlight=False)
    screen.print(page)


def _styled(value: object, column: Column) -> Styled:
    words = _cell(_grouped(value) if column.is_number else value)
    return Styled(visible(copyable(words)), style=(column.style or {}).get(words, ""))


def _grouped(value: object) -> object:
    """Numbers, those written as texts too, with thousands separators; anything else as it is."""
    if isinstance(value, Mapping):
        return {key: _grouped(item) for key, item in value.items()}
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        return value
    return f"{Decimal(value):,f}" if _NUMBER.fullmatch(str(value)) else value


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, (list, tuple)):
        return "; ".join(_cell(item) for item in value)
    if isinstance(value, Mapping):
        return "; ".join(f"{key}={_cell(item)}" for key, item in value.items())
    return str(value)


def _leaves(value: object, path: str) -> list[tuple[str, object]]:
    """Every value that has no parts, with its path: `services.chat.urls[0]`."""
    if isinstance(value, Mapping) and value:
        dot = f"{path}." if path else ""
        return [leaf for key, item in value.items() for leaf in _leaves(item, f"{dot}{key}")]
    if isinstance(value, (list, tuple)) and value:
        return [leaf for at, item in enumerate(value) for leaf in _leaves(item, f"{path}[{at}]")]
    return [(path, value)]


def _lines(value: object, depth: int) -> list[str]:
    pad = "  " * depth
    if isinstance(value, Mapping):
        lines: list[str] = []
        for key, item in value.items():
            if isinstance(item, (Mapping, list, tuple)) and item:
                lines += [f"{pad}{key}:", *_lines(item, depth + 1)]
            else:
                lines.append(f"{pad}{key}: {_cell(item)}")
        return lines
    if isinstance(value, (list, tuple)):
        return [
            line
            for item in value
            for line in (
                [f"{pad}-", *_lines(item, depth + 1)]
                if isinstance(item, (Mapping, list, tuple))
                else [f"{pad}- {_cell(item)}"]
            )
        ]
    return [f"{pad}{_cell(value)}"]
