"""A file of any known format → its rows by period."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import duckdb

from moyai.costs.intake.faults import Faults
from moyai.costs.intake.reading import take
from moyai.costs.intake.rows import PeriodRows, write_rows
from moyai.costs.intake.shapes import Shape, focus_shape
from moyai.costs.intake.staging import Staged, stage
from moyai.texts import Text


@dataclass(frozen=True, slots=True)
class Taken:
    """A file that was read and checked."""

    name: str
    sha256: str
    copy: Path
    """As it came."""
    format: str
    encoding: str | None
    floats: tuple[str, ...]
    periods: tuple[PeriodRows, ...]


_SHAPES: tuple[Callable[[Staged], Shape | None], ...] = (focus_shape,)
"""In this order; the first that knows a file's columns."""
_EXPECTED = Text(
    "形式が分かりません。FOCUS（BilledCost・BillingCurrency・BillingPeriodStart）の列が要ります",
    "its format is not known; it needs the columns of FOCUS (BilledCost, BillingCurrency, "
    "BillingPeriodStart)",
)


def take_file(
    connection: duckdb.DuckDBPyConnection,
    path: Path,
    name: str,
    folder: Path,
    faults: Faults,
    told: Callable[[str, Text], None],
) -> Taken | None:
    """Read and check a file; None where it has faults, which are told.

    `name`: as the ledger is to call it.
    """
    told(path.name, Text("読んでいます", "reading"))
    source = take(path, folder, faults)
    if source is None:
        return None
    staged = stage(connection, source, folder, faults)
    if staged is None:
        return None
    shape = next((found for known in _SHAPES if (found := known(staged)) is not None), None)
    if shape is None:
        faults.add(path.name, None, None, _EXPECTED)
        return None
    told(path.name, Text("検査しています", "checking"))
    periods = write_rows(connection, staged, shape, folder, faults)
    if not periods:
        return None
    return Taken(
        name, source.sha256, source.copy, shape.format, source.encoding, shape.floats, periods
    )
