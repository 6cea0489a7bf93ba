"""What a period's rows are: grouped by the columns that rules look at, or one by one.

Each file is one scan. Types of columns differ from file to file, so sums meet in Python, exactly.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Context, Decimal, Inexact, localcontext
from fractions import Fraction
from pathlib import Path

import duckdb

from moyai.costs.disk import temporary_folder
from moyai.costs.duck import connected, literal, quoted
from moyai.costs.intake.drivers import DriverRow, load_drivers, quantities
from moyai.costs.intake.shapes import COSTS, LINE, TAGS, TAX_RATE, tag_columns
from moyai.costs.ledger.groups import RowGroup
from moyai.costs.ledger.manifest import Basis, Version
from moyai.costs.ledger.store import Store
from moyai.errors import OperationFailed
from moyai.registry.cost_rules import Condition
from moyai.texts import Text

_TAX = "Tax"
_KEY_COLUMNS = (
    "InvoiceIssuerName",
    "InvoiceId",
    "BillingAccountId",
    "BillingCurrency",
    "ChargeCategory",
    TAX_RATE,
)
_NONE = "NULL::VARCHAR"
_EXACT = Context(prec=200, traps=[Inexact])


@dataclass(frozen=True, slots=True)
class CostRow:
    """One row, as `explain` shows it."""

    file: str
    file_sha256: str
    line: int
    """From 1, of the file as it came; of Parquet the row."""
    columns: Mapping[str, str | None]
    """Every column that has a value; `Tags.KEY` for tags."""
    currency: str
    amount: Decimal


def group_rows(store: Store, basis: Basis, columns: Sequence[str]) -> tuple[RowGroup, ...]:
    """All rows of a period by these columns, in an order that depends on their values only.

    A column is one of FOCUS, one of a file's own, or `Tags.KEY`; in files that lack it, it is None.
    """
    sums: dict[_Key, tuple[Decimal, int]] = {}
    with opened(store) as connection, localcontext(_EXACT):
        for version in _costs(basis):
            for key, amount, rows in _grouped(connection, store, version, columns):
                before, count = sums.get(key, (Decimal(0), 0))
                sums[key] = (before + amount, count + rows)
    ordered = sorted(sums, key=lambda key: tuple((v is not None, v or "") for v in key))
    return tuple(_group(key, columns, *sums[key]) for key in ordered)


_Key = tuple[str | None, ...]
"""The values of the columns, then issuer, invoice, account, currency, `Tax` or None, tax rate."""


def _group(key: _Key, columns: Sequence[str], amount: Decimal, rows: int) -> RowGroup:
    count = len(columns)
    issuer, invoice, account, currency, tax, rate = key[count:]
    return RowGroup(
        dict(zip(columns, key[:count], strict=True)),
        issuer or "",
        invoice,
        account,
        currency or "",
        tax is not None,
        None if rate is None else Fraction(rate),
        amount,
        rows,
    )


def _grouped(
    connection: duckdb.DuckDBPyConnection, store: Store, version: Version, columns: Sequence[str]
) -> Iterator[tuple[_Key, Decimal, int]]:
    there = frozenset(version.columns)
    keys = [column_sql(name, there) for name in (*columns, *_KEY_COLUMNS)]
    # What no row has is not worth a place in the hash table: that is what the scan's time goes to.
    places = [number for number, sql in enumerate(keys) if sql != _NONE]
    named = "".join(f"{keys[number]} AS k{number}, " for number in places)
    by = "".join(f"k{number}, " for number in places)
    sql = (
        f"SELECT {by}sum(BilledCost), count(*) FROM (SELECT {named}BilledCost FROM "
        f"{relation_sql(store, version)}) {f'GROUP BY {by[:-2]}' if by else ''} HAVING count(*) > 0"
    )
    try:
        for *found, amount, rows in connection.execute(sql).fetchall():
            key: list[str | None] = [None] * len(keys)
            for number, value in zip(places, found, strict=True):
                key[number] = value
            yield (*key[:-2], _TAX if key[-2] == _TAX else None, key[-1]), amount, rows
    except duckdb.OutOfRangeException as error:
        raise OperationFailed(
            Text(
                f"{version.source} の合計が 38 桁に収まりません。",
                f"the sum of {version.source} does not fit into 38 digits.",
            )
        ) from error


def rows_of(
    store: Store, basis: Basis, conditions: Iterable[Condition], limit: int
) -> tuple[CostRow, ...]:
    """Rows that meet all conditions, at most `limit`, by the file's hash and the line."""
    wanted = tuple(conditions)
    found: list[CostRow] = []
    by_hash = sorted(
        ((name, one) for name, one in basis.sources.items() if one.kind == "costs"),
        key=lambda item: (item[1].source, item[0]),
    )
    with opened(store) as connection:
        for name, version in by_hash:
            if len(found) >= limit:
                break
            there = frozenset(version.columns)
            where = (
                " AND ".join(holds_sql(one, column_sql(one.column, there)) for one in wanted)
                or "true"
            )
            cursor = connection.execute(
                f"SELECT * FROM {relation_sql(store, version)} WHERE {where} "
                f"ORDER BY {LINE} LIMIT {limit - len(found)}"
            )
            names = [str(column[0]) for column in cursor.description or ()]
            found += [
                cost_row(name, version, dict(zip(names, values, strict=True)))
                for values in cursor.fetchall()
            ]
    return tuple(found)


