"""Bodies on record as running whose ticket, the workflow on the queue, carries them no further.

A ticket is gone where its workflow is not there or has ended without the body's end. It is another
version's where it waits on the queue for workers of a version that has none any more: it is torn up and a new
one is put, in one transaction, so that a worker of that version that comes back finds nothing.
"""

from __future__ import annotations

import time
from collections.abc import Mapping

import sqlalchemy as sa

from moyai.operations.durable.conducting.plans import KnownPlan
from moyai.operations.durable.queue.dbos_queue import BodyQueue

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
_AGAIN_SECONDS = 2.0
"""Between two tickets of one body: a carrying that ends by a fault of its own must not fill the queue."""


class Stranded:
    """What one conductor knows of them."""

    def __init__(self, queue: BodyQueue) -> None:
        self._queue = queue
        self._put_at: dict[tuple[str, str], float] = {}

    def put_back(self, connection: sa.Connection, known: Mapping[str, KnownPlan]) -> bool:
        """Put those of operations that this version knows on the queue anew; whether there were any. A row of
        no body of its operation's plan is nobody's."""
        rows = connection.execute(
            _STRANDED, {"known": list(known), "version": self._queue.version}
        ).all()
        now = time.monotonic()
        self._put_at = {one: at for one, at in self._put_at.items() if now - at < _AGAIN_SECONDS}
        moved = False
        for operation, code, attempt, carrier, waits in rows:
            if (operation, code) in self._put_at or code not in known[operation].bodies:
                continue
            if waits and not self._queue.tear_up(connection, carrier):
                continue
            given = {"id": operation, "code": code, "carrier": carrier}
            following = connection.execute(_NEXT, given).scalar()
            if following is None:  # it has ended meanwhile
                continue
            self._queue.put(connection, following, (operation, code, attempt))
            self._put_at[operation, code] = now
            moved = True
        return moved
