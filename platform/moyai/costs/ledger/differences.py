"""What a new version of a file changes: rows that came and went, and money by currency and service."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Context, Decimal, Inexact, localcontext
from pathlib import Path

import duckdb

from moyai.costs.duck import connected, literal, quoted
from moyai.costs.intake.shapes import COSTS, LINE, TAGS

_EXACT = Context(prec=200, traps=[Inexact])


@dataclass(frozen=True, slots=True)
class Difference:
    """From one version of a file's rows in a period to the next. Lines do not count: a row that only
    moved is the same row."""

    added: int
    removed: int
    by_currency: Mapping[str, Decimal]
    """Only those with a difference."""
    by_service: Mapping[tuple[str, str | None], Decimal]
    """Currency and `ServiceName`; only those with a difference."""


@dataclass(frozen=True, slots=True)
class Side:
    """The rows of a Parquet file of the ledger, as SQL."""

    relation: str
    columns: frozenset[str]


def difference(before: Path, after: Path, temporary: Path) -> Difference:
    """Compare the rows of two Parquet files of the ledger; the same row twice counts twice."""
    with connected(temporary) as connection:
        old, new = side_of(connection, before), side_of(connection, after)
        names = sorted((old.columns | new.columns) - {LINE})
        found = connection.execute(
            "SELECT coalesce(sum(greatest(n, 0)), 0), coalesce(sum(greatest(-n, 0)), 0) FROM "
            f"(SELECT h, sum(n) AS n FROM ({_hashes(new, names, 1)} UNION ALL "
            f"{_hashes(old, names, -1)}) GROUP BY h)"
        ).fetchone()
        assert found is not None  # an aggregate has one row
        services = _services(connection, old, new)
    currencies: dict[str, Decimal] = defaultdict(Decimal)
    with localcontext(_EXACT):
        for (currency, _), amount in services.items():
            currencies[currency] += amount
    return Difference(
        int(found[0]),
        int(found[1]),
        {key: amount for key, amount in sorted(currencies.items()) if amount},
        services,
    )


def is_same(before: Path, after: Path, temporary: Path) -> bool:
    """Whether two Parquet files of the ledger have the same rows, value by value, in whatever order."""
    with connected(temporary) as connection:
        old, new = side_of(connection, before), side_of(connection, after)
        names = sorted((old.columns | new.columns) - {LINE})
        one, other = _texts(old, names), _texts(new, names)
        found = connection.execute(
            f"SELECT (SELECT count(*) FROM ({one} EXCEPT ALL {other})), "
            f"(SELECT count(*) FROM ({other} EXCEPT ALL {one}))"
        ).fetchone()
    return found == (0, 0)


def _texts(side: Side, names: list[str]) -> str:
    values = ", ".join(_plain(name, side.columns) for name in names)
    return f"SELECT {values} FROM {side.relation}"


def side_of(connection: duckdb.DuckDBPyConnection, path: Path) -> Side:
    """A file's rows and columns."""
    relation = f"read_parquet({literal(path)})"
    found = connection.execute(f"DESCRIBE FROM {relation}").fetchall()
    names = frozenset(str(row[0]) for row in found)
    # what has a column of its own is in the map too
    own = {name for name in names if TAGS in names and name.startswith(f"{TAGS}.")}
    return Side(relation, names - own)


def hash_sql(names: Iterable[str], there: frozenset[str]) -> str:
    """SQL of what tells a row from others by these columns, in a file that has those of `there`."""
    return f"hash({', '.join(_plain(name, there) for name in names)})"


def _hashes(side: Side, names: list[str], sign: int) -> str:
    return f"SELECT {hash_sql(names, side.columns)} AS h, {sign} AS n FROM {side.relation}"


def _plain(name: str, there: frozenset[str]) -> str:
    """A value's text; a decimal's without the zeros that its column's scale adds."""
    if name not in there:
        return "NULL::VARCHAR"
    text = f"CAST({quoted(name)} AS VARCHAR)"
    if name not in COSTS:
        return text
    return f"CASE WHEN contains({text}, '.') THEN rtrim(rtrim({text}, '0'), '.') ELSE {text} END"


def _services(
    connection: duckdb.DuckDBPyConnection, old: Side, new: Side
) -> dict[tuple[str, str | None], Decimal]:
    sums: dict[tuple[str, str | None], Decimal] = defaultdict(Decimal)
    with localcontext(_EXACT):
        for side, sign in ((new, 1), (old, -1)):
            service = "ServiceName" if "ServiceName" in side.columns else "NULL::VARCHAR"
            for currency, name, amount in connection.execute(
                f"SELECT BillingCurrency, {service}, sum(BilledCost) FROM {side.relation} "
                "GROUP BY 1, 2"
            ).fetchall():
                sums[currency, name] += amount * sign
    ordered = sorted(sums, key=lambda key: (key[0], key[1] is not None, key[1] or ""))
    return {key: sums[key] for key in ordered if sums[key]}
