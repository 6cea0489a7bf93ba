"""Steps of bodies' attempts, read off the record in one way; what they leave behind is said in `left`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
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
