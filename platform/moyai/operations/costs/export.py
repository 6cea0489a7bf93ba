"""An allocation as a file of FOCUS rows."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from moyai.costs.documents.focus import FocusVersion, focus_rows
from moyai.costs.documents.focus_file import FocusFormat, focus_file
from moyai.costs.documents.write import Written, write_file
from moyai.costs.periods import period_of
from moyai.costs.reckoned import Reckoned
from moyai.errors import NOTHING_TOUCHED, UsageError
from moyai.operations.costs.periods import open_costs, reckoned
from moyai.texts import Text


@dataclass(frozen=True, slots=True)
class Exported:
    """A file that was written, and what is in it."""

    written: Written
    version: FocusVersion
    reckoned: Reckoned
    rows: int


def export(
    file: Path | None, site: str, period: str, target: Path, version: FocusVersion
) -> Exported:
    """Write a period's allocation as FOCUS rows; the file's ending says the format.

    Raises as `allocation`, `UsageError` for another ending or a folder that is not there,
    `OperationFailed` where it cannot be written.
    """
    kind = _format_of(target)
    _refuse_no_folder(target)
    opened = open_costs(file, site)
    made = reckoned(opened, period_of(period))
    inputs = made.inputs
    rows = focus_rows(made.allocation, made.taxes, inputs.rules, inputs.issuer, inputs.names)
    written = write_file(target, focus_file(rows, version, kind))
    return Exported(written, version, made, len(rows))


def _refuse_no_folder(target: Path) -> None:
    if not target.parent.is_dir():
        raise UsageError(
            Text(
                f"{target.parent} というフォルダはありません。",
                f"there is no folder {target.parent}.",
            ),
            touched=NOTHING_TOUCHED,
        )


def _format_of(target: Path) -> FocusFormat:
    try:
        return FocusFormat(target.suffix.lower().removeprefix("."))
    except ValueError:
        raise UsageError(
            Text(
                f"{target.name} の拡張子は .csv か .parquet にしてください。",
                f"{target.name} has to end in .csv or .parquet.",
            ),
            touched=NOTHING_TOUCHED,
        ) from None
