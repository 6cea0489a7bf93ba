"""Steps of bodies' attempts, read off the record in one way; what they leave behind is said in `left`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from moyai.operations.database.left import StepRecord

STEPS = (
    "SELECT coalesce(jsonb_agg(jsonb_build_object('operation', s.operation_id, 'code', s.code, "
    "'step', s.step, 'ordinal', s.ordinal, 'status', s.status, 'result', s.result) "
    "ORDER BY s.attempt, s.ordinal), '[]') "
    "FROM unnest(CAST(%s AS text[]), CAST(%s AS text[])) AS asked (operation, code) "
    "JOIN moyai.step s ON s.operation_id = asked.operation AND s.code = asked.code"
)
"""All steps of entries, the oldest first, as JSON that `step_records` reads. Given operations, and a code
for each of them."""

# A plan of a whole federation is long: its parameters are read once for each operation.
_ENTRIES = sa.text(
    "WITH ops AS MATERIALIZED (SELECT id, planned_at, CAST(plan AS jsonb) -> 'parameters' AS given "
    "FROM moyai.operation WHERE kind = 'upgrade' AND site = :site "
    "AND split_part(subject, ' ', 1) = :service), "
    "codes AS (SELECT DISTINCT b.code FROM moyai.body b JOIN ops ON ops.id = b.operation_id "
    "WHERE b.status <> 'done' AND b.attempts > 0) "
    "SELECT ops.id, b.code, b.status, ops.given "
    "FROM moyai.body b JOIN ops ON ops.id = b.operation_id JOIN codes USING (code) "
    "WHERE b.attempts > 0 ORDER BY ops.planned_at, ops.id"
)
_SUCCESSORS = sa.text(
    "WITH touched AS MATERIALIZED (SELECT DISTINCT operation_id, code FROM moyai.step "
    "WHERE code = ANY (:codes) AND ordinal > 1 AND operation_id <> :id), "
    "ops AS MATERIALIZED (SELECT id, CAST(plan AS jsonb) #> '{parameters,takes_over}' AS taken "
    "FROM moyai.operation WHERE kind = :kind AND id IN (SELECT operation_id FROM touched)) "
    "SELECT t.code, ops.id FROM touched t JOIN ops ON ops.id = t.operation_id "
    "WHERE ops.taken #>> ARRAY[t.code, 'operation'] = :id"
)


@dataclass(frozen=True, slots=True)
class Entry:
    """A body in an operation that has begun it."""

    operation: str
    code: str
    status: str
    parameters: Mapping[str, Any]
    """The plan's; entries of one operation have the same."""


def step_records(found: Iterable[Mapping[str, Any]]) -> tuple[StepRecord, ...]:
    """Steps as `STEPS` and the database's own `moyai.take` tell them."""
    return tuple(
        StepRecord(one["step"], one["ordinal"], one["status"], one["result"] or {}) for one in found
    )


def steps_of(
    connection: sa.Connection, entries: Iterable[tuple[str, str]]
) -> Mapping[tuple[str, str], tuple[StepRecord, ...]]:
    """All steps of bodies in operations, the oldest first, by operation and code."""
    asked = list(dict.fromkeys(entries))
    operations, codes = [one for one, _ in asked], [code for _, code in asked]
    told = connection.exec_driver_sql(STEPS, (operations, codes)).scalar_one()
    found: dict[tuple[str, str], list[Mapping[str, Any]]] = {one: [] for one in asked}
    for one in told:
        found[one["operation"], one["code"]].append(one)
    return {entry: step_records(steps) for entry, steps in found.items()}


def begun_entries(connection: sa.Connection, site: str, service: str) -> tuple[Entry, ...]:
    """The bodies that upgrades of a service on a site have begun, the oldest first; those that all of them have
    done are left out."""
    rows = connection.execute(_ENTRIES, {"site": site, "service": service})
    return tuple(Entry(*row) for row in rows)


def successors(
    connection: sa.Connection, operation: str, kind: str, codes: Sequence[str]
) -> dict[str, str]:
    """The bodies of an operation that others have taken over, code → by which."""
    given = {"id": operation, "kind": kind, "codes": list(codes)}
    return {row.code: row.id for row in connection.execute(_SUCCESSORS, given)}
