"""Rows of a file, unchecked, where DuckDB reads them fast: each with its line."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from moyai.costs.duck import literal, quoted
from moyai.costs.intake.faults import TWO_COLUMNS, Faults
from moyai.costs.intake.reading import MOST_LINE, Kind, Source, broken_record, records
from moyai.texts import Text

_OF_VALUES = (
    duckdb.InvalidInputException,
    duckdb.ConversionException,
    duckdb.OutOfRangeException,  # a sum of 39 digits
)
_LONG = f"max_line_size = {MOST_LINE}, "
_ROW = "file_row_number"
"""What DuckDB calls the number of a row of Parquet, from 0; a file with such a column has none."""
_RESERVED = Text(
    "行を数える列と同じ名前なので読めません。列の名前を変えてください",
    "rows are counted by this name, so it cannot be read; give the column another name",
)
_NULLS = "nullstr = ['', 'NULL']"


@dataclass(frozen=True, slots=True)
class Staged:
    """Rows for SQL: `SELECT … FROM {relation}`."""

    name: str
    relation: str
    line: str
    """SQL of the line."""
    columns: Mapping[str, str]
    """Column as the file calls it → SQL of its text, NULL where it has none."""
    types: Mapping[str, str]
    """Column → DuckDB's type, of a Parquet file; empty of texts."""
    raw: Mapping[str, str]
    """Column → SQL of the value as it is."""


def stage(
    connection: duckdb.DuckDBPyConnection, source: Source, folder: Path, faults: Faults
) -> Staged | None:
    """Make a file's rows readable; None where its form is broken, which is told then."""
    if source.kind is Kind.PARQUET:
        return _parquet(connection, source, faults)
    doubled = _doubled(source.columns)
    if doubled is not None:
        faults.add(source.name, 1, doubled, TWO_COLUMNS)
        return None
    target = folder / "staged.parquet"
    by_row = _read_csv(connection, source, target)
    if not by_row and not _read_slowly(connection, source, target, folder, faults):
        return None
    target_sql = f"read_parquet({literal(target)}, file_row_number = true)"
    sql = {name: f"c{number}" for number, name in enumerate(source.columns) if name}
    return Staged(source.name, target_sql, _line(by_row=by_row), sql, {}, sql)


def _line(*, by_row: bool) -> str:
    return "file_row_number + 2" if by_row else "line"


def _doubled(columns: tuple[str, ...]) -> str | None:
    seen: set[str] = set()
    for column in columns:
        if column in seen:
            return column
        if column:  # a column without a name is not kept
            seen.add(column)
    return None


def _read_csv(connection: duckdb.DuckDBPyConnection, source: Source, target: Path) -> bool:
    """Whether DuckDB could read it and each line is a row; else lines have to be counted."""
    try:
        connection.execute(_copy_csv(source.text, [*range(len(source.columns))], target))
        found = connection.execute(f"SELECT count(*) FROM read_parquet({literal(target)})")
        (rows,) = found.fetchone() or (0,)
    except duckdb.Error as error:
        if isinstance(error, duckdb.IOException):
            raise
        return False
    return bool(rows == source.line_feeds - 1)


def _copy_csv(
    text: Path, numbers: list[int], target: Path, more: str = "", options: str = ""
) -> str:
    names = more + ", ".join(f"'c{number}': 'VARCHAR'" for number in numbers)
    return (
        f"COPY (SELECT * FROM read_csv({literal(text)}, header = true, auto_detect = false, "
        f"delim = ',', quote = '\"', escape = '\"', {_NULLS}, strict_mode = true, {options}"
        f"columns = {{{names}}})) TO {literal(target)} (FORMAT parquet, COMPRESSION snappy)"
    )


