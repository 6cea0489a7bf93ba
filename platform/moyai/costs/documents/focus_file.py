"""Rows of FOCUS as CSV or Parquet. Yen are exact: digits in CSV, `DECIMAL` in Parquet.

It is a file for machines: texts stay as they are, those that a spreadsheet would calculate too, as an
apostrophe before them would be another name to whatever joins it with other rows. Documents guard them.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from enum import StrEnum

from moyai.costs.disk import temporary_folder
from moyai.costs.documents.focus import (
    NUMBERS,
    FocusRow,
    FocusVersion,
    columns,
    with_columns_of,
)
from moyai.costs.duck import connected, quoted


class FocusFormat(StrEnum):
    """A format of the file; its value is the file's ending."""

    CSV = "csv"
    PARQUET = "parquet"


def focus_file(rows: Iterable[FocusRow], version: FocusVersion, kind: FocusFormat) -> bytes:
    """The file's bytes. No value: an empty field in CSV, NULL in Parquet."""
    page = _csv(rows, version)
    return page if kind is FocusFormat.CSV else _parquet(page, version)


def _csv(rows: Iterable[FocusRow], version: FocusVersion) -> bytes:
    lines = io.StringIO(newline="")
    named = columns(version)
    writer = csv.writer(lines, lineterminator="\n")
    writer.writerow(named)
    for row in with_columns_of(rows, version):
        writer.writerow([_field(row[column], version) for column in named])
    return lines.getvalue().encode()


def _field(value: str | int | None, version: FocusVersion) -> str:
    if isinstance(value, int):
        # The validator takes a column of whole numbers for one that is no decimal.
        return f"{value}.0" if version is FocusVersion.V1_0 else str(value)
    return "" if value is None else value


def _parquet(page: bytes, version: FocusVersion) -> bytes:
    with temporary_folder(None, "moyai-focus-") as folder:
        source, target = folder / "rows.csv", folder / "rows.parquet"
        source.write_bytes(page)
        with connected(folder, threads=1) as connection:
            rows = connection.read_csv(
                str(source),
                all_varchar=True,
                header=True,
                delimiter=",",
                quotechar='"',
                escapechar='"',
                na_values="",
                parallel=False,
            )
            rows.project(", ".join(_typed(column) for column in columns(version))).write_parquet(
                str(target)
            )
        return target.read_bytes()


def _typed(column: str) -> str:
    if column in NUMBERS:
        return f"CAST({quoted(column)} AS DECIMAL(38, 0)) AS {quoted(column)}"
    if column.endswith(("PeriodStart", "PeriodEnd")):
        return f"CAST({quoted(column)} AS TIMESTAMP) AS {quoted(column)}"
    return quoted(column)
