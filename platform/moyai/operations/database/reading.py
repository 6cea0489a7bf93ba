"""Operations read: listed, one whole, its steps, debts. Two or three round trips each.

By psycopg itself, so that a list starts without SQLAlchemy, which takes longer to import than all the rest;
connections of SQLAlchemy are read by the connection of psycopg below them.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, LiteralString, cast

import psycopg
from psycopg.rows import namedtuple_row

from moyai.errors import OperationFailed, UsageError
from moyai.operations.database.rows import (
    ApprovalRow,
    BesideRow,
    BodyRow,
    DebtRow,
    OperationRow,
    OperationView,
    Pause,
    StepRow,
    WaveRow,
)
from moyai.planning.fleet.status_words import LOOKS
from moyai.texts import Text, text_of

if TYPE_CHECKING:
    import sqlalchemy as sa

    from moyai.planning.fleet.plans import OperationPlan

    Connection = psycopg.Connection[Any] | sa.Connection

# Of one that runs with nothing in hand, what its first body waits for. One that was called off before any body
# was begun never began, whenever it might have; one that was begun again after its end has its former end on
# record until the next.
_OPERATION = """
SELECT id, kind, subject, site, status,
  coalesce(reason, CASE WHEN status = 'running' AND NOT EXISTS (SELECT 1 FROM moyai.body b
    WHERE b.operation_id = o.id AND b.status = 'running') THEN (SELECT waits FROM moyai.body b
    WHERE b.operation_id = o.id AND b.status = 'waiting' AND waits IS NOT NULL
    ORDER BY b.position LIMIT 1) END) AS reason, wanted, plan_sha256, planned_by, planned_at,
  CASE WHEN status IN ('cancelled', 'expired') AND NOT EXISTS (SELECT 1 FROM moyai.body b
    WHERE b.operation_id = o.id AND b.attempts > 0) THEN NULL ELSE began_at END AS began_at,
  CASE WHEN status IN ('done', 'failed', 'cancelled', 'expired') THEN ended_at END AS ended_at,
"""
_LISTED = "".join(
    (
        _OPERATION,
        """
  (SELECT coalesce(jsonb_object_agg(status, n), '{}') FROM (
  SELECT status, count(*) AS n FROM moyai.body b WHERE b.operation_id = o.id GROUP BY status) c) AS counts
FROM (SELECT * FROM moyai.operation
  WHERE (CAST(%(kind)s AS text) IS NULL OR kind = %(kind)s)
    AND (CAST(%(statuses)s AS text[]) IS NULL OR status = ANY (%(statuses)s))
  ORDER BY planned_at DESC, id DESC LIMIT %(limit)s) o
ORDER BY planned_at DESC, id DESC
""",
    )
)
_ONE = "".join(
    (
        _OPERATION,
        """
  plan, planner_signature, released, clock_timestamp() AS moment, paused.*
FROM moyai.operation o LEFT JOIN LATERAL (
  SELECT actor AS paused_by, at AS paused_at FROM moyai.steering
  WHERE operation_id = o.id AND o.kind = 'edit' AND (action = 'pause' OR action = 'before' AND asked = 'pause')
  ORDER BY at DESC LIMIT 1) paused ON true
WHERE id = %(id)s
""",
    )
)
_WAVES = """
SELECT number, name, status, reason, began_at, soak_until, healthy_at
FROM moyai.wave WHERE operation_id = %(id)s ORDER BY number
"""
_BODIES = """
SELECT code, name, wave, status, step, attempts, worker, began_at, ended_at, error, waits
FROM moyai.body WHERE operation_id = %(id)s ORDER BY position
"""
_WAVES_OF = """
SELECT operation_id, number, name, status, reason, began_at, soak_until, healthy_at
FROM moyai.wave WHERE operation_id = ANY (%(ids)s) ORDER BY operation_id, number
"""
_BODIES_OF = """
SELECT operation_id, code, name, wave, status, step, attempts, worker, began_at, ended_at, error, waits
FROM moyai.body WHERE operation_id = ANY (%(ids)s) ORDER BY operation_id, position
"""
_WORKERS = """
SELECT count(*) FROM moyai.worker WHERE taken_at IS NULL AND ended_at IS NULL
AND clock_timestamp() - seen_at < interval '5 seconds'
"""
_HELD_BACK = """
SELECT DISTINCT held_back FROM moyai.worker WHERE taken_at IS NULL AND ended_at IS NULL
AND clock_timestamp() - seen_at < interval '5 seconds' AND held_back IS NOT NULL
"""
_BESIDE = """
SELECT o.id, o.kind, o.subject, array_agg(b.code ORDER BY b.code) AS codes
FROM moyai.operation o JOIN moyai.body b ON b.operation_id = o.id
WHERE o.id <> %(id)s AND o.status IN ('planned', 'running', 'paused', 'held') AND b.status <> 'done'
  AND b.code IN (SELECT code FROM moyai.body WHERE operation_id = %(id)s)
