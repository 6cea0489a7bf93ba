"""Rows that come in twice by another way: another encoding, another format, the same file saved again."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from moyai.costs.intake.rows import PeriodRows
from moyai.costs.ledger.differences import difference
from moyai.costs.ledger.ledger import Writer
from moyai.costs.ledger.manifest import Version


def same_rows(writer: Writer, others: Mapping[str, Version], rows: PeriodRows) -> str | None:
    """The name of a file that has the very same rows in a period, in any order; they count twice.

    `others`: the other files that count in it. Rows are looked at only where their number and sums are
    the same.
    """
    for name, version in others.items():
        if version.kind != "costs" or rows.kind != "costs" or version.count != rows.rows:
            continue
        if {key: Decimal(amount) for key, amount in version.totals.items()} != rows.totals:
            continue
        found = difference(writer.local(*version.place), rows.path, writer.folder)
        if not found.added and not found.removed:
            return name
    return None
