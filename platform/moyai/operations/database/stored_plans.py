"""What stands on record of an operation's plan, to be held against what was read of it."""

from __future__ import annotations

import sqlalchemy as sa

from moyai.planning.fleet.clearing import Approval
from moyai.planning.fleet.on_record import Stored

_VERSION = sa.text("SELECT CAST(xmin AS text) FROM moyai.operation WHERE id = :id")
_STORED = sa.text(
    "SELECT encode(sha256(convert_to(plan, 'UTF8')), 'hex') AS digest, plan_sha256, planner_signature "
    "FROM moyai.operation WHERE id = :id"
)
_APPROVALS = sa.text(
    "SELECT plan_sha256, subject, operator, signature, received_at, signed_at FROM moyai.approval "
    "WHERE operation_id = :id AND subject = 'plan' ORDER BY id"
)


def version_of(connection: sa.Connection, operation: str) -> str | None:
    """Of the operation's row: another after each change of it; None where there is none."""
    found: str | None = connection.execute(_VERSION, {"id": operation}).scalar()
    return found


def stored_plan(connection: sa.Connection, operation: str) -> Stored | None:
    """The plan's hash, reckoned by the server, and what is signed of it; None where there is none."""
    row = connection.execute(_STORED, {"id": operation}).one_or_none()
    if row is None:
        return None
    approvals = connection.execute(_APPROVALS, {"id": operation}).all()
    return Stored(
        row.digest,
        row.plan_sha256,
        row.planner_signature,
        tuple((one.plan_sha256, Approval(*one[1:])) for one in approvals),
    )
