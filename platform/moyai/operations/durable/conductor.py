"""What begins, waits, holds and ends: `planning.fleet.conducting` decides, this reads and writes.

One worker at a time looks, under an advisory lock of its transaction; the clock is the server's.
A body that begins is put on the queue in the transaction that begins it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from moyai.audit.records import FEDERATION
from moyai.errors import MoyaiError
from moyai.operations.database.rows import document_of, text_of
from moyai.operations.database.writing import record
from moyai.operations.durable.knowledge import Knowledge
from moyai.operations.durable.plans import KnownPlan, Plans
from moyai.operations.durable.queue import BodyQueue
from moyai.operations.notices.happenings import happened
from moyai.operations.notices.record import tell
from moyai.planning.fleet.clearing import Approval, Facts, clearances
from moyai.planning.fleet.conducting import Decision, StatusChange, decide
from moyai.planning.fleet.states import BodyState, OperationState, WaveState
from moyai.registry.models import JsonValue
from moyai.texts import Text

_LOCK = sa.text("SELECT pg_try_advisory_xact_lock(7702, 1), clock_timestamp()")
_ALIVE = sa.text(
    "SELECT id, status, reason, wanted, released, planned_at FROM moyai.operation "
    "WHERE status IN ('planned', 'running', 'paused', 'held') ORDER BY planned_at, id"
)
_ROOM = sa.text(
    "SELECT coalesce(sum(room), 0) FROM moyai.worker WHERE taken_at IS NULL AND ended_at IS NULL "
    "AND clock_timestamp() - seen_at < interval '5 seconds'"
)
_BODIES = sa.text(
    "SELECT code, status, attempts, ended_at, error_signature FROM moyai.body "
    "WHERE operation_id = :id"
)
_WAVES = sa.text(
    "SELECT number, status, began_at, soak_until, reason, healthy_at FROM moyai.wave "
    "WHERE operation_id = :id"
)
_BUSY = sa.text("SELECT code FROM moyai.body WHERE status = 'running' AND operation_id <> :id")
_APPROVALS = sa.text(
    "SELECT subject, operator, signature, received_at FROM moyai.approval "
    "WHERE operation_id = :id ORDER BY id"
)
_PLANNER = sa.text("SELECT planner_signature FROM moyai.operation WHERE id = :id")
_BEGIN = sa.text(
    "UPDATE moyai.body SET status = 'running', attempts = attempts + 1, step = NULL, worker = NULL, "
    "error = NULL, error_signature = NULL, waits = NULL, began_at = clock_timestamp(), "
    "ended_at = NULL, carrier = concat_ws(':', operation_id, code, attempts + 1, '0') "
    "WHERE operation_id = :id AND status = 'waiting' AND code = ANY (:codes) "
    "RETURNING code, attempts, carrier"
)
_STRANDED = sa.text(
    "SELECT b.operation_id, b.code, b.attempts, b.carrier FROM moyai.body b "
    "LEFT JOIN dbos.workflow_status w ON w.workflow_uuid = b.carrier "
    "WHERE b.status = 'running' "
    "AND (w.workflow_uuid IS NULL OR w.status NOT IN ('PENDING', 'ENQUEUED', 'DELAYED'))"
)
_CARRIER = sa.text(
    "UPDATE moyai.body SET carrier = :carrier "
    "WHERE operation_id = :id AND code = :code AND status = 'running'"
)
_BODY = sa.text(
    "UPDATE moyai.body SET status = :status, waits = NULL, ended_at = clock_timestamp(), "
    "error = jsonb_build_object('what', CAST(:reason AS jsonb)) "
    "WHERE operation_id = :id AND code = :code AND status = 'waiting'"
)
_WAVE = sa.text(
    "UPDATE moyai.wave SET status = :status, began_at = :began_at, soak_until = :soak_until, "
    "reason = CAST(:reason AS jsonb), healthy_at = :healthy_at "
    "WHERE operation_id = :id AND number = :number"
)
_STATUS = sa.text(
    "UPDATE moyai.operation SET status = :status, reason = CAST(:reason AS jsonb), "
    "began_at = CASE WHEN :status = 'running' THEN coalesce(began_at, clock_timestamp()) "
    "ELSE began_at END, "
    "ended_at = CASE WHEN :status IN ('done', 'failed', 'cancelled', 'expired') "
    "THEN clock_timestamp() END WHERE id = :id"
)
_WAITS = sa.text(
    "UPDATE moyai.body SET waits = CAST(:waits AS jsonb) "
    "WHERE operation_id = :id AND code = :code AND status = 'waiting'"
)


class Conductor:
    """The conductor of one worker process; its looks exclude those of others."""

    def __init__(
        self, engine: sa.Engine, queue: BodyQueue, plans: Plans, knowledge: Knowledge
    ) -> None:
        self._engine = engine
        self._queue = queue
        self._knowledge = knowledge
        self._plans = plans
        self._told: dict[str, Mapping[str, Text]] = {}
        self.gates: dict[str, tuple[int, ...]] = {}
        """Operation → waves whose bodies' health is to be looked at now."""

    def look(self) -> bool:
        """One look at all operations that have not ended; whether something moved."""
        try:
            return self._look()
        except BaseException:
            # What was told in it is not on record.
            self._told.clear()
            raise

    def _look(self) -> bool:
        moved = False
        with self._engine.begin() as connection:
            mine, now = connection.execute(_LOCK).one()
            if not mine:
                self.gates = {}  # another conducts, and looks
                return False
            moved = self._put_back_stranded(connection)
            alive = connection.execute(_ALIVE).all()
            room = int(connection.execute(_ROOM).scalar_one()) if alive else 0
            for row in alive:
                known = self._plans.of(row.id)
                state = self._state(connection, row, known, now)
                decision = decide(known.plan, state, now, room)
                room -= len(decision.begin)
                waited = self._told.get(row.id, {})
                tell(connection, row.id, happened(known.plan, state, decision, now, waited))
                moved = self._apply(connection, row.id, known, state, decision) or moved
        return moved

    def cleared(self, operation: str) -> frozenset[str]:
        """What is approved of an operation now, each signature verified anew."""
        with self._engine.connect() as connection:
            now: datetime = connection.execute(sa.text("SELECT clock_timestamp()")).scalar_one()
            return self._cleared(connection, operation, self._plans.of(operation), now)

    def _cleared(
        self, connection: sa.Connection, operation: str, known: KnownPlan, now: datetime
    ) -> frozenset[str]:
        rows = connection.execute(_APPROVALS, {"id": operation}).all()
        if not rows:
            return frozenset()
        approvals = tuple(Approval(*row) for row in rows)
        signed = connection.execute(_PLANNER, {"id": operation}).scalar()
        try:
            registry = self._knowledge.registry()
        except MoyaiError:
            return frozenset()  # a file that cannot be read approves nothing
        facts = Facts(operation, known.plan, known.sha256, signed)
        return clearances(facts, approvals, registry, now)

    def _state(
        self, connection: sa.Connection, row: Any, known: KnownPlan, now: datetime
    ) -> OperationState:
        given = {"id": row.id}
        return OperationState(
            status=row.status,
            planned_at=row.planned_at,
            status_reason=text_of(row.reason),
            # Both let what waits be cancelled; how running bodies end is their carrying's.
            wanted="cancel" if row.wanted == "stop" else row.wanted,
            bodies={
                one.code: BodyState(one.status, one.attempts, one.ended_at, one.error_signature)
                for one in connection.execute(_BODIES, given)
            },
            waves=tuple(
                WaveState(
                    one.number,
                    one.status,
                    one.began_at,
                    one.soak_until,
                    text_of(one.reason),
                    one.healthy_at,
                )
                for one in connection.execute(_WAVES, given)
            ),
            approved=self._cleared(connection, row.id, known, now),
            busy=frozenset(str(one[0]) for one in connection.execute(_BUSY, given)),
            released={
                what: datetime.fromisoformat(moment) for what, moment in row.released.items()
            },
            health_gates=self._knowledge.kind(known.plan.kind).gates_by_health,
        )

    def _apply(
        self,
        connection: sa.Connection,
        operation: str,
        known: KnownPlan,
        state: OperationState,
        decision: Decision,
    ) -> bool:
        """Write what was decided; whether there was anything."""
        self._begin(connection, operation, decision.begin)
        for change in decision.bodies:
            given = {"id": operation, "code": change.code, "status": change.status}
            reason = json.dumps(document_of(change.reason), ensure_ascii=False)
            connection.execute(_BODY, {**given, "reason": reason})
        for wave in decision.waves:
            self._wave(connection, operation, known, state.wave(wave.number), wave)
        if decision.status is not None:
            self._status(connection, operation, known, state, decision.status)
        self._waits(connection, operation, decision.waits)
        if decision.health_of:
            self.gates[operation] = decision.health_of
        else:
            self.gates.pop(operation, None)
        return bool(decision.begin or decision.bodies or decision.waves or decision.status)

    def _begin(self, connection: sa.Connection, operation: str, codes: Sequence[str]) -> None:
        if not codes:
            return
        begun = {
            row.code: row
            for row in connection.execute(_BEGIN, {"id": operation, "codes": list(codes)})
        }
        for code in codes:
            row = begun.get(code)
            if row is not None:
                self._queue.put(connection, row.carrier, (operation, code, row.attempts))

    def _wave(
        self,
        connection: sa.Connection,
        operation: str,
        known: KnownPlan,
        before: WaveState,
        wave: WaveState,
    ) -> None:
        connection.execute(
            _WAVE,
            {
                "id": operation,
                "number": wave.number,
                "status": wave.status,
                "began_at": wave.began_at,
                "soak_until": wave.soak_until,
                "reason": _json(wave.reason),
                "healthy_at": wave.healthy_at,
            },
        )
        if wave.status == before.status:
            return  # only its reason reads otherwise: nothing for the record
        details: dict[str, JsonValue] = {"wave": wave.number, "status": wave.status}
        self._record(connection, "operation.wave", operation, known, details, wave.reason)

    def _status(
        self,
        connection: sa.Connection,
        operation: str,
        known: KnownPlan,
        state: OperationState,
        change: StatusChange,
    ) -> None:
        connection.execute(
            _STATUS,
            {"id": operation, "status": change.status, "reason": _json(change.reason)},
        )
        if change.status == state.status:
            return
        details: dict[str, JsonValue] = {"status": change.status}
        self._record(connection, "operation.status", operation, known, details, change.reason)

    def _record(
        self,
        connection: sa.Connection,
        action: str,
        operation: str,
        known: KnownPlan,
        details: Mapping[str, JsonValue],
        reason: Text | None,
    ) -> None:
        told: dict[str, JsonValue] = {**details, "reason": document_of(reason)}
        record(connection, (FEDERATION,), "moyai", action, operation, known.sha256, told)

    def _waits(self, connection: sa.Connection, operation: str, waits: Mapping[str, Text]) -> None:
        """Why bodies wait, where it is not on record yet. It moves nothing."""
        if self._told.get(operation) == waits:
            return
        self._told[operation] = dict(waits)
        given = [
            {"id": operation, "code": code, "waits": _json(text)} for code, text in waits.items()
        ]
        if given:
            connection.execute(_WAITS, given)

    def _put_back_stranded(self, connection: sa.Connection) -> bool:
        """Bodies whose workflow is not there or has ended without theirs: put on the queue anew."""
        rows = connection.execute(_STRANDED).all()
        for operation, code, attempt, carrier in rows:
            head, _, count = str(carrier).rpartition(":")
            following = f"{head}:{int(count) + 1}"
            given = {"id": operation, "code": code, "carrier": following}
            connection.execute(_CARRIER, given)
            self._queue.put(connection, following, (operation, code, attempt))
        return bool(rows)


def _json(text: Text | None) -> str | None:
    return None if text is None else json.dumps(document_of(text), ensure_ascii=False)
