"""What became of files that were imported, month by month."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from moyai.costs.intake.files import Taken
from moyai.costs.intake.rows import PeriodRows
from moyai.costs.invoice_rows import Corrected
from moyai.costs.ledger.differences import Difference
from moyai.costs.ledger.doubles import Nearly
from moyai.costs.ledger.manifest import Version
from moyai.costs.periods import Period


class Outcome(StrEnum):
    """What became of a file in a period."""

    NEW = "new"
    ALREADY = "already"
    """The very content counts there already."""
    UNCHANGED = "unchanged"
    """The file is a new version, but not there: its rows are those that count, and stay."""
    KEPT = "kept"
    """The content before this one had rows there, and this one has none: what counts stays."""
    REPLACED = "replaced"
    """It is a new version of a file that was there."""
    CORRECTION = "correction"
    """The period is closed: it is on record for a settlement."""
    WITHDRAWN = "withdrawn"
    """A new delivery of its report no longer has it: it counts no longer."""


@dataclass(frozen=True, slots=True)
class Imported:
    """One file in one period."""

    file: str
    period: Period
    outcome: Outcome
    format: str
    rows: int
    totals: Mapping[str, Decimal]
    floats: tuple[str, ...]
    """Cost columns that were floating point: taken by their shortest decimals."""
    encoding: str | None
    difference: Difference | None
    """To the version before it."""
    same_rows_as: str | None = None
    """Another file of the period that has the very same rows: they count twice."""
    nearly_same_as: Nearly | None = None
    """Another file of the period that has nearly the same rows: what both have counts twice."""
    settled_in: Period | None = None
    """Of a closed period that differs from what was settled: the open one that bears it. The last file of
    the period has it."""
    corrected: tuple[Corrected, ...] = ()
    """Of a closed period: invoices that its rows fit no longer. The last file of the period has them."""


def of_version(name: str, period: Period, version: Version, outcome: Outcome) -> Imported:
    """Of a version on record."""
    totals = {currency: Decimal(amount) for currency, amount in version.totals.items()}
    return Imported(name, period, outcome, version.format, version.count, totals, (), None, None)


def of_file(
    one: Taken, rows: PeriodRows, outcome: Outcome, change: Difference | None, *, name: str
) -> Imported:
    """Of a file's rows in a period."""
    return Imported(
        name,
        rows.period,
        outcome,
        one.format,
        rows.rows,
        rows.totals,
        one.floats,
        one.encoding,
        change,
    )