GROUP BY o.id ORDER BY o.planned_at, o.id
"""
_APPROVALS = """
SELECT subject, operator, plan_sha256, signature, received_at, signed_at
FROM moyai.approval WHERE operation_id = %(id)s ORDER BY id
"""
_STEPS = """
SELECT code, attempt, step, status, intended_at, done_at, looked, result
FROM moyai.step WHERE operation_id = %(id)s AND (CAST(%(code)s AS text) IS NULL OR code = %(code)s)
ORDER BY code, attempt, ordinal
"""
_DEBTS = """
SELECT code, kind, subject, operation_id AS operation, reason, opened_at
FROM moyai.debt WHERE closed_at IS NULL AND kind <> ALL (%(looks)s) ORDER BY opened_at, id
"""

_VERIFIED = """
SELECT s.code, max(s.done_at) AS verified_at
FROM moyai.step s JOIN moyai.operation o ON o.id = s.operation_id
WHERE o.kind = 'backup' AND s.step = %(step)s AND s.status = 'done' AND s.result ? 'manifest'
GROUP BY s.code
"""


def listed(
    connection: Connection,
    *,
    limit: int = 50,
    kind: str | None = None,
    statuses: Sequence[str] | None = None,
) -> tuple[OperationRow, ...]:
    """The newest operations first."""
    wanted = None if statuses is None else list(statuses)
    given = {"limit": limit, "kind": kind, "statuses": wanted}
    rows = _rows(connection, _LISTED, given)
    return tuple(_operation(row, row.counts) for row in rows)


def shown(connection: Connection, operation: str) -> OperationView:
    """One operation whole. Raises `UsageError` where there is none of that id, `UnknownPlan` for a plan that
    this version cannot read."""
    found, row, bodies = _standing(connection, operation)
    given = {"id": operation}
    return OperationView(
        row=row,
        plan=plan_of(found.plan),
        planner_signature=found.planner_signature,
        released=dict(found.released),
        waves=tuple(_wave(row) for row in _rows(connection, _WAVES, given)),
        bodies=bodies,
        approvals=tuple(
            ApprovalRow(**row._asdict()) for row in _rows(connection, _APPROVALS, given)
        ),
        now=found.moment,
        last_pause=_pause(found),
    )


def _pause(found: Any) -> Pause | None:
    if found.paused_by is None:
        return None
    return Pause(found.paused_by.partition(":")[2], found.paused_at)


def standing(connection: Connection, operation: str) -> tuple[OperationRow, tuple[BodyRow, ...]]:
    """One operation and its bodies, whatever its plan is. Raises `UsageError` where there is none of that
    id."""
    return _standing(connection, operation)[1:]


def _standing(
    connection: Connection, operation: str
) -> tuple[Any, OperationRow, tuple[BodyRow, ...]]:
    found = _one(connection, _ONE, {"id": operation})
    if found is None:
        raise no_such(operation)
    bodies = tuple(_body(row) for row in _rows(connection, _BODIES, {"id": operation}))
    counts = dict(Counter(body.status for body in bodies))
    return found, _operation(found, counts), bodies


def entries(
    connection: Connection, operations: Sequence[str]
) -> Mapping[str, tuple[tuple[WaveRow, ...], tuple[BodyRow, ...]]]:
    """Waves and bodies of several operations, by id."""
    given = {"ids": list(operations)}
    waves: dict[str, list[WaveRow]] = {one: [] for one in operations}
    bodies: dict[str, list[BodyRow]] = {one: [] for one in operations}
    for row in _rows(connection, _WAVES_OF, given):
        waves[row.operation_id].append(_wave(row))
    for row in _rows(connection, _BODIES_OF, given):
        bodies[row.operation_id].append(_body(row))
    return {one: (tuple(waves[one]), tuple(bodies[one])) for one in operations}


def workers(connection: Connection) -> int:
    """Workers that are alive: seen within the last five seconds."""
    return int(_rows(connection, _WORKERS, {})[0].count)


def held_back(connection: Connection) -> tuple[Text, ...]:
    """Why workers that are alive begin nothing, each reason once; none where all do."""
    rows = _rows(connection, _HELD_BACK, {})
    return tuple(found for row in rows if (found := text_of(row.held_back)) is not None)


def steps(connection: Connection, operation: str, code: str | None = None) -> tuple[StepRow, ...]:
    """The steps of an operation, of one body or of all, in the order of their beginning."""
    rows = _rows(connection, _STEPS, {"id": operation, "code": code})
    return tuple(StepRow(**{**row._asdict(), "result": row.result or {}}) for row in rows)


def beside(connection: Connection, operation: str) -> tuple[BesideRow, ...]:
    """Other operations that have not ended, about bodies of this one that they have not done, oldest first."""
    rows = _rows(connection, _BESIDE, {"id": operation})
    return tuple(BesideRow(**{**row._asdict(), "codes": tuple(row.codes)}) for row in rows)


def debts(connection: Connection) -> tuple[DebtRow, ...]:
    """What is owed, oldest first. What kinds that only look leave is on record until a conductor closes it
    (`debts.why_void`), and is none."""
    rows = _rows(connection, _DEBTS, {"looks": sorted(LOOKS)})
    return tuple(DebtRow(**{**row._asdict(), "reason": text_of(row.reason)}) for row in rows)


def verified_restores(connection: Connection, service: str) -> dict[str, datetime]:
    """Code → when a backup of a service was last restored by way of trial, in UTC, of the bodies of which
    one ever was."""
    rows = _rows(connection, _VERIFIED, {"step": f"restore-test:{service}"})
    return {row.code: row.verified_at.astimezone(UTC) for row in rows}


def find(connection: Connection, words: str) -> str:
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
    found = _one(connection, "SELECT id FROM moyai.operation WHERE id = %(id)s", {"id": words})
    if found is None:
        raise no_such(words)
    return str(found.id)


def plan_of(text: str) -> OperationPlan:
    """The plan of its canonical text. Raises `UnknownPlan` for one that this version cannot read."""
    from moyai.planning.fleet.plans import (
        from_document,  # a list needs no plan, and no registry's types
    )

    try:
        return from_document(json.loads(text))
    except ValueError as error:
        raise _unknown_plan() from error


class UnknownPlan(OperationFailed):
    """The plan is another version's, or damaged; what else is on record can be read."""


