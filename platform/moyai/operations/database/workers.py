"""Workers on record: begun, alive, gone, their bodies taken over. A lease is an advisory lock of the session
that holds it; who takes over holds it meanwhile."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime

import psycopg
import sqlalchemy as sa

from moyai.texts import Text, document_of

LOCKS = 7701
"""The first key of workers' advisory locks; the second is the worker's `lease`."""
_REGISTER = sa.text("SELECT moyai.register_worker(:id, :lease, :host, :supervisor, :pid, :version)")
_ENDED = sa.text("SELECT moyai.worker_ended(:id)")
_HELD_BACK = sa.text("SELECT moyai.worker_held_back(:id, CAST(:why AS jsonb))")
_OTHERS_BEGIN = sa.text(
    "SELECT EXISTS (SELECT 1 FROM moyai.worker WHERE id <> :id AND held_back IS NULL AND room >= 0 "
    "AND taken_at IS NULL AND ended_at IS NULL "
    "AND clock_timestamp() - seen_at < interval '5 seconds')"
)
_OTHERS = """
SELECT id, lease, host, ended_at IS NOT NULL,
  coalesce(clock_timestamp() - free_since > make_interval(secs => %(grace)s), false),
  coalesce(clock_timestamp() - free_since > make_interval(secs => %(back)s), false),
  CAST(extract(epoch FROM clock_timestamp() - started_at) AS float)
FROM moyai.worker
WHERE recovered_at IS NULL AND id <> %(me)s
  AND clock_timestamp() - pg_postmaster_start_time() > make_interval(secs => %(up)s)
"""
_STANDING = """
SELECT CAST(e.database AS text), e.number, w.seen_at, w.id IS NULL OR w.taken_at IS NOT NULL,
  (SELECT coalesce(CAST(sum(seq) AS bigint), 0) FROM moyai.audit_head)
FROM (SELECT database, number FROM moyai.epoch ORDER BY number DESC LIMIT 1) e
LEFT JOIN moyai.worker w ON w.id = %s
"""


@dataclass(frozen=True, slots=True)
class Registration:
    """What a worker says of itself when it begins."""

    id: str
    lease: int
    host: str
    supervisor: int
    """Its process; `pid`: the worker's own."""
    pid: int
    version: str
    """Of the tickets that it takes."""


@dataclass(frozen=True, slots=True)
class Other:
    """Another worker whose bodies nobody has taken over yet."""

    worker: str
    lease: int
    host: str
    ended: bool
    """Its end is on record: nothing that it started lives."""
    free_long: bool
    """Its lease is free for as long as it takes on another host until all of it is dead."""
    free_here: bool
    """Its lease is free for as long as it takes on this host until one that lives has it again."""
    age_seconds: float
    """By the server's clock: no clock of another host counts."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What the database has on record of a worker."""

    database: str
    """The same in all copies of one database."""
    epoch: int
    seen_at: datetime | None
    """Written by the worker alone, each second; None: it does not know the worker."""
    taken: bool
    records: int
    """In all chains of the audit."""

    def is_before(self, known: Standing) -> bool:
        """Whether this is an older copy of the database that had what is known, and nobody has said so yet.

        A clock that was set back is none, nor is a copy that has forgotten nothing.
        """
        same = (self.database, self.epoch) == (known.database, known.epoch)
        if not same or known.seen_at is None or self.records >= known.records:
            return False
        return self.seen_at is None or self.seen_at < known.seen_at


def register(connection: sa.Connection, one: Registration) -> None:
    """Put a worker on record."""
    given = {
        "id": one.id,
        "lease": one.lease,
        "host": one.host,
        "supervisor": one.supervisor,
        "pid": one.pid,
        "version": one.version,
    }
    connection.execute(_REGISTER, given)


def put_end(connection: sa.Connection, worker: str) -> None:
    """Put on record that nothing of a worker lives any more."""
    connection.execute(_ENDED, {"id": worker})


def put_held_back(connection: sa.Connection, worker: str, why: Text | None) -> None:
    """Put on record why a worker begins nothing; None: it does."""
    told = json.dumps(document_of(why), ensure_ascii=False)
    connection.execute(_HELD_BACK, {"id": worker, "why": told})


def others_begin(connection: sa.Connection, worker: str) -> bool:
    """Whether another worker lives that may begin bodies."""
    return bool(connection.execute(_OTHERS_BEGIN, {"id": worker}).scalar())


def take_lease(connection: psycopg.Connection, lease: int) -> bool:
    """Whether this session has the lease now. Many times had, it is given back as often."""
    row = connection.execute("SELECT pg_try_advisory_lock(%s, %s)", (LOCKS, lease)).fetchone()
    return row == (True,)


def give_back_lease(connection: psycopg.Connection, lease: int) -> None:
    """This session has it no more."""
    connection.execute("SELECT pg_advisory_unlock(%s, %s)", (LOCKS, lease))


def touch(connection: psycopg.Connection, worker: str, room: int) -> None:
    """It lives, and has room for so many bodies, those in hand among them."""
    connection.execute("SELECT moyai.touch_worker(%s, %s)", (worker, room))


def standing(connection: psycopg.Connection, worker: str) -> Standing:
    """How a worker stands on record; one that is not known counts as taken."""
    row = connection.execute(_STANDING, (worker,)).fetchone()
    return Standing(*row) if row is not None else Standing("", 0, None, True, 0)


def put_went_back(connection: psycopg.Connection) -> None:
    """Put on record that a worker has lived through the database's going back to an older copy."""
    connection.execute("""SELECT moyai.found_behind('{"by": "worker"}')""")


def others(
    connection: psycopg.Connection, me: str, *, grace: float, back: float, up: float
) -> tuple[Other, ...]:
    """Workers but this one whose bodies nobody has taken over yet; none while the server is not up for `up`
    seconds. `grace`, `back`: seconds of `free_long` and `free_here`."""
    given = {"me": me, "grace": grace, "up": up, "back": back}
    return tuple(Other(*row) for row in connection.execute(_OTHERS, given).fetchall())


def take_over(connection: psycopg.Connection, worker: str) -> bool:
    """Mark that its bodies are another's, whose lease this session holds: if it comes back it sees that, and
    ends. False where it was marked before."""
    return connection.execute("SELECT moyai.take_over(%s)", (worker,)).fetchone() == (True,)


def recovered(connection: psycopg.Connection, worker: str) -> None:
    """All of its bodies are on the queue again."""
    connection.execute("SELECT moyai.recovered(%s)", (worker,))


def found_free(connection: psycopg.Connection, worker: str) -> None:
    """Its lease was free when this session looked; from when on counts."""
    connection.execute("SELECT moyai.found_free(%s)", (worker,))
