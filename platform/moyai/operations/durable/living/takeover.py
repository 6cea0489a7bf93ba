"""What is left of workers that are gone: their processes ended, their bodies given to others.

Never before every process that could still work on a body is dead: on this host they are looked for
and killed; of another host its supervisor or guardian says so, or the time has passed in which they kill them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import psycopg

from moyai.operations.durable.living.lease import LOCKS
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


@dataclass(frozen=True, slots=True)
class _Other:
    worker: str
    lease: int
    host: str
    ended: bool
    free_long: bool
    free_here: bool
    age_seconds: float
    """By the server's clock: no clock of another host counts."""


_OTHERS = """
SELECT id, lease, host, ended_at IS NOT NULL,
  coalesce(clock_timestamp() - free_since > make_interval(secs => %(grace)s), false),
  coalesce(clock_timestamp() - free_since > make_interval(secs => %(back)s), false),
  CAST(extract(epoch FROM clock_timestamp() - started_at) AS float)
FROM moyai.worker
WHERE recovered_at IS NULL AND id <> %(me)s
  AND clock_timestamp() - pg_postmaster_start_time() > make_interval(secs => %(up)s)
"""


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
        given = {
            "me": self._worker,
            "grace": GRACE_SECONDS,
            "up": _SERVER_UP_SECONDS,
            "back": _BACK_SECONDS,
        }
        others = [_Other(*row) for row in connection.execute(_OTHERS, given).fetchall()]
        return tuple(other.worker for other in others if self._take(connection, other))

    def _take(self, connection: psycopg.Connection, other: _Other) -> bool:
        """Whether it is gone for certain, and its bodies are on their queues again."""
        key = (LOCKS, other.lease)
        row = connection.execute("SELECT pg_try_advisory_lock(%s, %s)", key).fetchone()
        if row != (True,):
            return False
        try:
            if not self._is_dead(connection, other):
                return False
            # First the mark: a worker that comes back now sees it and ends.
            taken = connection.execute("SELECT moyai.take_over(%s)", (other.worker,)).fetchone()
            if taken != (True,):
                return False
            self._recover([other.worker])
            connection.execute("SELECT moyai.recovered(%s)", (other.worker,))
            return True
        finally:
            connection.execute("SELECT pg_advisory_unlock(%s, %s)", key)

    def _is_dead(self, connection: psycopg.Connection, other: _Other) -> bool:
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
        connection.execute("SELECT moyai.found_free(%s)", (other.worker,))
        return False
