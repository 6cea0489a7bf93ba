"""Operations read: listed, one whole, its steps, debts. Two or three round trips each."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from moyai.errors import UsageError
from moyai.operations.database.rows import (
    ApprovalRow,
    BodyRow,
    DebtRow,
    OperationRow,
    OperationView,
    StepRow,
    WaveRow,
    text_of,
)
from moyai.planning.fleet.plans import OperationPlan, from_document
from moyai.texts import Text

_LISTED = sa.text("""
SELECT id, kind, subject, site, status, reason, wanted, plan_sha256, planned_by, planned_at,
  began_at, ended_at,
  (SELECT coalesce(jsonb_object_agg(status, n), '{}') FROM (
  SELECT status, count(*) AS n FROM moyai.body b WHERE b.operation_id = o.id GROUP BY status) c)
FROM (SELECT * FROM moyai.operation
  WHERE (CAST(:kind AS text) IS NULL OR kind = :kind)
    AND (CAST(:statuses AS text[]) IS NULL OR status = ANY (:statuses))
  ORDER BY planned_at DESC, id DESC LIMIT :limit) o
ORDER BY planned_at DESC, id DESC
""")
_ONE = sa.text("""
SELECT id, kind, subject, site, status, reason, wanted, plan_sha256, planned_by, planned_at,
  began_at, ended_at,
  plan, planner_signature, released, clock_timestamp()
FROM moyai.operation WHERE id = :id
""")
_WAVES = sa.text("""
SELECT number, name, status, reason, began_at, soak_until, healthy_at
FROM moyai.wave WHERE operation_id = :id ORDER BY number
""")
_BODIES = sa.text("""
SELECT code, name, wave, status, step, attempts, worker, began_at, ended_at, error, waits
FROM moyai.body WHERE operation_id = :id ORDER BY position
""")
_APPROVALS = sa.text("""
SELECT subject, operator, plan_sha256, signature, received_at
FROM moyai.approval WHERE operation_id = :id ORDER BY id
""")
_STEPS = sa.text("""
SELECT code, attempt, step, status, intended_at, done_at, looked, result
FROM moyai.step WHERE operation_id = :id AND (CAST(:code AS text) IS NULL OR code = :code)
ORDER BY code, attempt, ordinal
""")
_DEBTS = sa.text("""
SELECT code, kind, subject, operation_id, reason, opened_at
FROM moyai.debt WHERE closed_at IS NULL ORDER BY opened_at, id
""")


def listed(
    connection: sa.Connection,
    *,
    limit: int = 50,
    kind: str | None = None,
    statuses: Sequence[str] | None = None,
) -> tuple[OperationRow, ...]:
    """The newest operations first."""
    wanted = None if statuses is None else list(statuses)
    given = {"limit": limit, "kind": kind, "statuses": wanted}
    rows = connection.execute(_LISTED, given).all()
    return tuple(_operation(row[:12], row[12]) for row in rows)


def shown(connection: sa.Connection, operation: str) -> OperationView:
    """One operation whole. Raises `UsageError` where there is none of that id."""
    found = connection.execute(_ONE, {"id": operation}).one_or_none()
    if found is None:
        raise no_such(operation)
    given = {"id": operation}
    bodies = tuple(
        BodyRow(*row[:10], text_of(row[10])) for row in connection.execute(_BODIES, given).all()
    )
    counts: dict[str, int] = {}
    for body in bodies:
        counts[body.status] = counts.get(body.status, 0) + 1
    return OperationView(
        row=_operation(found[:12], counts),
        plan=plan_of(found[12]),
        planner_signature=found[13],
        released=dict(found[14]),
        waves=tuple(
            WaveRow(row[0], row[1], row[2], text_of(row[3]), *row[4:])
            for row in connection.execute(_WAVES, given).all()
        ),
        bodies=bodies,
        approvals=tuple(ApprovalRow(*row) for row in connection.execute(_APPROVALS, given).all()),
        now=found[15],
    )


def steps(
    connection: sa.Connection, operation: str, code: str | None = None
) -> tuple[StepRow, ...]:
    """The steps of an operation, of one body or of all, in the order of their beginning."""
    rows = connection.execute(_STEPS, {"id": operation, "code": code}).all()
    return tuple(StepRow(*row[:7], row[7] or {}) for row in rows)


def debts(connection: sa.Connection) -> tuple[DebtRow, ...]:
    """What is owed, oldest first."""
    rows = connection.execute(_DEBTS).all()
    return tuple(DebtRow(*row[:4], text_of(row[4]) or Text("", ""), row[5]) for row in rows)


def find(connection: sa.Connection, words: str) -> str:
    """The id that words mean: an id, `last`, or `last:KIND`. Raises `UsageError`."""
    if words == "last" or words.startswith("last:"):
        kind = words[5:] or None
        rows = listed(connection, limit=1, kind=kind)
        if rows:
            return rows[0].id
        raise UsageError(
            Text(
                f"「{words}」にあたる一斉作業はまだありません。",
                f"there is no operation yet that '{words}' means.",
            )
        )
    found = connection.execute(
        sa.text("SELECT id FROM moyai.operation WHERE id = :id"), {"id": words}
    ).scalar()
    if found is None:
        raise no_such(words)
    return str(found)


def plan_of(text: str) -> OperationPlan:
    """The plan of its canonical text."""
    return from_document(json.loads(text))


def no_such(operation: str) -> UsageError:
    """For people: no operation has that id."""
    return UsageError(
        Text(
            f"一斉作業 {operation} はありません。",
            f"there is no operation {operation}.",
        ),
        remedy=Text(
            "moyai operation list で番号を確かめてください（last は最後のもの）。",
            "Look at moyai operation list for its id; `last` means the newest.",
        ),
    )


def _operation(row: Sequence[Any], counts: dict[str, int]) -> OperationRow:
    return OperationRow(*row[:5], text_of(row[5]), *row[6:12], counts)