def _read_slowly(
    connection: duckdb.DuckDBPyConnection,
    source: Source,
    target: Path,
    folder: Path,
    faults: Faults,
) -> bool:
    """Read record by record: for files with line breaks within fields or empty lines, and for broken
    ones, whose faults are told then."""
    before = len(faults.found) + faults.more
    width = len(source.columns)
    counted = folder / "counted.csv"
    with counted.open("x", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, quoting=csv.QUOTE_MINIMAL, lineterminator="\n")
        writer.writerow(["line", *(f"c{number}" for number in range(width))])
        for number, (line, fields) in enumerate(records(source.text)):
            if isinstance(fields, csv.Error):
                faults.add(source.name, line, None, broken_record(fields))
            elif len(fields) != width:
                faults.add(source.name, line, None, _fields(len(fields), width))
            elif number:
                writer.writerow([line, *fields])
    if len(faults.found) + faults.more > before:
        return False
    _read_counted(connection, counted, width, target)
    return True


def stage_counted(
    connection: duckdb.DuckDBPyConnection,
    name: str,
    counted: Path,
    columns: Sequence[str],
    folder: Path,
) -> Staged:
    """Rows that were written as CSV with their line as the first column."""
    target = folder / "staged.parquet"
    _read_counted(connection, counted, len(columns), target)
    sql = {column: f"c{number}" for number, column in enumerate(columns)}
    return Staged(name, f"read_parquet({literal(target)})", _line(by_row=False), sql, {}, sql)


def _read_counted(
    connection: duckdb.DuckDBPyConnection, counted: Path, width: int, target: Path
) -> None:
    connection.execute(_copy_csv(counted, [*range(width)], target, "'line': 'BIGINT', ", _LONG))


def _fields(found: int, wanted: int) -> Text:
    return Text(
        f"項目が {found} 個あります（見出しは {wanted} 個）",
        f"it has {found} fields; the heading has {wanted}",
    )


def _parquet(
    connection: duckdb.DuckDBPyConnection, source: Source, faults: Faults
) -> Staged | None:
    plain = f"read_parquet({literal(source.copy)})"
    relation = f"read_parquet({literal(source.copy)}, file_row_number = true)"
    try:
        own = connection.execute(f"DESCRIBE SELECT * FROM {plain}").fetchall()
        same = next((str(row[0]) for row in own if str(row[0]).lower() == _ROW), None)
        if same is not None:
            faults.add(source.name, None, same, _RESERVED)
            return None
        found = connection.execute(f"DESCRIBE SELECT * FROM {relation}").fetchall()
    except duckdb.Error as error:
        faults.add(source.name, None, None, _damaged(error, source))
        return None
    types = {str(row[0]): str(row[1]) for row in found if row[0] != _ROW}
    raw = {name: quoted(name) for name in types}
    texts = {name: _text(raw[name], types[name]) for name in types}
    return Staged(source.name, relation, "file_row_number + 1", texts, types, raw)


def of_data(error: duckdb.Error, source: Source) -> Text | None:
    """What to tell of a file where its content is the reason of an error; None where it is not."""
    is_damage = (
        type(error) is duckdb.Error  # what its reader of Parquet says of damaged pages
        or isinstance(error, (duckdb.InvalidInputException, duckdb.InternalException))
        or (isinstance(error, duckdb.IOException) and str(source.copy) in str(error))
    )
    if source.kind is Kind.PARQUET and is_damage:
        return _damaged(error, source)
    if not isinstance(error, _OF_VALUES):
        return None
    why = str(error).splitlines()[0]
    return Text(f"読めないところがあります（{why}）", f"it cannot be read ({why})")


def _damaged(error: duckdb.Error, source: Source) -> Text:
    why = (str(error).splitlines() or [""])[0].replace(str(source.copy), source.name)
    return Text(
        f"Parquet ファイルですが、壊れています（{why}）",
        f"it is a Parquet file, but damaged ({why})",
    )


def _text(column: str, sql_type: str) -> str:
    """A value as a text; `''` and `NULL` in texts are no values."""
    if sql_type == "VARCHAR":
        return f"nullif(nullif({column}, ''), 'NULL')"
    if sql_type.startswith(("MAP", "STRUCT")) or sql_type.endswith("]"):
        return f"CAST(to_json({column}) AS VARCHAR)"
    return f"CAST({column} AS VARCHAR)"