def _unknown_plan() -> UnknownPlan:
    return UnknownPlan(
        Text(
            "この一斉作業の計画は、この版のもやいでは読めません。",
            "this version of Moyai cannot read the operation's plan.",
        ),
        remedy=Text(
            "計画した版で開いてください。moyai operation cancel で取り消せます"
            "（途中の団体は、元に戻さずに保留にします）。",
            "Use the version that planned it, or cancel it by moyai operation cancel: bodies that are half-way "
            "are held then, not taken back.",
        ),
    )


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


def _operation(row: Any, counts: Mapping[str, int]) -> OperationRow:
    return OperationRow(
        **{**_named(OperationRow, row, "counts"), "reason": text_of(row.reason), "counts": counts}
    )


def _wave(row: Any) -> WaveRow:
    return WaveRow(**{**_named(WaveRow, row), "reason": text_of(row.reason)})


def _body(row: Any) -> BodyRow:
    return BodyRow(**{**_named(BodyRow, row), "waits": text_of(row.waits)})


def _named(kind: Any, row: Any, *without: str) -> dict[str, Any]:
    """The columns of a row that are fields of a kind of rows."""
    return {one.name: getattr(row, one.name) for one in fields(kind) if one.name not in without}


def _rows(
    connection: Connection, statement: LiteralString, given: Mapping[str, object]
) -> list[Any]:
    """The rows of a statement, with their columns by name."""
    driver = connection
    if not isinstance(driver, psycopg.Connection):
        driver = cast("psycopg.Connection[Any]", driver.connection.driver_connection)
    with driver.cursor(row_factory=namedtuple_row) as cursor:
        return cursor.execute(statement, given).fetchall()


def _one(connection: Connection, statement: LiteralString, given: Mapping[str, object]) -> Any:
    rows = _rows(connection, statement, given)
    return rows[0] if rows else None
