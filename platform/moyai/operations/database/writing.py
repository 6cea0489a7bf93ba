"""What persons put on record: a new operation, what they want of it, approvals, retries.

Each is one transaction with its record in the federation's chain, and in those of the bodies that
it concerns.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime

import sqlalchemy as sa

from moyai.audit.pieces import pieces
from moyai.audit.records import FEDERATION
from moyai.canonical_json import canonical
from moyai.errors import NOTHING_TOUCHED, Refused
from moyai.operations.database.reading import no_such
from moyai.planning.fleet.plans import OperationPlan, plan_sha256, to_document
from moyai.registry.models import JsonValue
from moyai.texts import JAPAN, Text

_RECORD = sa.text("SELECT moyai.record(:chain, CAST(:pieces AS jsonb))")
_APPROVE = sa.text(
    "INSERT INTO moyai.approval (operation_id, subject, operator, plan_sha256, signature, signed_at) "
    "VALUES (:id, :subject, :operator, :sha256, :signature, :signed_at) "
    "ON CONFLICT (operation_id, subject, operator, signed_at) DO NOTHING"
)
_APPROVED_ALREADY = sa.text(
    "SELECT signature FROM moyai.approval WHERE operation_id = :id AND subject = :subject "
    "AND operator = :operator AND signed_at = :signed_at"
)
_ONE_AT_A_TIME = sa.text("SELECT pg_advisory_xact_lock(7702, 2)")
_ENDED = ("done", "failed", "cancelled", "expired")


class IdTaken(Exception):  # nobody's error: the caller reserves another
    """Another operation got the id meanwhile."""


def next_id(connection: sa.Connection) -> str:
    """The id that the next operation gets: the day in Asia/Tokyo, and which of that day. Another may take it
    before `create_as`."""
    now: datetime = connection.execute(sa.text("SELECT clock_timestamp()")).scalar_one()
    day = f"{now.astimezone(JAPAN):%Y%m%d}"
    last = connection.execute(
        sa.text(
            "SELECT max(CAST(split_part(id, '-', 2) AS integer)) FROM moyai.operation "
            "WHERE id LIKE :day"
        ),
        {"day": f"{day}-%"},
    ).scalar()
    return f"{day}-{(last or 0) + 1}"


def create(connection: sa.Connection, plan: OperationPlan, signature: str | None) -> str:
    """Put a plan on record under the next id, which it answers."""
    connection.execute(_ONE_AT_A_TIME)
    operation = next_id(connection)
    create_as(connection, operation, plan, signature)
    return operation


def create_as(
    connection: sa.Connection, operation: str, plan: OperationPlan, signature: str | None
) -> None:
    """Put a plan on record under an id. Raises `IdTaken`, with nothing written."""
    connection.execute(_ONE_AT_A_TIME)
    known = sa.text("SELECT true FROM moyai.operation WHERE id = :id")
    if connection.execute(known, {"id": operation}).scalar():
        raise IdTaken(operation)
    _insert(connection, operation, plan, signature)
    digest = plan_sha256(plan)
    record(
        connection,
        (FEDERATION, *(f"body:{body.code}" for body in plan.bodies)),
        f"operator:{plan.planned_by}",
        "operation.plan",
        operation,
        digest,
        {"kind": plan.kind, "subject": plan.subject},
    )


def _insert(
    connection: sa.Connection, operation: str, plan: OperationPlan, signature: str | None
) -> None:
    connection.execute(
        sa.text(
            "INSERT INTO moyai.operation (id, kind, subject, site, plan, plan_sha256, planned_by, "
            "planner_signature) VALUES (:id, :kind, :subject, :site, :plan, :sha256, :by, :signed)"
        ),
        {
            "id": operation,
            "kind": plan.kind,
            "subject": plan.subject,
            "site": plan.site,
            "plan": canonical(to_document(plan)).decode(),
            "sha256": plan_sha256(plan),
            "by": plan.planned_by,
            "signed": signature,
        },
    )
    waves = [{"id": operation, "number": w.number, "name": w.name} for w in plan.waves]
    bodies = [
        {"id": operation, "code": b.code, "name": b.name, "wave": b.wave, "position": position}
        for position, b in enumerate(plan.bodies)
    ]
    if waves:
        connection.execute(
            sa.text(
                "INSERT INTO moyai.wave (operation_id, number, name) VALUES (:id, :number, :name)"
            ),
            waves,
        )
    if bodies:
        connection.execute(
            sa.text(
                "INSERT INTO moyai.body (operation_id, code, name, wave, position) "
                "VALUES (:id, :code, :name, :wave, :position)"
            ),
            bodies,
        )


def want(connection: sa.Connection, operation: str, wanted: str, actor: str) -> None:
    """Say what is wanted: `run`, `pause`, `cancel`, `stop`. Raises `Refused` where it has ended."""
    _alive(connection, operation)
    # A held operation goes on when a person says so; the conductor judges it anew.
    connection.execute(
        sa.text(
            "UPDATE moyai.operation SET wanted = :wanted, status = CASE WHEN :wanted = 'run' AND "
            "status IN ('held', 'paused') THEN 'running' ELSE status END WHERE id = :id"
        ),
        {"id": operation, "wanted": wanted},
    )
    record(connection, (FEDERATION,), actor, f"operation.{wanted}", operation, None, {})


def release(connection: sa.Connection, operation: str, what: Iterable[str], actor: str) -> None:
    """Let go on what was held: `wave:2`, or `operation` after errors of one signature. What had failed
    by now holds it no longer."""
    subjects = tuple(what)
    connection.execute(
        sa.text(
            "UPDATE moyai.operation SET released = released || (SELECT "
            "jsonb_object_agg(x, to_jsonb(clock_timestamp())) FROM unnest(CAST(:more AS text[])) x) "
            "WHERE id = :id"
        ),
        {"id": operation, "more": list(subjects)},
    )
    record(
        connection, (FEDERATION,), actor, "operation.release", operation, None, {"what": subjects}
    )


def retry(connection: sa.Connection, operation: str, codes: Iterable[str], actor: str) -> None:
    """Have bodies begun again from their first step, in a new attempt.

    Raises `Refused` where the operation was cancelled or never began.
    """
    status = connection.execute(
        sa.text("SELECT status FROM moyai.operation WHERE id = :id FOR UPDATE"), {"id": operation}
    ).scalar()
    if status is None:
        raise no_such(operation)
    if status in ("cancelled", "expired", "planned"):
        raise _refused(operation, status)
    chosen = list(codes)
    connection.execute(
        sa.text(
            "UPDATE moyai.body SET status = 'waiting', error = NULL, error_signature = NULL "
            "WHERE operation_id = :id AND code = ANY (:codes) "
            "AND status IN ('failed', 'held', 'skipped', 'moved')"
        ),
        {"id": operation, "codes": chosen},
    )
    connection.execute(
        sa.text(
            "UPDATE moyai.operation SET status = 'running', wanted = 'run', reason = NULL "
            "WHERE id = :id"
        ),
        {"id": operation},
    )
    action = "operation.retry"
    record(connection, (FEDERATION,), actor, action, operation, None, {"codes": tuple(chosen)})
    # A body's own record names no other body.
    record(connection, (f"body:{code}" for code in chosen), actor, action, operation, None, {})


def approve(
    connection: sa.Connection,
    operation: str,
    subject: str,
    operator: str,
    digest: str,
    signature: str,
    signed_at: datetime,
    *,
    is_own: bool = False,
) -> None:
    """Put a signature on record, once. Whether it counts is judged by workers, each time anew.

    `is_own`: by a body's own approver, for its slot. Raises `Refused` where another signature by the same
    person over the same line is on record.
    """
    _alive(connection, operation)
    given = {
        "id": operation,
        "subject": subject,
        "operator": operator,
        "sha256": digest,
        "signature": signature,
        "signed_at": signed_at,
    }
    if not connection.execute(_APPROVE, given).rowcount:
        known = connection.execute(_APPROVED_ALREADY, given).scalar()
        if known != signature:
            raise _signed_twice(operator)
        return
    kind, _, code = subject.rpartition(":")
    chains = (FEDERATION, f"body:{code}") if kind and kind != "wave" else (FEDERATION,)
    actor = f"{'approver' if is_own else 'operator'}:{operator}"
    details: dict[str, JsonValue] = {"subject": subject}
    record(connection, chains, actor, "operation.approve", operation, digest, details)


def record(
    connection: sa.Connection,
    chains: Iterable[str],
    actor: str,
    action: str,
    operation: str | None,
    digest: str | None,
    details: Mapping[str, JsonValue],
) -> None:
    """Put one record into chains, with whatever else the transaction does."""
    for chain in sorted(set(chains)):
        code = chain.removeprefix("body:") if chain != FEDERATION else None
        record_of = pieces(
            chain,
            actor=actor,
            action=action,
            operation=operation,
            plan_sha256=digest,
            code=code,
            step=None,
            attempt=None,
            result="done",
            details=details,
        )
        connection.execute(_RECORD, {"chain": chain, "pieces": json.dumps(list(record_of))})


def _alive(connection: sa.Connection, operation: str) -> None:
    status = connection.execute(
        sa.text("SELECT status FROM moyai.operation WHERE id = :id FOR UPDATE"), {"id": operation}
    ).scalar()
    if status is None:
        raise no_such(operation)
    if status in _ENDED:
        raise _refused(operation, status)


def _signed_twice(operator: str) -> Refused:
    return Refused(
        Text(
            f"{operator} が同じ秒に署名した、別の署名が記録にあります。",
            f"Another signature that {operator} made in the same second is on record.",
        ),
        touched=NOTHING_TOUCHED,
        remedy=Text("もう一度署名してください。", "Sign once more."),
    )


def _refused(operation: str, status: str) -> Refused:
    return Refused(
        Text(
            f"一斉作業 {operation} は {status} のため、できません。",
            f"the operation {operation} is {status}: this cannot be done with it.",
        ),
        touched=NOTHING_TOUCHED,
        remedy=Text(
            f"moyai operation show {operation} で状態を確かめてください。",
            f"Look at moyai operation show {operation}.",
        ),
    )
