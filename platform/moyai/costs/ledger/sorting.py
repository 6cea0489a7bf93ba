"""A period's rows, sorted by the rule that catches them: the one look at all rows.

Rules are worked out where the rows are, in SQL, so that what comes back is as many groups as there are
rules and bodies, however many values the columns have. What it means to be caught is `catching`'s; a test
holds the two together.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Context, Decimal, Inexact, localcontext
from fractions import Fraction

import duckdb

from moyai.costs.apportion.inputs import Caught
from moyai.costs.duck import literal
from moyai.costs.intake.shapes import TAX_RATE
from moyai.costs.ledger.groups import RowGroup
from moyai.costs.ledger.manifest import Basis, Version
from moyai.costs.ledger.query import column_sql, holds_sql, opened, relation_sql
from moyai.costs.ledger.store import Store
from moyai.errors import OperationFailed
from moyai.registry.cost_rules import Condition, RuleSet
from moyai.texts import Text

_INVOICE = ("InvoiceIssuerName", "InvoiceId", "BillingAccountId", "BillingCurrency", TAX_RATE)
_EXACT = Context(prec=200, traps=[Inexact])
_UNCAUGHT = -1

_Key = tuple[str | None, ...]
"""Issuer, invoice, account, currency, tax rate, `Tax` or None; then the values of what is uncaught."""


def sorted_rows(
    store: Store, basis: Basis, rules: RuleSet, names: Mapping[str, str]
) -> tuple[RowGroup, ...]:
    """All rows of a period by the rule that catches them, the body that a direct rule charges, and the
    invoice that they are of; those that none catches by every column that rules look at.

    `names`: what values of direct rules' columns mean. The order depends on values only. Raises
    `OperationFailed` where a sum does not fit into 38 digits.
    """
    sums: dict[tuple[Caught | None, _Key], tuple[Decimal, int]] = {}
    columns = rules.columns()
    with opened(store) as connection, localcontext(_EXACT):
        sorter = _Sorter(connection, store, rules, names)
        for version in basis.sources.values():
            if version.kind != "costs":
                continue
            try:
                for key, amount, rows in sorter.groups(version, columns):
                    before, count = sums.get(key, (Decimal(0), 0))
                    sums[key] = (before + amount, count + rows)
            except duckdb.OutOfRangeException as error:
                raise _too_large(version) from error
    ordered = sorted(sums, key=_order)
    return tuple(_group(key, columns, *sums[key]) for key in ordered)


def caught_sql(
    rules: RuleSet, there: frozenset[str], names: Mapping[str, str], caught: Caught
) -> str:
    """SQL that holds of the rows that one rule catches (and charges to one body)."""
    earlier: list[str] = []
    for direct in rules.direct:
        meant = _meanings(direct.bodies, names)
        value = column_sql(direct.column, there)
        where = _all(direct.where, there)
        if (direct.name, caught.body) == (caught.rule, caught.body) and caught.body is not None:
            own = [word for word, code in meant.items() if code == caught.body]
            return _but(f"{where} AND {_among(value, own)}", earlier)
        earlier.append(f"{where} AND {_among(value, meant)}")
    for pool in rules.pools:
        if pool.where is None:
            continue
        where = _all(pool.where, there)
        if pool.name == caught.rule:
            return _but(where, earlier)
        earlier.append(where)
    return "false"


@dataclass(frozen=True, slots=True)
class _Sorter:
    connection: duckdb.DuckDBPyConnection
    store: Store
    rules: RuleSet
    names: Mapping[str, str]

    def groups(
        self, version: Version, columns: Sequence[str]
    ) -> Iterable[tuple[tuple[Caught | None, _Key], Decimal, int]]:
        """The groups of one file."""
        there = frozenset(version.columns)
        relation = relation_sql(self.store, version)
        invoice = [self._unless_constant(relation, name, there) for name in _INVOICE]
        tax = f"CASE WHEN {column_sql('ChargeCategory', there)} = 'Tax' THEN 'Tax' END"
        rule, body, joins = self._caught(there)
        keys = ", ".join(f"{sql} AS k{number}" for number, sql in enumerate([*invoice, tax]))
        by = ", ".join(f"k{number}" for number in range(len(invoice) + 1))
        sql = (
            f"SELECT rule, body, {by}, sum(BilledCost), count(*) FROM (SELECT {rule} AS rule, "
            f"{body} AS body, {keys}, BilledCost FROM {relation} AS r{joins}) "
            f"GROUP BY rule, body, {by}"
        )
        uncaught = False
        for number, code, *key, amount, rows in self.connection.execute(sql).fetchall():
            if number == _UNCAUGHT:
                uncaught = True
            else:
                yield (Caught(self._name(number), code), tuple(key)), amount, rows
        if uncaught:
            yield from self._uncaught(relation, rule, joins, [*invoice, tax], columns, there)

    def _uncaught(
        self,
        relation: str,
        rule: str,
        joins: str,
        keys: Sequence[str],
        columns: Sequence[str],
        there: frozenset[str],
    ) -> Iterable[tuple[tuple[Caught | None, _Key], Decimal, int]]:
        named = [*keys, *(column_sql(name, there) for name in columns)]
        select = ", ".join(f"{sql} AS k{number}" for number, sql in enumerate(named))
        by = ", ".join(f"k{number}" for number in range(len(named)))
        sql = (
            f"SELECT {by}, sum(BilledCost), count(*) FROM (SELECT {select}, BilledCost "
            f"FROM {relation} AS r{joins} WHERE {rule} = {_UNCAUGHT}) GROUP BY {by}"
        )
        for *key, amount, rows in self.connection.execute(sql).fetchall():
            yield (None, tuple(key)), amount, rows

    def _caught(self, there: frozenset[str]) -> tuple[str, str, str]:
        """SQL of the rule's number, of the body's code, and of the joins that both need."""
        rule, body, joins = [], [], ""
        for number, direct in enumerate(self.rules.direct):
            meant = _meanings(direct.bodies, self.names)
            table = f"meant{number}"
            self._table(table, meant)
            value = column_sql(direct.column, there)
            joins += f" LEFT JOIN {table} ON {table}.word = {value}"
            when = f"{_all(direct.where, there)} AND {table}.code IS NOT NULL"
            rule.append(f"WHEN {when} THEN {number}")
            body.append(f"WHEN {when} THEN {table}.code")
        for number, pool in enumerate(self.rules.pools, len(self.rules.direct)):
            if pool.where is not None:
                when = _all(pool.where, there)
                rule.append(f"WHEN {when} THEN {number}")
                body.append(f"WHEN {when} THEN NULL")
        if not rule:
            return str(_UNCAUGHT), "NULL::VARCHAR", joins
        return (
            f"CASE {' '.join(rule)} ELSE {_UNCAUGHT} END",
            f"CASE {' '.join(body)} ELSE NULL::VARCHAR END",
            joins,
        )

    def _table(self, name: str, meant: Mapping[str, str]) -> None:
        self.connection.execute(f"CREATE OR REPLACE TEMP TABLE {name} (word VARCHAR, code VARCHAR)")
        rows = [f"({literal(word)}, {literal(code)})" for word, code in meant.items()]
        if rows:
            self.connection.execute(f"INSERT INTO {name} VALUES {', '.join(rows)}")

    def _name(self, number: int) -> str:
        direct = self.rules.direct
        if number < len(direct):
            return direct[number].name
        return self.rules.pools[number - len(direct)].name

    def _unless_constant(self, relation: str, name: str, there: frozenset[str]) -> str:
        """SQL of a column; a value that every row has is written out, which spares grouping by it."""
        column = column_sql(name, there)
        if name not in there:
            return column
        sql = f"SELECT min({column}), max({column}), count(*) - count({column}) FROM {relation}"
        [(least, most, without)] = self.connection.execute(sql).fetchall()
        if without or least is None or least != most:
            return column
        return literal(str(least))


def _meanings(bodies: Mapping[str, str], names: Mapping[str, str]) -> dict[str, str]:
    """Value → code; what the rule itself says comes before codes and slugs."""
    return {**names, **bodies}


def _all(where: Iterable[Condition], there: frozenset[str]) -> str:
    return " AND ".join(holds_sql(one, there) for one in where) or "true"


def _among(value: str, words: Iterable[str]) -> str:
    listed = ", ".join(literal(word) for word in words)
    return f"coalesce({value} IN ({listed}), false)" if listed else "false"


def _but(holds: str, earlier: Iterable[str]) -> str:
    """What holds, but of rows that earlier rules catch. A condition of no value is not met."""
    others = "".join(f" AND NOT coalesce({one}, false)" for one in earlier)
    return f"coalesce({holds}, false){others}"


def _order(key: tuple[Caught | None, _Key]) -> tuple[object, ...]:
    caught, values = key
    rule = (
        caught is not None,
        caught.rule if caught else "",
        (caught.body or "") if caught else "",
    )
    return (*rule, *((value is not None, value or "") for value in values))


def _group(
    key: tuple[Caught | None, _Key], columns: Sequence[str], amount: Decimal, rows: int
) -> RowGroup:
    caught, (issuer, invoice, account, currency, rate, tax, *values) = key
    return RowGroup(
        dict(zip(columns, values, strict=True)) if caught is None else {},
        issuer or "",
        invoice,
        account,
        currency or "",
        tax is not None,
        None if rate is None else Fraction(rate),
        amount,
        rows,
        caught,
    )


def _too_large(version: Version) -> OperationFailed:
    return OperationFailed(
        Text(
            f"{version.source} の合計が 38 桁に収まりません。",
            f"the sum of {version.source} does not fit into 38 digits.",
        )
    )
