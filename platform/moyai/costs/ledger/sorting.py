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
_CATEGORY = "ChargeCategory"
_TAX = "Tax"
_EXACT = Context(prec=200, traps=[Inexact])
_UNCAUGHT = -1

_Key = tuple[str | None, ...]
"""Issuer, invoice, account, currency, tax rate, `Tax` or None; then the values of what is uncaught."""


def sorted_rows(
    store: Store,
    basis: Basis,
    rules: RuleSet,
    names: Mapping[str, str],
    besides: Iterable[str] = (),
) -> tuple[RowGroup, ...]:
    """All rows of a period by the rule that catches them, the body that a direct rule charges, and the
    invoice that they are of; those that none catches by every column that rules look at, and by those
    `besides`.

    `names`: what values of direct rules' columns mean. The order depends on values only. Raises
    `OperationFailed` where a sum does not fit into 38 digits.
    """
    sums: dict[tuple[Caught | None, _Key], tuple[Decimal, int]] = {}
    columns = tuple(sorted({*rules.columns(), *besides}))
    with opened(store) as connection, localcontext(_EXACT):
        sorter = _Sorter(connection, store, rules, names, columns)
        for version in basis.sources.values():
            if version.kind != "costs":
                continue
            try:
                for key, amount, rows in sorter.groups(version):
                    before, count = sums.get(key, (Decimal(0), 0))
                    sums[key] = (before + amount, count + rows)
            except duckdb.OutOfRangeException as error:
                raise _too_large(version) from error
    ordered = sorted(sums, key=_order)
    return tuple(_group(key, columns, *sums[key]) for key in ordered)


def caught_sql(
    rules: RuleSet, there: frozenset[str], names: Mapping[str, str], caught: Caught | None
) -> str:
    """SQL that holds of the rows that one rule catches (and charges to one body), or that none does."""
    earlier: list[str] = []
    columns = {name: column_sql(name, there) for name in rules.columns()}
    for direct in rules.direct:
        meant = _meanings(direct.bodies, names)
        value = columns[direct.column]
        where = _all(direct.where, columns)
        if caught is not None and caught.body is not None and direct.name == caught.rule:
            own = [word for word, code in meant.items() if code == caught.body]
            return _but(f"{where} AND {_among(value, own)}", earlier)
        earlier.append(f"{where} AND {_among(value, meant)}")
    for pool in rules.pools:
        if pool.where is None:
            continue
        where = _all(pool.where, columns)
        if caught is not None and pool.name == caught.rule:
            return _but(where, earlier)
        earlier.append(where)
    return _but("true", earlier) if caught is None else "false"


