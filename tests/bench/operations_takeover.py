"""How soon another worker goes on with the bodies of one that was killed."""

from __future__ import annotations

import os
import signal
import time

import sqlalchemy as sa
from tests.bench.operations_kind import empty_plan
from tests.bench.operations_office import Office, Server

BODIES = 4
"""At a time, in both workers together, each of which has places for as many: who takes over has room."""
_STEP_MILLISECONDS = 1500
_LOOK_SECONDS = 0.01
_LONGEST_SECONDS = 60.0
_IN_HAND = (
    "SELECT count(*) FROM moyai.body WHERE status = 'running' AND worker = :worker "
    "AND step IS NOT NULL"
)
_CLAIMS = sa.text(
    "SELECT code, claim FROM moyai.body WHERE status = 'running' AND worker = :worker"
)
_LEFT = sa.text(
    "SELECT count(*) FROM moyai.body b JOIN unnest(CAST(:codes AS text[]), CAST(:claims AS bigint[])) "
    "AS was (code, claim) ON b.code = was.code AND b.claim = was.claim WHERE b.status = 'running'"
)


def takeovers(server: Server, kills: int) -> list[float]:
    """For each kill of a worker process with bodies in hand: seconds until the last of them is in
    another's hand."""
    with server.office("takeover", [BODIES, BODIES]) as office:
        office.put(
            empty_plan(8 * BODIES * (kills + 2), at_once=BODIES, milliseconds=_STEP_MILLISECONDS)
        )
        return [_takeover(office) for _ in range(kills)]


def _takeover(office: Office) -> float:
    worker, pid = _busy(office)
    with office.engine.connect() as connection:
        rows = connection.execute(_CLAIMS, {"worker": worker}).all()
        given = {"codes": [row[0] for row in rows], "claims": [row[1] for row in rows]}
        connection.rollback()
        os.kill(pid, signal.SIGKILL)
        killed = time.monotonic()
        while connection.execute(_LEFT, given).scalar():
            connection.rollback()
            assert time.monotonic() - killed < _LONGEST_SECONDS, office.logs()[-4000:]
            time.sleep(_LOOK_SECONDS)
    return time.monotonic() - killed


def _busy(office: Office) -> tuple[str, int]:
    """A worker that has bodies in hand, beside another that lives."""
    deadline = time.monotonic() + _LONGEST_SECONDS
    while time.monotonic() < deadline:
        held = {one: office.scalar(_IN_HAND, worker=one[0]) for one in office.workers()}
        worker = max(held, key=lambda one: int(str(held[one])), default=None)
        if worker is not None and held[worker] and len(held) == 2:
            return worker
        time.sleep(0.05)
    raise AssertionError(office.logs()[-4000:])
