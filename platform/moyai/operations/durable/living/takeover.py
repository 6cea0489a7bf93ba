"""What is left of workers that are gone: their processes ended, their bodies given to others.

Never before every process that could still work on a body is dead: on this host they are looked for
and killed; of another host its supervisor or guardian says so, or the time has passed in which they kill them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import psycopg

from moyai.operations.database.workers import (
    Other,
    found_free,
    give_back_lease,
    others,
    recovered,
    take_lease,
    take_over,
)
from moyai.operations.durable.living.processes import end_all, look

GRACE_SECONDS = 20
"""Of another host: from its lease being free. A supervisor that lives kills 6 s after the last touch, a
guardian 13 s where that is frozen; the server ends a frozen session after 8 s."""
_SERVER_UP_SECONDS = 10
"""After a start of the server every lease is free; workers that live take theirs in this time."""
_BACK_SECONDS = 2.0
"""On this host: in which a worker that lives has its lease again, whose session the server cut."""
_KILL_SECONDS = 2.0
_AGAIN_SECONDS = 0.02

Recover = Callable[[Sequence[str]], object]


class Takeover:
    """Looks for workers that are gone, from one that lives."""

    def __init__(self, worker: str, host: str, recover: Recover) -> None:
        """`recover` puts the rows of executors back on their queues."""
        self._worker = worker
        self._host = host
        self._recover = recover

    def look(self, connection: psycopg.Connection) -> tuple[str, ...]:
        """One look at all others; the workers whose bodies were taken. `connection` is autocommit,
        of no lease."""
        found = others(
            connection,
            self._worker,
            grace=GRACE_SECONDS,
            back=_BACK_SECONDS,
            up=_SERVER_UP_SECONDS,
        )
        return tuple(other.worker for other in found if self._take(connection, other))

    def _take(self, connection: psycopg.Connection, other: Other) -> bool:
        """Whether it is gone for certain, and its bodies are on their queues again."""
        if not take_lease(connection, other.lease):
            return False
        try:
            if not self._is_dead(connection, other):
                return False
            # First the mark: a worker that comes back now sees it and ends.
            if not take_over(connection, other.worker):
                return False
            self._recover([other.worker])
            recovered(connection, other.worker)
            return True
        finally:
            give_back_lease(connection, other.lease)

    def _is_dead(self, connection: psycopg.Connection, other: Other) -> bool:
        """Whether nothing that it started lives, for certain."""
        if other.host == self._host:
            seen = look(other.worker, other.age_seconds)
            if seen.pids and (other.ended or other.free_here):
                end_all(other.worker, _KILL_SECONDS)
                seen = look(other.worker, other.age_seconds)
            elif not seen.pids:  # at the moment of an exec a process shows no environment
                time.sleep(_AGAIN_SECONDS)
                seen = look(other.worker, other.age_seconds)
            # What cannot be seen may live: its supervisor's word and time count, as on another host.
            if not seen.pids and (seen.is_all or other.ended or other.free_long):
                return True
        elif other.ended or other.free_long:
            return True
        found_free(connection, other.worker)
        return False