@dataclass(frozen=True, slots=True)
class _Sorter:
    connection: duckdb.DuckDBPyConnection
    store: Store
    rules: RuleSet
    names: Mapping[str, str]
    columns: Sequence[str]
    """By which rows that no rule catches are told apart: all that rules look at among them."""

    def groups(self, version: Version) -> Iterable[tuple[tuple[Caught | None, _Key], Decimal, int]]:
        """The groups of one file."""
        there = frozenset(version.columns)
        relation = relation_sql(self.store, version)
        codes = self._tables()
        known = self._constants(relation, there)
        keys = [name for name in (*_INVOICE, _CATEGORY) if name not in known]
        source = self._source(relation, there)
        numbered = {name: f"c{at}" for at, name in enumerate(self._columns())}
        rule = self._rule(numbered)
        bodies = [f"meant{at}.body AS body{at}" for at in range(len(self.rules.direct))]
        picked = [f"WHEN {at} THEN body{at}" for at in range(len(self.rules.direct))]
        body = f"CASE rule {' '.join(picked)} END" if picked else "NULL"
        tax = f"CASE WHEN {numbered[_CATEGORY]} = '{_TAX}' THEN '{_TAX}' END"
        said = [tax if name == _CATEGORY else numbered[name] for name in keys]
        named = [f"{one} AS k{at}" for at, one in enumerate(said)]
        inner = ", ".join([f"{rule} AS rule", *bodies, *named, "BilledCost"])
        by = "".join(f", k{at}" for at in range(len(keys)))
        sql = (
            f"SELECT rule, {body} AS body{by}, sum(BilledCost), count(*) "
            f"FROM (SELECT {inner} FROM {source}) GROUP BY rule, body{by}"
        )
        uncaught = False
        for number, at, *values, amount, rows in self.connection.execute(sql).fetchall():
            if number == _UNCAUGHT:
                uncaught = True
            else:
                caught = Caught(self._name(number), None if at is None else codes[at])
                yield (caught, _key(known, keys, values)), amount, rows
        if uncaught:
            looked_at = [*said, *(numbered[name] for name in self.columns)]
            for values, amount, rows in self._uncaught(source, rule, looked_at):
                key = (*_key(known, keys, values[: len(keys)]), *values[len(keys) :])
                yield (None, key), amount, rows

    def _uncaught(
        self, source: str, rule: str, looked_at: Sequence[str]
    ) -> Iterable[tuple[list[str | None], Decimal, int]]:
        """Rows that no rule catches by these columns, given as SQL: their values, sum and number."""
        sql = (
            f"SELECT {', '.join([*looked_at, 'sum(BilledCost)', 'count(*)'])} FROM {source} "
            f"WHERE {rule} = {_UNCAUGHT} GROUP BY ALL"
        )
        for *values, amount, rows in self.connection.execute(sql).fetchall():
            yield values, amount, rows

    def _columns(self) -> list[str]:
        """All that is looked at, each once."""
        return list(dict.fromkeys((*_INVOICE, _CATEGORY, *self.columns)))

    def _source(self, relation: str, there: frozenset[str]) -> str:
        """SQL of the rows with what is looked at, and with what direct rules' columns mean.

        Columns are taken out before the joins, tags among them: a map is slow to carry through one.
        """
        looked_at = self._columns()
        selected = [f"{column_sql(name, there)} AS c{at}" for at, name in enumerate(looked_at)]
        joins = "".join(
            f" LEFT JOIN meant{at} ON meant{at}.word = c{looked_at.index(direct.column)}"
            for at, direct in enumerate(self.rules.direct)
        )
        return f"(SELECT {', '.join(selected)}, BilledCost FROM {relation}) AS r{joins}"

    def _rule(self, numbered: Mapping[str, str]) -> str:
        """SQL of the number of the rule that catches a row."""
        ways = [
            f"WHEN {_all(direct.where, numbered)} AND meant{at}.body IS NOT NULL THEN {at}"
            for at, direct in enumerate(self.rules.direct)
        ]
        ways += [
            f"WHEN {_all(pool.where, numbered)} THEN {at}"
            for at, pool in enumerate(self.rules.pools, len(self.rules.direct))
            if pool.where is not None
        ]
        return f"CASE {' '.join(ways)} ELSE {_UNCAUGHT} END" if ways else str(_UNCAUGHT)

    def _tables(self) -> list[str]:
        """Tables of what values of direct rules' columns mean; bodies by their place in the answer."""
        meant = [_meanings(direct.bodies, self.names) for direct in self.rules.direct]
        codes = sorted({code for one in meant for code in one.values()})
        places = {code: at for at, code in enumerate(codes)}
        for at, one in enumerate(meant):
            self.connection.execute(
                f"CREATE OR REPLACE TEMP TABLE meant{at} AS "
                "SELECT unnest(?::VARCHAR[]) AS word, unnest(?::INTEGER[]) AS body",
                [list(one), [places[code] for code in one.values()]],
            )
        return codes

    def _name(self, number: int) -> str:
        direct = self.rules.direct
        if number < len(direct):
            return direct[number].name
        return self.rules.pools[number - len(direct)].name

    def _constants(self, relation: str, there: frozenset[str]) -> dict[str, str | None]:
        """What every row has alike of what says its invoice; it need not be grouped by."""
        known: dict[str, str | None] = {}
        for name in (*_INVOICE, _CATEGORY):
            column = column_sql(name, there)
            if name not in there:
                known[name] = None
                continue
            # A statement for each: DuckDB answers it from the file's statistics.
            sql = f"SELECT min({column}), max({column}), count(*) - count({column}) FROM {relation}"
            [(least, most, without)] = self.connection.execute(sql).fetchall()
            if not without and least is not None and least == most:
                known[name] = least
        return known


def _key(
    known: Mapping[str, str | None], keys: Sequence[str], values: Sequence[str | None]
) -> _Key:
    found = {**known, **dict(zip(keys, values, strict=True))}
    tax = _TAX if found[_CATEGORY] == _TAX else None
    return (*(found[name] for name in _INVOICE), tax)


def _meanings(bodies: Mapping[str, str], names: Mapping[str, str]) -> dict[str, str]:
    """Value → code; what the rule itself says comes before codes and slugs."""
    return {**names, **bodies}


def _all(where: Iterable[Condition], columns: Mapping[str, str]) -> str:
    """`columns`: column → SQL of its text."""
    return " AND ".join(holds_sql(one, columns[one.column]) for one in where) or "true"


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
