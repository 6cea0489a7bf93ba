"""What a conductor reads and writes beside its decisions: plans, how bodies stand, why they wait, what is
signed, whose ticket is gone."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa

from moyai.planning.fleet.clearing import Approval
from moyai.planning.fleet.states import BodyState
from moyai.texts import Text, document_of

FROM_THE_BEGINNING = "0"
"""The horizon behind which everything is."""
_PLAN = sa.text("SELECT plan FROM moyai.operation WHERE id = :id")
_HORIZON = sa.text("SELECT CAST(pg_snapshot_xmin(pg_current_snapshot()) AS text)")
_CHANGED = sa.text(
    "SELECT code, status, attempts, ended_at, error_signature, may_begin_at FROM moyai.body "
    "WHERE operation_id = :id AND changed >= CAST(CAST(:since AS text) AS xid8)"
)
_NEXT_BODIES = sa.text(
    "SELECT code FROM moyai.body WHERE operation_id = :id AND status = 'waiting' AND wave = "
    "(SELECT min(wave) FROM moyai.body WHERE operation_id = :id AND status = 'waiting')"
)
_WAITS = sa.text("SELECT moyai.tell_waits(:id, CAST(:codes AS text[]), CAST(:waits AS jsonb))")
_APPROVALS = sa.text(
    "SELECT a.subject, a.operator, a.signature, a.received_at, a.signed_at, o.planner_signature, "
    "clock_timestamp() FROM moyai.approval a JOIN moyai.operation o ON o.id = a.operation_id "
    "WHERE a.operation_id = :id ORDER BY a.id"
)
_STRANDED = sa.text(
    "SELECT b.operation_id, b.code, b.attempts, b.carrier, "
    "coalesce(w.status IN ('ENQUEUED', 'DELAYED'), false) AS waits "
    "FROM moyai.body b JOIN moyai.operation o ON o.id = b.operation_id "
    "AND o.status IN ('running', 'paused', 'held') "
    "LEFT JOIN dbos.workflow_status w ON w.workflow_uuid = b.carrier "
    "WHERE b.status = 'running' AND b.operation_id = ANY (:known) "
    "AND (w.workflow_uuid IS NULL OR w.status NOT IN ('PENDING', 'ENQUEUED', 'DELAYED') "
    "OR (w.status <> 'PENDING' AND w.application_version <> :version AND NOT EXISTS ("
    "SELECT 1 FROM moyai.worker one WHERE one.version = w.application_version "
    "AND one.recovered_at IS NULL AND one.room >= 0)))"
)
_NEXT = sa.text("SELECT moyai.next_ticket(:id, :code, :carrier)")


@dataclass(frozen=True, slots=True)
class Signed:
    """The signatures of one operation, as they are on record."""

    planner: str | None
    """The planner's."""
    approvals: tuple[Approval, ...]
    """In the order in which they were put on record."""
    now: datetime = field(compare=False)
    """The server's clock when they were read; the same signatures are the same at another moment."""


@dataclass(frozen=True, slots=True)
class Ticket:
    """A ticket that carries a body no further."""

    operation: str
    code: str
    attempt: int
    carrier: str
    waits: bool
    """On the queue, for workers of a version that has none."""


def plan_text(connection: sa.Connection, operation: str) -> str | None:
    """A plan's bytes on record; None where there is no such operation."""
    found: str | None = connection.execute(_PLAN, {"id": operation}).scalar()
    return found


def horizon(connection: sa.Connection) -> str:
    """Every transaction before it has ended by now."""
    found: str = connection.execute(_HORIZON).scalar_one()
    return found


def changed(connection: sa.Connection, operation: str, since: str) -> Mapping[str, BodyState]:
    """How those bodies of an operation stand whose status a transaction from a horizon on has changed."""
    rows = connection.execute(_CHANGED, {"id": operation, "since": since})
    return {
        row.code: BodyState(
            row.status, row.attempts, row.ended_at, row.error_signature, row.may_begin_at
        )
        for row in rows
    }


def tell_waits(
    connection: sa.Connection, operation: str, codes: Sequence[str], why: Text | None
) -> None:
    """Put on record why bodies wait: all of them for the same. None: nothing is said any more."""
    words = None if why is None else json.dumps(document_of(why), ensure_ascii=False)
    connection.execute(_WAITS, {"id": operation, "codes": list(codes), "waits": words})


def next_bodies(connection: sa.Connection, operation: str) -> frozenset[str]:
    """The bodies whose turn is next: those that wait in the first wave that has any."""
    return frozenset(connection.execute(_NEXT_BODIES, {"id": operation}).scalars())


def signed(connection: sa.Connection, operation: str) -> Signed | None:
    """The signatures of an operation; None where nobody has approved anything of it."""
    rows = connection.execute(_APPROVALS, {"id": operation}).all()
    if not rows:
        return None
    return Signed(rows[0][5], tuple(Approval(*row[:5]) for row in rows), rows[0][6])


def stranded(
    connection: sa.Connection, operations: Iterable[str], version: str
) -> tuple[Ticket, ...]:
    """Bodies of these operations on record as running whose ticket is gone, or is another version's than
    `version`, of which there is no worker any more."""
    rows = connection.execute(_STRANDED, {"known": list(operations), "version": version})
    return tuple(Ticket(*row) for row in rows)


def next_ticket(connection: sa.Connection, ticket: Ticket) -> str | None:
    """The name of the ticket that follows on one; None where the body has ended meanwhile."""
    given = {"id": ticket.operation, "code": ticket.code, "carrier": ticket.carrier}
    found: str | None = connection.execute(_NEXT, given).scalar()
    return found
