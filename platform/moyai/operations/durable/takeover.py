"""What is left of workers that are gone: their processes ended, their bodies given to others.

Never before every process that could still work on a body is dead: on this host they are looked for
and killed; of another host its supervisor says so, or the time has passed in which it kills them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import psycopg

from moyai.operations.durable.lease import LOCKS
from moyai.operations.durable.processes import end_all, marked

GRACE_SECONDS = 20
"""Of another host: from its lease being free. A supervisor that lives kills 6 s after the last touch,
the server ends a frozen session after 8 s."""
_SERVER_UP_SECONDS = 10
"""After a start of the server every lease is free; workers that live take theirs in this time."""
_BACK_SECONDS = 2.0
"""On this host: in which a worker that lives has its lease again, whose session the server cut."""
_KILL_SECONDS = 2.0

Recover = Callable[[Sequence[str]], object]


@dataclass(frozen=True, slots=True)
class _Other:
    worker: str
    lease: int
    host: str
    ended: bool
    free_long: bool
    free_here: bool


_OTHERS = """
SELECT id, lease, host, ended_at IS NOT NULL,
  coalesce(clock_timestamp() - free_since > make_interval(secs => %(grace)s), false),
  coalesce(clock_timestamp() - free_since > make_interval(secs => %(back)s), false)
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
            connection.execute(
                "UPDATE moyai.worker SET taken_at = clock_timestamp() WHERE id = %s",
                (other.worker,),
            )
            self._recover([other.worker])
            connection.execute(
                "UPDATE moyai.worker SET recovered_at = clock_timestamp() WHERE id = %s",
                (other.worker,),
            )
            return True
        finally:
            connection.execute("SELECT pg_advisory_unlock(%s, %s)", key)

    def _is_dead(self, connection: psycopg.Connection, other: _Other) -> bool:
        if other.host == self._host:
            if other.ended or other.free_here or not marked(other.worker):
                return end_all(other.worker, _KILL_SECONDS)
        elif other.ended or other.free_long:
            return True
        connection.execute(
            "UPDATE moyai.worker SET free_since = coalesce(free_since, clock_timestamp()) "
            "WHERE id = %s",
            (other.worker,),
        )
        return False
