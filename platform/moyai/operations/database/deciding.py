"""What a conductor decides by, and its decisions put on record. One worker at a time: the turn is a lock of the
transaction, and all of a decision is written in it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any, Literal

import sqlalchemy as sa

from moyai.planning.fleet.conducting import BodyChange, Decision
from moyai.planning.fleet.states import BodyStatus, OperationStatus, WaveState
from moyai.texts import Text, document_of, text_of

_LOCK = sa.text("SELECT pg_try_advisory_xact_lock(7702, 1), clock_timestamp()")
_ALIVE = sa.text(
    "SELECT id, status, reason, wanted, released, planned_at, CAST(xmin AS text) AS version "
    "FROM moyai.operation "
    "WHERE status IN ('planned', 'running', 'paused', 'held') AND site = :site "
    "ORDER BY planned_at, id"
)
_ROOM = sa.text(
    "WITH begun AS (SELECT worker, count(*) AS n FROM moyai.body WHERE status = 'running' "
    "GROUP BY worker) "
    "SELECT coalesce(sum(greatest(w.room - coalesce(begun.n, 0), 0)), 0) "
    "- coalesce((SELECT n FROM begun WHERE worker IS NULL), 0) "
    "FROM moyai.worker w LEFT JOIN begun ON begun.worker = w.id "
    "WHERE w.taken_at IS NULL AND w.ended_at IS NULL "
    "AND clock_timestamp() - w.seen_at < interval '5 seconds'"
)
_WAVES = sa.text(
    "SELECT number, status, began_at, soak_until, reason, healthy_at FROM moyai.wave "
    "WHERE operation_id = :id"
)
_BUSY = sa.text("SELECT code FROM moyai.body WHERE status = 'running' AND operation_id <> :id")
_MEMBERS = sa.text(
    "SELECT code, status, wave FROM moyai.body WHERE operation_id = :id ORDER BY code"
)
_CONDUCT = sa.text(
    "SELECT moyai.conduct(:id, :version, :status, CAST(:reason AS jsonb), CAST(:cancelled AS jsonb), "
    "CAST(:waves AS jsonb), CAST(:begin AS text[]))"
)
_ABANDON = sa.text("SELECT moyai.abandon(:id, :code, :carrier, :status, CAST(:error AS jsonb))")


@dataclass(frozen=True, slots=True)
class Alive:
    """An operation that has not ended."""

    id: str
    status: OperationStatus
    reason: Text | None
    wanted: Literal["run", "pause", "cancel", "stop"]
    released: Mapping[str, str]
    """What persons let go on, and when, as it is on record: read where this operation alone is looked at."""
    planned_at: datetime
    version: str
    """Of its row: what is decided of another one is not written."""


@dataclass(frozen=True, slots=True)
class Member:
    """A body of an operation, as it stands, without its plan."""

    code: str
    status: BodyStatus
    wave: int


def my_turn(connection: sa.Connection) -> datetime | None:
    """The server's clock, once this transaction alone conducts; None: another does."""
    mine, now = connection.execute(_LOCK).one()
    return now if mine else None


def alive(connection: sa.Connection, site: str) -> tuple[Alive, ...]:
    """The operations of a site that have not ended, the oldest first."""
    return tuple(
        Alive(
            row.id,
            row.status,
            text_of(row.reason),
            row.wanted,
            row.released,
            row.planned_at,
            row.version,
        )
        for row in connection.execute(_ALIVE, {"site": site})
    )


def room(connection: sa.Connection) -> int:
    """How many more bodies may begin, by what workers that live say of themselves."""
    return max(0, int(connection.execute(_ROOM).scalar_one()))


def waves(connection: sa.Connection, operation: str) -> tuple[WaveState, ...]:
    """How an operation's waves stand."""
    return tuple(
        WaveState(
            row.number,
            row.status,
            row.began_at,
            row.soak_until,
            text_of(row.reason),
            row.healthy_at,
        )
        for row in connection.execute(_WAVES, {"id": operation})
    )


def members_of(connection: sa.Connection, operation: str) -> tuple[Member, ...]:
    """The bodies of an operation, in the order of their codes."""
    return tuple(Member(*row) for row in connection.execute(_MEMBERS, {"id": operation}))


def busy(connection: sa.Connection, operation: str) -> frozenset[str]:
    """Bodies that other operations are at."""
    return frozenset(str(row[0]) for row in connection.execute(_BUSY, {"id": operation}))


def conduct(
    connection: sa.Connection,
    operation: Alive,
    decision: Decision,
    errors: Mapping[str, Mapping[str, object]] = MappingProxyType({}),
) -> list[tuple[str, int, str]] | str | None:
    """Write what was decided: the bodies that began, with attempt and ticket. Nothing is written where a person
    wanted something since (None), and where it does not follow from what is on record (the database's word).

    `errors`: of bodies that end by it, by code; each is on record in place of the reason.
    """
    given = {"id": operation.id, "version": operation.version, **_written(decision, errors)}
    found: Any = connection.execute(_CONDUCT, given).scalar()
    if isinstance(found, list):
        return [(code, attempt, carrier) for code, attempt, carrier in found]
    return None if found is None else str(found)


def abandon(
    connection: sa.Connection,
    operation: str,
    code: str,
    carrier: str,
    status: BodyStatus,
    error: Mapping[str, object],
) -> None:
    """End a body in hand whose ticket carries it no further."""
    given = {"id": operation, "code": code, "carrier": carrier, "status": status}
    connection.execute(_ABANDON, {**given, "error": _json(error)})


def _written(decision: Decision, errors: Mapping[str, Mapping[str, object]]) -> dict[str, object]:
    status = decision.status
    cancelled = [
        _ended(one, errors.get(one.code))
        for one in decision.bodies
        if one.status in ("cancelled", "held")
    ]
    return {
        "status": None if status is None else status.status,
        "reason": None if status is None else _json(document_of(status.reason)),
        "cancelled": _json(cancelled),
        "waves": _json([_wave(one) for one in decision.waves]),
        "begin": list(decision.begin),
    }


def _ended(one: BodyChange, error: Mapping[str, object] | None) -> dict[str, object]:
    if error is None:
        return {"code": one.code, "status": one.status, "reason": document_of(one.reason)}
    return {"code": one.code, "status": one.status, "reason": None, "error": error}


def _wave(wave: WaveState) -> dict[str, object]:
    return {
        "number": wave.number,
        "status": wave.status,
        "began_at": None if wave.began_at is None else wave.began_at.isoformat(),
        "soak_until": None if wave.soak_until is None else wave.soak_until.isoformat(),
        "reason": document_of(wave.reason),
    }


def _json(value: object) -> str | None:
    return None if value is None else json.dumps(value, ensure_ascii=False)
