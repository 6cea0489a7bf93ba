"""Bodies on record as running whose ticket, the workflow on the queue, carries them no further.

A ticket is gone where its workflow is not there or has ended without the body's end. It is another
version's where it waits on the queue for workers of a version that has none any more: it is torn up and a new
one is put, in one transaction, so that a worker of that version that comes back finds nothing.
"""

from __future__ import annotations

import time
from collections.abc import Iterable

import sqlalchemy as sa

from moyai.operations.durable.queue import BodyQueue

_STRANDED = sa.text(
    "SELECT b.operation_id, b.code, b.attempts, b.carrier, "
    "coalesce(w.status IN ('ENQUEUED', 'DELAYED'), false) AS waits "
    "FROM moyai.body b LEFT JOIN dbos.workflow_status w ON w.workflow_uuid = b.carrier "
    "WHERE b.status = 'running' AND b.operation_id = ANY (:known) "
    "AND (w.workflow_uuid IS NULL OR w.status NOT IN ('PENDING', 'ENQUEUED', 'DELAYED') "
    "OR (w.status <> 'PENDING' AND w.application_version <> :version AND NOT EXISTS ("
    "SELECT 1 FROM moyai.worker o WHERE o.version = w.application_version "
    "AND o.recovered_at IS NULL AND o.room >= 0)))"
)
_CARRIER = sa.text(
    "UPDATE moyai.body SET carrier = :carrier "
    "WHERE operation_id = :id AND code = :code AND status = 'running'"
)
_AGAIN_SECONDS = 2.0
"""Between two tickets of one body: a carrying that ends by a fault of its own must not fill the queue."""


class Stranded:
    """What one conductor knows of them."""

    def __init__(self, queue: BodyQueue) -> None:
        self._queue = queue
        self._put_at: dict[tuple[str, str], float] = {}

    def put_back(self, connection: sa.Connection, known: Iterable[str]) -> bool:
        """Put those of operations that this version knows on the queue anew; whether there were any."""
        rows = connection.execute(
            _STRANDED, {"known": list(known), "version": self._queue.version}
        ).all()
        now = time.monotonic()
        self._put_at = {one: at for one, at in self._put_at.items() if now - at < _AGAIN_SECONDS}
        moved = False
        for operation, code, attempt, carrier, waits in rows:
            if (operation, code) in self._put_at:
                continue
            if waits and not self._queue.tear_up(connection, carrier):
                continue
            head, _, count = str(carrier).rpartition(":")
            following = f"{head}:{int(count) + 1}"
            given = {"id": operation, "code": code, "carrier": following}
            connection.execute(_CARRIER, given)
            self._queue.put(connection, following, (operation, code, attempt))
            self._put_at[operation, code] = now
            moved = True
        return moved
