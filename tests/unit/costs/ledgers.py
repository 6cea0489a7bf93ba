"""Ledgers of tests, and files for them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import pytest

from moyai.costs.ledger.imported import Imported
from moyai.costs.ledger.imports import Wish, import_files
from moyai.costs.ledger.ledger import Ledger
from moyai.engine.state.ledger_folder import LedgerFolder

ROOT = Path(__file__).resolve().parents[3]
DATA = Path(os.environ.get("MOYAI_TEST_DATA", ROOT.parent / "shared" / "data"))
SAMPLE_ROWS = DATA / "focus_sample_1000.csv"
"""1,000 anonymised rows of the FinOps Foundation (FOCUS-Sample-Data, CC BY 4.0); not kept here."""
with_sample_rows = pytest.mark.skipif(
    not SAMPLE_ROWS.is_file(),
    reason=f"no {SAMPLE_ROWS.name} beside the checkout; MOYAI_TEST_DATA names its folder",
)


def a_ledger(folder: Path) -> Ledger:
    """An empty ledger in a folder."""
    return Ledger(LedgerFolder(folder / "ledger"))


def put(
    ledger: Ledger,
    *files: Path,
    replaces: str | None = None,
    bodies: Mapping[str, str] | None = None,
    services: Iterable[str] = (),
) -> tuple[Imported, ...]:
    """Import files as the command does; `bodies` and `services` as in `Wish`."""
    with ledger.writing("test") as writer:
        wish = Wish(files, replaces, bodies or {}, frozenset(services))
        return import_files(writer, wish, lambda _file, _words: None)


def focus_row(cost: str, **columns: str) -> dict[str, str]:
    """A row of FOCUS with what each must have."""
    return {
        "BilledCost": cost,
        "BillingCurrency": "USD",
        "BillingPeriodStart": "2024-09-01 00:00:00",
        "ServiceName": "S3",
        "InvoiceIssuerName": "AWS",
        **columns,
    }


def csv_file(path: Path, rows: Sequence[Mapping[str, str]], encoding: str = "utf-8") -> Path:
    """Rows as CSV; columns are those of the first row."""
    names = list(rows[0])
    lines = [names, *([row[name] for name in names] for row in rows)]
    text = "".join(",".join(map(_field, line)) + "\n" for line in lines)
    path.write_bytes(text.encode(encoding))
    return path


def _field(value: str) -> str:
    quote = any(sign in value for sign in ',"\n\r')
    return '"' + value.replace('"', '""') + '"' if quote else value


def many(count: int, start: int = 0, **columns: str) -> list[dict[str, str]]:
    return [focus_row(f"{number}.5", **columns) for number in range(start, start + count)]