def columns_of(basis: Basis) -> tuple[str, ...]:
    """Every column that some file of the period has, `Tags.KEY` among them."""
    return tuple(sorted({name for one in _costs(basis) for name in one.columns}))


def drivers_of(store: Store, basis: Basis) -> Mapping[str, Mapping[str, Fraction]]:
    """Driver → body's code as the file writes it (it may be a former one) → quantity."""
    found: dict[str, tuple[DriverRow, ...]] = {}
    for name, version in basis.sources.items():
        if version.kind == "drivers":
            found[name] = load_drivers(_file(store, version))
    return quantities(found)


def _costs(basis: Basis) -> tuple[Version, ...]:
    return tuple(one for one in basis.sources.values() if one.kind == "costs")


def cost_row(name: str, version: Version, values: Mapping[str, object]) -> CostRow:
    """A row of the ledger as people see it."""
    columns: dict[str, str | None] = {}
    for column, value in values.items():
        if column == TAGS and isinstance(value, dict):
            columns |= {f"{TAGS}.{key}": item for key, item in sorted(value.items())}
        elif column != LINE and value is not None:
            columns[column] = format(value, "f") if isinstance(value, Decimal) else str(value)
    amount = values["BilledCost"]
    assert isinstance(amount, Decimal)
    line = int(str(values[LINE]))
    return CostRow(name, version.source, line, columns, str(values["BillingCurrency"]), amount)


def relation_sql(store: Store, version: Version) -> str:
    """SQL of a version's rows."""
    return f"read_parquet({literal(_file(store, version))})"


def _file(store: Store, version: Version) -> Path:
    return store.local(*version.place)


def column_sql(name: str, there: frozenset[str]) -> str:
    """SQL of a column's text, in a file that has these columns; of a number the one text that it has, see
    `one_text`: files differ in how many places a column has."""
    prefix = f"{TAGS}."
    if name.startswith(prefix):
        keys = [other.removeprefix(prefix) for other in there if other.startswith(prefix)]
        if not keys:
            return _NONE
        if name.removeprefix(prefix) in tag_columns(keys):
            return quoted(name)
        return f"map_extract_value({TAGS}, {literal(name.removeprefix(prefix))})"
    if name not in there:
        return _NONE
    text = f"CAST({quoted(name)} AS VARCHAR)"
    if name in COSTS:
        return (
            f"CASE WHEN contains({text}, '.') THEN rtrim(rtrim({text}, '0'), '.') ELSE {text} END"
        )
    return text


def holds_sql(condition: Condition, column: str) -> str:
    """SQL of a condition on a column, given as SQL; see `Condition.holds`."""
    ways: list[str] = []
    for value in condition.values:
        if value is None:
            ways.append(f"{column} IS NULL")
        elif value.endswith("*"):
            ways.append(f"starts_with({column}, {literal(value[:-1])})")
        else:
            ways.append(f"{column} = {literal(value)}")
    return f"({' OR '.join(ways) or 'false'})"


@contextmanager
def opened(store: Store) -> Iterator[duckdb.DuckDBPyConnection]:
    """DuckDB with a private folder of the store's for what does not fit into memory."""
    with (
        temporary_folder(store.work, "query-") as folder,
        connected(folder) as connection,
    ):
        yield connection
