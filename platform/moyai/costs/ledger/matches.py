"""What rows of a period rules would catch, each alone: for whoever writes them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import duckdb

from moyai.costs.duck import literal
from moyai.costs.intake.shapes import BODY_CODE, LINE, TEMPLATE
from moyai.costs.ledger.manifest import Basis, Version
from moyai.costs.ledger.query import column_sql, holds_sql, opened, relation_sql
from moyai.costs.ledger.store import Store
from moyai.registry.cost_rules import Condition, Direct, Pool, RuleSet

_MOST_VALUES = 1_000
"""Of a column and file: more are no names that somebody could have mistyped."""


@dataclass(frozen=True, slots=True)
class Matches:
    """What one rule would catch, were it alone."""

    rule: Direct | Pool
    rows: int
    by_condition: tuple[int, ...]
    """How many rows each condition of its `where` holds of, in their order."""
    strangers: tuple[str, ...]
    """Of a direct rule: values of its column that mean no body, in rows that meet its `where`."""
    absent: tuple[str, ...]
    """Of a direct rule: keys of its `bodies` that no row which meets its `where` has."""


def matches_of(
    store: Store, basis: Basis, rules: RuleSet, names: Mapping[str, str]
) -> tuple[Matches, ...]:
    """The matches of every rule that catches rows, in the order of rules. `names` as in `sorted_rows`."""
    looking: list[Direct | Pool] = [*rules.direct, *(p for p in rules.pools if p.where is not None)]
    counts = [[0] * (1 + len(rule.where or ())) for rule in looking]
    strangers: list[set[str]] = [set() for _ in looking]
    absent = [set(rule.bodies) if isinstance(rule, Direct) else set() for rule in looking]
    with opened(store) as connection:
        for version in _costs(basis):
            relation = relation_sql(store, version)
            for at, rule in enumerate(looking):
                asked = _Asked(rule, frozenset(version.columns), names)
                found = _row(connection, relation, asked.counted)
                counts[at] = [one + more for one, more in zip(counts[at], found, strict=True)]
                if isinstance(rule, Direct):
                    strangers[at] |= _values(connection, relation, asked.value, asked.strange)
                    there = asked.named(absent[at])
                    absent[at] -= _values(connection, relation, asked.value, there, len(absent[at]))
    return tuple(
        Matches(rule, rows, tuple(by_condition), tuple(sorted(strange)), tuple(sorted(unseen)))
        for rule, (rows, *by_condition), strange, unseen in zip(
            looking, counts, strangers, absent, strict=True
        )
    )


def values_of(store: Store, basis: Basis, column: str) -> tuple[str, ...]:
    """What a column of a period's rows has, in order; of a column with very many values, some of them."""
    found: set[str] = set()
    with opened(store) as connection:
        for version in _costs(basis):
            value = column_sql(column, frozenset(version.columns))
            found |= _values(connection, relation_sql(store, version), value, "true")
    return tuple(sorted(found))


@dataclass(frozen=True, slots=True)
class Strays:
    """Rows of one file by the template that name a body, which no direct rule charges them to."""

    file: str
    rows: int
    first: tuple[tuple[int, str], ...]
    """Lines, and codes as they are written."""


def strays_of(
    store: Store, basis: Basis, rules: RuleSet, names: Mapping[str, str], most: int
) -> tuple[Strays, ...]:
    """What there is of them, by file; of each the first `most` rows. `names` as in `sorted_rows`."""
    found: list[Strays] = []
    with opened(store) as connection:
        for file, version in sorted(basis.sources.items()):
            there = frozenset(version.columns)
            if version.format != TEMPLATE or BODY_CODE not in there:
                continue
            relation, code = relation_sql(store, version), column_sql(BODY_CODE, there)
            charged = [_Asked(rule, there, names).counted[0] for rule in rules.direct]
            stray = f"{code} IS NOT NULL AND NOT ({' OR '.join(charged) or 'false'})"
            [rows] = _row(connection, relation, [stray])
            first = (
                f"SELECT {LINE}, {code} FROM {relation} WHERE {stray} ORDER BY {LINE} LIMIT {most}"
            )
            lines = connection.execute(first).fetchall()
            if rows:
                found.append(Strays(file, rows, tuple((int(line), word) for line, word in lines)))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class _Asked:
    """SQL of what is asked of one rule in a file that has these columns."""

    rule: Direct | Pool
    there: frozenset[str]
    names: Mapping[str, str]

    @property
    def value(self) -> str:
        """The value that says which body a direct rule charges."""
        assert isinstance(self.rule, Direct)
        return column_sql(self.rule.column, self.there)

    @property
    def counted(self) -> list[str]:
        """What the rule catches, and what each of its conditions holds of."""
        whole = self._where
        if isinstance(self.rule, Direct):
            whole = f"{whole} AND {self._means_one}"
        return [whole, *map(self._holds, self.rule.where or ())]

    @property
    def strange(self) -> str:
        """Rows that meet a direct rule's `where` and mean no body."""
        return f"{self._where} AND {self.value} IS NOT NULL AND NOT {self._means_one}"

    def named(self, keys: Collection[str]) -> str:
        """Rows that meet a direct rule's `where` and have one of these values."""
        words = ", ".join(map(literal, sorted(keys)))
        return f"{self._where} AND {self.value} IN ({words})" if words else "false"

    @property
    def _where(self) -> str:
        return " AND ".join(map(self._holds, self.rule.where or ())) or "true"

    @property
    def _means_one(self) -> str:
        assert isinstance(self.rule, Direct)
        words = ", ".join(literal(word) for word in {**self.names, **self.rule.bodies})
        return f"coalesce({self.value} IN ({words}), false)" if words else "false"

    def _holds(self, condition: Condition) -> str:
        return holds_sql(condition, column_sql(condition.column, self.there))


def _costs(basis: Basis) -> tuple[Version, ...]:
    return tuple(one for one in basis.sources.values() if one.kind == "costs")


def _row(
    connection: duckdb.DuckDBPyConnection, relation: str, counted: Sequence[str]
) -> tuple[int, ...]:
    said = ", ".join(f"count(*) FILTER (WHERE {one})" for one in counted)
    [found] = connection.execute(f"SELECT {said} FROM {relation}").fetchall()
    return tuple(found)


def _values(
    connection: duckdb.DuckDBPyConnection,
    relation: str,
    value: str,
    where: str,
    most: int = _MOST_VALUES,
) -> set[str]:
    sql = (
        f"SELECT DISTINCT v FROM (SELECT {value} AS v FROM {relation} WHERE {where}) "
        f"WHERE v IS NOT NULL ORDER BY v LIMIT {most}"
    )
    return {word for (word,) in connection.execute(sql).fetchall()}
