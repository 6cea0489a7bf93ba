"""Waves whose soak has passed: whose turn it is to look at one, which bodies of it, and what was found."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import sqlalchemy as sa

_LOCK = sa.text("SELECT pg_try_advisory_lock(7703, hashtext(:what))")
_UNLOCK = sa.text("SELECT pg_advisory_unlock(7703, hashtext(:what))")
_WANTED = sa.text(
    "SELECT true FROM moyai.wave WHERE operation_id = :id AND number = :number "
    "AND status = 'soaking' AND soak_until <= clock_timestamp() "
    "AND (healthy_at IS NULL OR healthy_at < soak_until)"
)
_DONE = sa.text(
    "SELECT code FROM moyai.body WHERE operation_id = :id AND wave = :number AND status = 'done' "
    "ORDER BY position"
)
_HEALTHY = sa.text("SELECT moyai.pass_gate(:id, :number)")
_HELD = sa.text("SELECT moyai.hold_at_gate(:id, CAST(:unwell AS jsonb))")


@contextmanager
def gate_turn(connection: sa.Connection, operation: str, number: int) -> Iterator[bool]:
    """Whether it is this session's turn to look at a wave, while it looks. The lock is the session's, and
    `connection` autocommit: no transaction stands open for as long as a look takes."""
    turn = {"what": f"{operation}/{number}"}
    if not connection.execute(_LOCK, turn).scalar():
        yield False
        return
    try:
        yield True
    finally:
        connection.execute(_UNLOCK, turn)


def gate_bodies(connection: sa.Connection, operation: str, number: int) -> tuple[str, ...] | None:
    """The codes of the bodies to look at, in order; None where the wave was looked at since its soak."""
    given = {"id": operation, "number": number}
    if not connection.execute(_WANTED, given).scalar():
        return None
    return tuple(str(row[0]) for row in connection.execute(_DONE, given))


def pass_gate(connection: sa.Connection, operation: str, number: int) -> None:
    """All bodies of the wave were found well."""
    connection.execute(_HEALTHY, {"id": operation, "number": number})


def hold_at_gate(
    connection: sa.Connection, operation: str, unwell: Sequence[Mapping[str, object]]
) -> None:
    """These were not: `code`, `error`, `signature` of each."""
    told = json.dumps(list(unwell), ensure_ascii=False)
    connection.execute(_HELD, {"id": operation, "unwell": told})
