"""Rows that come in twice by another way: another encoding, another format, the same export again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

import duckdb

from moyai.costs.duck import connected, literal
from moyai.costs.intake.rows import PeriodRows
from moyai.costs.intake.shapes import LINE
from moyai.costs.ledger.differences import Side, difference, hash_sql, side_of
from moyai.costs.ledger.ledger import Writer
from moyai.costs.ledger.manifest import Version

_ONE_IN = 2
"""Which part of an issuer's rows, in the file that has fewer of them, makes the other one nearly the same. An
export of a month's tenth day is within that of its end; of two bills hardly a row is the same."""
_ISSUER = "InvoiceIssuerName"
_TELLING = ("BilledCost", "ServiceName", "ChargePeriodStart", "ResourceId")
"""Columns that differ from row to row, and are looked at first: rows that are the same are so in these."""


@dataclass(frozen=True, slots=True)
class Nearly:
    """Another file of the period that has most of an issuer's rows too."""

    file: str
    rows: int
    """That both have; they count twice."""
    of: int
    """How many the other file has in the period."""
    totals: Mapping[str, Decimal]
    """Currency → sum of `BilledCost` of what both have."""


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


def nearly_same_rows(
    writer: Writer, others: Mapping[str, Version], rows: PeriodRows
) -> Nearly | None:
    """The file that has most rows in common with these, of those that have nearly the same.

    `others`: the other files that count in the period. All columns of a row are looked at only where a few
    leave it open, so that another bill costs little however large it is.
    """
    if rows.kind != "costs":
        return None
    found: list[Nearly] = []
    with connected(writer.folder) as connection:
        mine = side_of(connection, rows.path)
        for name, version in others.items():
            if version.kind != "costs" or not version.totals.keys() & rows.totals.keys():
                continue
            other = side_of(connection, writer.local(*version.place))
            names = sorted((mine.columns | other.columns) - {LINE})
            if not _alike(connection, mine, other, [one for one in _TELLING if one in names]):
                continue
            issuers = _alike(connection, mine, other, names)
            if issuers:
                count, totals = _common(connection, mine, other, names, issuers)
                found.append(Nearly(name, count, version.count, totals))
    return max(found, key=lambda one: one.rows, default=None)


def _alike(
    connection: duckdb.DuckDBPyConnection, mine: Side, other: Side, names: list[str]
) -> list[str]:
    """Issuers of which both have the same rows by these columns, or that part of them at least."""
    found = connection.execute(
        "SELECT issuer, sum(least(a, b)) AS same, least(sum(a), sum(b)) AS fewer FROM "
        f"({_counted(mine, other, names)}) GROUP BY issuer "
        f"HAVING same > 0 AND same * {_ONE_IN} >= fewer ORDER BY issuer"
    )
    return [str(issuer) for issuer, _, _ in found.fetchall()]


def _counted(mine: Side, other: Side, names: list[str]) -> str:
    """SQL of each row's hash by these columns, and how often it is in either file."""
    sides = (
        f"SELECT {_issuer(side)} AS issuer, {hash_sql(names, side.columns)} AS h, {a} AS a, {b} AS b "
        f"FROM {side.relation}"
        for side, a, b in ((mine, 1, 0), (other, 0, 1))
    )
    return (
        f"SELECT issuer, h, sum(a) AS a, sum(b) AS b FROM ({' UNION ALL '.join(sides)}) "
        "GROUP BY issuer, h"
    )


def _common(
    connection: duckdb.DuckDBPyConnection,
    mine: Side,
    other: Side,
    names: list[str],
    issuers: list[str],
) -> tuple[int, dict[str, Decimal]]:
    """How many rows of these issuers both have, and their sums by currency."""
    listed = ", ".join(map(literal, issuers))
    found = connection.execute(
        "SELECT currency, count(*), sum(amount) FROM (SELECT currency, amount, least(a, b) AS n, "
        "row_number() OVER (PARTITION BY h) AS k FROM "
        f"(SELECT {hash_sql(names, mine.columns)} AS h, BillingCurrency AS currency, "
        f"BilledCost AS amount FROM {mine.relation}) JOIN ({_counted(mine, other, names)}) USING (h) "
        f"WHERE issuer IN ({listed}) AND b > 0) WHERE k <= n GROUP BY currency ORDER BY currency"
    ).fetchall()
    return sum(row[1] for row in found), {currency: amount for currency, _, amount in found}


def _issuer(side: Side) -> str:
    return f"coalesce({_ISSUER}, '')" if _ISSUER in side.columns else "''"
