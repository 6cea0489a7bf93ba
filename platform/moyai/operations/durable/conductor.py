"""What begins, waits, holds and ends: `planning.fleet.conducting` decides, this reads and writes.

One worker at a time looks, under an advisory lock of its transaction; the clock is the server's.
A body that begins is put on the queue in the transaction that begins it.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any

import psycopg
import sqlalchemy as sa

from moyai.audit.records import FEDERATION
from moyai.errors import MoyaiError
from moyai.operations.database.rows import document_of, text_of
from moyai.operations.database.writing import record
from moyai.operations.durable.approved import Approved
from moyai.operations.durable.debts import Debts
from moyai.operations.durable.knowledge import Knowledge
from moyai.operations.durable.plans import KnownPlan, Plans
from moyai.operations.durable.queue import BodyQueue
from moyai.operations.durable.standing import Standing
from moyai.operations.durable.stranded import Stranded
from moyai.operations.durable.waiting import Waiting
from moyai.operations.notices.happenings import happened
from moyai.operations.notices.record import tell
from moyai.planning.fleet.conducting import Decision, StatusChange, decide
from moyai.planning.fleet.states import OperationState, WaveState
from moyai.registry.models import JsonValue
from moyai.texts import Text

_LOCK = sa.text("SELECT pg_try_advisory_xact_lock(7702, 1), clock_timestamp()")
_ALIVE = sa.text(
    "SELECT id, status, reason, wanted, released, planned_at FROM moyai.operation "
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
_BEGIN = sa.text(
    "UPDATE moyai.body SET status = 'running', attempts = attempts + 1, step = NULL, worker = NULL, "
    "error = NULL, error_signature = NULL, waits = NULL, began_at = clock_timestamp(), "
    "ended_at = NULL, carrier = concat_ws(':', operation_id, code, attempts + 1, '0') "
    "WHERE operation_id = :id AND status = 'waiting' AND code = ANY (:codes) "
    "RETURNING code, attempts, carrier"
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
_STRANDED_SECONDS = 1.0
"""Between two searches for bodies that no workflow carries."""


class Conductor:
    """The conductor of one worker process; its looks exclude those of others."""

    def __init__(
        self,
        engine: sa.Engine,
        queue: BodyQueue,
        plans: Plans,
        knowledge: Knowledge,
        approved: Approved,
        say: Callable[[str], None] = lambda _words: None,
    ) -> None:
        """`say`: a line of the worker's log."""
        self._engine = engine
        self._say = say
        self._strange: set[str] = set()
        self._unread: set[str] = set()
        self._stranded = Stranded(queue)
        self._debts = Debts(knowledge.site, knowledge.registry)
        self._queue = queue
        self._knowledge = knowledge
        self._plans = plans
        self._approved = approved
        self._standing = Standing()
        self._waiting = Waiting()
        self._searched = -_STRANDED_SECONDS
        self.gates: dict[str, tuple[int, ...]] = {}
        """Operation → waves whose bodies' health is to be looked at now."""

    def look(self) -> bool:
        """One look at all operations that have not ended; whether to look again soon: something moved,
        or another worker was looking, who may not have seen what has ended here."""
        try:
            with self._engine.begin() as connection:
                return self._look(connection)
        except BaseException:
            self._standing.forget()
            self._waiting.forget()
            raise

    def _look(self, connection: sa.Connection) -> bool:
        mine, now = connection.execute(_LOCK).one()
        if not mine:
            self.gates = {}  # another conducts, and looks
            return True
        rows = connection.execute(_ALIVE, {"site": self._knowledge.site}).all()
        knowns = {row.id: known for row in rows if (known := self._known(row.id)) is not None}
        alive = [row for row in rows if row.id in knowns]
        moved = self._put_back_stranded(connection, knowns)
        with suppress(MoyaiError):  # tenants.yaml while it is being edited: at the next look
            self._debts.look(connection)
        for memory in (self._standing, self._waiting, self._plans):
            memory.keep_only(row.id for row in alive)
        room = max(0, int(connection.execute(_ROOM).scalar_one())) if alive else 0
        for row in alive:
            known = knowns[row.id]
            try:
                state = self._state(connection, row, known)
            except MoyaiError as error:  # tenants.yaml while it is being edited
                self._tell_unread(row.id, error)
                continue
            self._unread.discard(row.id)
            decision = decide(known.plan, state, now, room)
            room -= len(decision.begin)
            waited = self._waiting.told(row.id)
            tell(connection, row.id, happened(known.plan, state, decision, now, waited))
            moved = self._apply(connection, row.id, known, state, decision) or moved
        return moved

    def _tell_unread(self, operation: str, error: MoyaiError) -> None:
        """It stands still, as it was, until the file can be read."""
        if operation not in self._unread:
            self._unread.add(operation)
            self._say(f"{operation} waits: {error.what.en}")

    def _known(self, operation: str) -> KnownPlan | None:
        """Its plan; None for one of another version of the code, which holds up no other."""
        try:
            known = self._plans.of(operation)
            kind = self._knowledge.kind(known.plan.kind)
        except (sa.exc.DBAPIError, psycopg.Error):
            raise
        except Exception as error:  # whatever another version's plan leads to
            if operation not in self._strange:
                self._strange.add(operation)
                self._say(f"{operation} is not known here, and left to others: {error!r:.200}")
            return None
        if kind.needs_approval and known.plan.approval_seconds <= 0:
            # Whether a kind needs approval is not for a plan to say.
            if operation not in self._strange:
                self._strange.add(operation)
                self._say(f"{operation} says that it needs no approval: left alone")
            return None
        return known

    def _state(self, connection: sa.Connection, row: Any, known: KnownPlan) -> OperationState:
        given = {"id": row.id}
        return OperationState(
            status=row.status,
            planned_at=row.planned_at,
            status_reason=text_of(row.reason),
            # Both let what waits be cancelled; how running bodies end is their carrying's.
            wanted="cancel" if row.wanted == "stop" else row.wanted,
            bodies=self._standing.of(connection, row.id),
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
            approved=self._approved.read(connection, row.id),
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
        self._waiting.tell(connection, operation, decision.waits)
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
        rows = [begun[code] for code in codes if code in begun]
        self._queue.put_all(
            connection, [(row.carrier, (operation, row.code, row.attempts)) for row in rows]
        )

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

    def _put_back_stranded(self, connection: sa.Connection, known: Iterable[str]) -> bool:
        """Bodies whose ticket carries them no further get another; looked for now and then."""
        if time.monotonic() - self._searched < _STRANDED_SECONDS:
            return False
        self._searched = time.monotonic()
        return self._stranded.put_back(connection, known)


def _json(text: Text | None) -> str | None:
    return None if text is None else json.dumps(document_of(text), ensure_ascii=False)
