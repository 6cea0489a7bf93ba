"""The rows that came and went between two bases of a period. A row that only moved is the same row."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

import duckdb

from moyai.costs.apportion.inputs import Caught
from moyai.costs.duck import literal
from moyai.costs.intake.drivers import DriverRow, load_drivers
from moyai.costs.intake.shapes import LINE
from moyai.costs.ledger.differences import Side, hash_sql, side_of
from moyai.costs.ledger.manifest import Basis, RowKind, Version
from moyai.costs.ledger.query import opened
from moyai.costs.ledger.sorting import caught_sql
from moyai.costs.ledger.store import Store
from moyai.registry.cost_rules import RuleSet


@dataclass(frozen=True, slots=True)
class Catching:
    """What catches rows by a rule set; `caught` None: no rule of it does."""

    rules: RuleSet
    names: Mapping[str, str]
    """As `Members.names`."""
    caught: Caught | None

    def sql(self, there: frozenset[str]) -> str:
        """SQL that holds of these rows; `there`: the columns that a file has."""
        return f"({caught_sql(self.rules, there, self.names, self.caught)})"


Own = tuple[tuple[Catching, ...], ...] | None
"""Rows are of concern of which all of one of these hold. None: all are of concern."""

MOST = 20
"""How many rows are told one by one."""


@dataclass(frozen=True, slots=True)
class MovedRow:
    """A row that came, or went."""

    came: bool
    file: str
    line: int
    amount: Decimal
    """In `currency`; of a driver its quantity."""
    currency: str | None
    driver: str | None = None
    code: str | None = None
    """As the file of drivers has it."""


@dataclass(frozen=True, slots=True)
class Changed:
    """Rows that concern somebody, the first `MOST` by file and line, and how many more there are."""

    rows: tuple[MovedRow, ...]
    more: int
    others: int
    """How many changed that concern others."""


def changed_rows(
    store: Store,
    before: Basis,
    after: Basis,
    own: Own,
    drivers: frozenset[str],
) -> Changed:
    """The rows that came and went between two bases, all files together.

    `own`: what catches the rows of concern; `drivers`: those of concern.
    """
    costs = _costs(store, _moved(before, after, "costs"), own)
    usage = list(_drivers(store, _moved(before, after, "drivers")))
    concerning = [one for one in usage if one.driver in drivers]
    rows = sorted([*costs.rows, *concerning], key=lambda one: (one.file, one.line, one.came))[:MOST]
    whole = len(costs.rows) + costs.more + len(concerning)
    return Changed(tuple(rows), whole - len(rows), costs.others + len(usage) - len(concerning))


_Moved = tuple[bool, str, Version]
"""Whether its rows came, and of which file."""


def _moved(before: Basis, after: Basis, kind: RowKind) -> list[_Moved]:
    """Versions that count in one of two bases only."""
    found: list[_Moved] = []
    for came, basis, other in ((False, before, after), (True, after, before)):
        for name, one in sorted(basis.sources.items()):
            counterpart = other.sources.get(name)
            if one.kind == kind and (counterpart is None or counterpart.rows != one.rows):
                found.append((came, name, one))
    return found


def _drivers(store: Store, moved: list[_Moved]) -> Iterator[MovedRow]:
    loaded = [(came, name, load_drivers(store.local(*one.place))) for came, name, one in moved]
    net: Counter[_Quantity] = Counter()
    for came, _, rows in loaded:
        for row in rows:
            net[_quantity(row)] += 1 if came else -1
    for came, name, rows in loaded:
        for row in rows:
            left = net[_quantity(row)]
            if left > 0 if came else left < 0:
                net[_quantity(row)] -= 1 if came else -1
                yield MovedRow(came, name, row.line, row.quantity, None, row.driver, row.code)


_Quantity = tuple[str, str, Decimal]


def _quantity(row: DriverRow) -> _Quantity:
    return row.driver, row.code, row.quantity


def _costs(
    store: Store,
    moved: list[_Moved],
    own: Own,
) -> Changed:
    if not moved:
        return Changed((), 0, 0)
    with opened(store) as connection:
        sides = [side_of(connection, store.local(*one.place)) for _, _, one in moved]
        columns = sorted(frozenset[str]().union(*(side.columns for side in sides)) - {LINE})
        hashes = [
            f"SELECT {hash_sql(columns, side.columns)} AS h, {1 if came else -1} AS n FROM {side.relation}"
            for (came, _, _), side in zip(moved, sides, strict=True)
        ]
        connection.execute(
            "CREATE TEMP TABLE net AS SELECT h, sum(n) AS n FROM "
            f"({' UNION ALL '.join(hashes)}) GROUP BY h HAVING sum(n) <> 0"
        )
        told = [
            _side_sql(one, side, columns, _own_sql(one[2], own))
            for one, side in zip(moved, sides, strict=True)
        ]
        connection.execute(
            "CREATE TEMP TABLE changed AS SELECT * EXCLUDE (h, n), row_number() OVER "
            f"(PARTITION BY h ORDER BY file, line) AS k, n FROM ({' UNION ALL '.join(told)})"
        )
        return _read(connection)


def _side_sql(moved: _Moved, side: Side, columns: Iterable[str], own: str) -> str:
    """SQL of the rows of one version whose likes are more, or fewer, than before."""
    came, name, _ = moved
    return (
        f"SELECT {came} AS came, {literal(name)} AS file, line, amount, currency, own, h, abs(n) AS n "
        f"FROM (SELECT {LINE} AS line, CAST(BilledCost AS VARCHAR) AS amount, "
        f"BillingCurrency AS currency, {own} AS own, {hash_sql(columns, side.columns)} AS h "
        f"FROM {side.relation}) JOIN net USING (h) WHERE n {'>' if came else '<'} 0"
    )


def _own_sql(version: Version, own: Own) -> str:
    """SQL that holds of the rows of concern."""
    if own is None:
        return "true"
    there = frozenset(version.columns)
    ways = (" AND ".join(one.sql(there) for one in all_of) for all_of in own)
    return " OR ".join(f"({way})" for way in ways) or "false"


def _read(connection: duckdb.DuckDBPyConnection) -> Changed:
    counted = dict(
        connection.execute("SELECT own, count(*) FROM changed WHERE k <= n GROUP BY own").fetchall()
    )
    rows = connection.execute(
        "SELECT came, file, line, amount, currency FROM changed WHERE k <= n AND own "
        f"ORDER BY file, line, came LIMIT {MOST}"
    ).fetchall()
    found = tuple(
        MovedRow(came, file, int(line), Decimal(amount), currency)
        for came, file, line, amount, currency in rows
    )
    return Changed(found, counted.get(True, 0) - len(found), counted.get(False, 0))
