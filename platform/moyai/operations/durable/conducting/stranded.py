"""Bodies on record as running whose ticket, the workflow on the queue, carries them no further.

A ticket is gone where its workflow is not there or has ended without the body's end. It is another
version's where it waits on the queue for workers of a version that has none any more: it is torn up and a new
one is put, in one transaction, so that a worker of that version that comes back finds nothing.
"""

from __future__ import annotations

import time
from collections.abc import Mapping

import sqlalchemy as sa

from moyai.operations.database.conducting import next_ticket, stranded
from moyai.operations.durable.conducting.plans import KnownPlan
from moyai.operations.durable.queue.dbos_queue import BodyQueue

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
        tickets = stranded(connection, known, self._queue.version)
        now = time.monotonic()
        self._put_at = {one: at for one, at in self._put_at.items() if now - at < _AGAIN_SECONDS}
        moved = False
        for one in tickets:
            entry = (one.operation, one.code)
            if entry in self._put_at or one.code not in known[one.operation].bodies:
                continue
            if one.waits and not self._queue.tear_up(connection, one.carrier):
                continue
            following = next_ticket(connection, one)
            if following is None:  # it has ended meanwhile
                continue
            self._queue.put(connection, following, (*entry, one.attempt))
            self._put_at[entry] = now
            moved = True
        return moved

    def given_up(self, connection: sa.Connection, operation: str) -> list[tuple[str, str]]:
        """Those of one operation that is to end, with the tickets that carry them no further, which nobody
        takes any more."""
        return [
            (one.code, one.carrier)
            for one in stranded(connection, (operation,), self._queue.version)
            if not one.waits or self._queue.tear_up(connection, one.carrier)
        ]
