"""What work on an operations database uses, apart from time on the wall: processor time and the server's log.

Others on the machine slow work down, and neither makes it write more nor, much, use more of a processor. So
ratios of these say more of a small run than ratios of seconds do.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import psycopg

OBJECTS = "MOYAI_BENCH_OBJECTS"
"""Where a worker writes what its Python has and has asked for, when it is asked by SIGUSR1."""
_TICKS = os.sysconf("SC_CLK_TCK")
_LONGEST_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Used:
    """So much by then."""

    processor: float
    """Seconds of processors: of the server and all of its sessions, and of who works."""
    log_bytes: int
    """What the server has written ahead: each change of a row, and nothing that only reads."""

    def since(self, before: Used) -> Used:
        """What was used in between."""
        return Used(self.processor - before.processor, self.log_bytes - before.log_bytes)


def used(admin: str, postmaster: int, workers: Iterable[int] = ()) -> Used:
    """By the server and some processes. `admin`: where the server is asked, as its superuser."""
    with psycopg.connect(admin, autocommit=True) as connection:
        row = connection.execute("SELECT pg_current_wal_insert_lsn() - '0/0'").fetchone()
    assert row is not None
    sessions = sum(_seconds(pid) for pid in _children(postmaster))
    return Used(
        _seconds(postmaster, ended=True) + sessions + sum(map(_seconds, workers)), int(row[0])
    )


@dataclass(frozen=True, slots=True)
class Counted:
    """What a worker's Python says of itself."""

    objects: int
    """That it has, once what is nobody's is gone."""
    asked: int
    """Calls of the ledger, and statements beside them, by threads that carry bodies: they do not depend on
    the machine, nor on how long others hold it up."""


def counted(pid: int, folder: Path) -> Counted:
    """Ask it."""
    path = folder / f"objects-{pid}"
    path.unlink(missing_ok=True)
    os.kill(pid, signal.SIGUSR1)
    deadline = time.monotonic() + _LONGEST_SECONDS
    while not (path.exists() and path.read_text()):
        assert time.monotonic() < deadline, "the worker does not say"
        time.sleep(0.02)
    return Counted(*map(int, path.read_text().split()))


def _seconds(pid: int, *, ended: bool = False) -> float:
    """`ended`: with its children that have ended. 0: it is gone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(map(int, fields[11 : 15 if ended else 13])) / _TICKS


def _children(pid: int) -> list[int]:
    found = []
    for place in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = place.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == pid:
            found.append(int(place.parts[2]))
    return found
