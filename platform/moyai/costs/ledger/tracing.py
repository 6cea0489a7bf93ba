"""The row in which one place of an amount stands: the end of the way of a yen."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import ceil

import duckdb

from moyai.costs.duck import literal
from moyai.costs.intake.shapes import LINE, TAX_RATE
from moyai.costs.ledger.groups import RowGroup
from moyai.costs.ledger.manifest import Basis, Version
from moyai.costs.ledger.query import CostRow, column_sql, cost_row, opened, relation_sql
from moyai.costs.ledger.sorting import caught_sql
from moyai.costs.ledger.store import Store
from moyai.registry.cost_rules import RuleSet

_DECIMAL = re.compile(r"DECIMAL\([0-9]+, ?([0-9]+)\)")


def row_at(
    store: Store,
    basis: Basis,
    rules: RuleSet,
    names: Mapping[str, str],
    group: RowGroup,
    position: Fraction,
    *,
    is_credit: bool = False,
) -> CostRow | None:
    """The row of a group at 0 < position < 1 of its amounts above zero, by file's hash and line; of those
    below zero for a credit.

    `rules` and `names` are those by which the group was sorted.

    Where there is none, those of the other sign are gone through. None where all are zero.
    """
    files = sorted(
        ((name, one) for name, one in basis.sources.items() if one.kind == "costs"),
        key=lambda item: (item[1].source, item[0]),
    )
    with opened(store) as connection:
        alike = _Alike(rules, names, group)
        for sign in ("-", "") if is_credit else ("", "-"):
            sums = [_sum(connection, store, version, alike, sign) for _, version in files]
            target = position * sum(sums, Fraction())
            for (name, version), whole in zip(files, sums, strict=True):
                if whole and target <= whole:
                    return _row(connection, store, name, version, alike, sign, target)
                target -= whole
    return None


def _sum(
    connection: duckdb.DuckDBPyConnection,
    store: Store,
    version: Version,
    alike: _Alike,
    sign: str,
) -> Fraction:
    sql = (
        f"SELECT sum({sign}BilledCost) FROM {relation_sql(store, version)} "
        f"WHERE {alike.sql(version)} AND {sign}BilledCost > 0"
    )
    [found] = connection.execute(sql).fetchall()
    return Fraction(found[0] or 0)


def _row(
    connection: duckdb.DuckDBPyConnection,
    store: Store,
    name: str,
    version: Version,
    alike: _Alike,
    sign: str,
    target: Fraction,
) -> CostRow:
    place = _place(target, _scale(connection, store, version))
    cursor = connection.execute(
        f"SELECT * EXCLUDE (reached) FROM (SELECT *, sum({sign}BilledCost) OVER (ORDER BY {LINE}) "
        f"AS reached FROM {relation_sql(store, version)} WHERE {alike.sql(version)} "
        f"AND {sign}BilledCost > 0) WHERE reached >= {place} ORDER BY {LINE} LIMIT 1"
    )
    names = [str(column[0]) for column in cursor.description or ()]
    [values] = cursor.fetchall()
    return cost_row(name, version, dict(zip(names, values, strict=True)))


def _scale(connection: duckdb.DuckDBPyConnection, store: Store, version: Version) -> int:
    """How many decimal places amounts of a file have."""
    sql = f"DESCRIBE SELECT BilledCost FROM {relation_sql(store, version)}"
    [[_, kind, *_]] = connection.execute(sql).fetchall()
    found = _DECIMAL.fullmatch(str(kind))
    return 0 if found is None else int(found[1])


def _place(target: Fraction, scale: int) -> str:
    """SQL of the first amount of a scale that is not below a place. It has the type of the amounts' sums: with
    more places, the largest would not fit."""
    whole, part = divmod(ceil(target * 10**scale), 10**scale)
    digits = f".{part:0{scale}}" if scale else ""
    return f"CAST('{whole}{digits}' AS DECIMAL(38, {scale}))"


@dataclass(frozen=True, slots=True)
class _Alike:
    """Which rows are a group's."""

    rules: RuleSet
    names: Mapping[str, str]
    group: RowGroup

    def sql(self, version: Version) -> str:
        """SQL that holds of them in one file."""
        there = frozenset(version.columns)
        group = self.group
        holds = [_same(column_sql(column, there), value) for column, value in group.values.items()]
        if group.caught is not None:
            holds.append(f"({caught_sql(self.rules, there, self.names, group.caught)})")
        holds += [
            f"coalesce({column_sql('InvoiceIssuerName', there)}, '') = {literal(group.issuer)}",
            _same(column_sql("InvoiceId", there), group.invoice_id),
            _same(column_sql("BillingAccountId", there), group.billing_account),
            f"coalesce({column_sql('BillingCurrency', there)}, '') = {literal(group.currency)}",
            _same(
                f"CASE WHEN {column_sql('ChargeCategory', there)} = 'Tax' THEN 'Tax' END",
                "Tax" if group.is_tax else None,
            ),
        ]
        holds.append(_of_rate(column_sql(TAX_RATE, there), group.tax_rate))
        return " AND ".join(holds)


def _of_rate(text: str, rate: Fraction | None) -> str:
    """Rows of one rate of tax in percent, written as `10`, `7.5` or `15/2`."""
    if rate is None:
        return f"{text} IS NULL"
    above = f"CAST(split_part({text}, '/', 1) AS DECIMAL(18, 9))"
    below = f"CAST(coalesce(nullif(split_part({text}, '/', 2), ''), '1') AS DECIMAL(18, 0))"
    return f"{above} * {rate.denominator} = {below} * {rate.numerator}"


def _same(column: str, value: str | None) -> str:
    wanted = "NULL" if value is None else literal(value)
    return f"{column} IS NOT DISTINCT FROM {wanted}"
