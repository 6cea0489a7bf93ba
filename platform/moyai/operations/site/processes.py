"""Processes on this host found by a mark that each inherits in its environment, and ended.

What leads a session of its own is not reached by a signal to a group; its mark is seen all the same.
"""

from __future__ import annotations

import math
import os
import signal
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")
_POLL_SECONDS = 0.02
_SESSION = 3
_BEGAN = 19
"""Where `/proc/PID/stat` says when a process began, after its state: in ticks since the boot."""
_SLACK_SECONDS = 120.0
"""A worker is on record a moment after it began."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What is seen of marked processes on this host."""

    pids: tuple[int, ...]
    """Those that have the mark, but for the one that looks."""
    is_all: bool
    """False: a process of this user says nothing of itself, and may be one of them."""


def look(mark: str, age_seconds: float = math.inf) -> Seen:
    """Look at all processes of this host for those with a mark, `NAME=value`, which was first given at most so
    long ago."""
    found: list[int] = []
    hidden = False
    try:
        entries = [entry for entry in _PROC.iterdir() if entry.name.isdigit()]
    except OSError:
        return Seen((), False)
    for entry in entries:
        if int(entry.name) == os.getpid():
            continue
        try:
            is_marked = _has_mark(entry, mark)
        except PermissionError:
            hidden = hidden or _may_be_its(entry, age_seconds)
        except OSError:  # it ended
            continue
        else:
            if is_marked:
                found.append(int(entry.name))
    return Seen(tuple(found), not hidden)


def in_session(session: int) -> tuple[int, ...]:
    """Process ids of a session, those that have ended left out."""
    found: list[int] = []
    with suppress(OSError):
        for entry in _PROC.iterdir():
            with suppress(OSError):
                fields = _stat(entry) if entry.name.isdigit() else []
                if fields and fields[_SESSION] == str(session) and fields[0] not in "ZX":
                    found.append(int(entry.name))
    return tuple(found)


def has_mark(pid: int, mark: str) -> bool:
    """Whether a process lives and has a mark."""
    try:
        return _has_mark(_PROC / str(pid), mark)
    except OSError:
        return False


def end_all(mark: str, seconds: float) -> bool:
    """Kill everything with a mark; whether nothing that can be seen is left after so many seconds."""
    deadline = time.monotonic() + seconds
    while left := look(mark).pids:
        kill(left)
        if time.monotonic() >= deadline:
            return False
        time.sleep(_POLL_SECONDS)
    return True


def _has_mark(entry: Path, mark: str) -> bool:
    return mark.encode() in (entry / "environ").read_bytes().split(b"\0") and not _is_zombie(entry)


def _is_zombie(entry: Path) -> bool:
    state = _stat(entry)
    return bool(state) and state[0] in "ZX"


def _stat(entry: Path) -> list[str]:
    """What `/proc/PID/stat` has after the name: the state first."""
    return (entry / "stat").read_text(errors="replace").rpartition(")")[2].split()


def _may_be_its(entry: Path, age_seconds: float) -> bool:
    """Of a process whose environment cannot be read (it has more rights, or hides itself): whether a worker of
    that age may have started it. All that a worker starts runs as its user, and began after it."""
    if entry.name == "1":
        return False
    try:
        lines = (entry / "status").read_text(errors="replace").splitlines()
        began = int(_stat(entry)[_BEGAN]) / os.sysconf("SC_CLK_TCK")
        up = float((_PROC / "uptime").read_text().split()[0])
    except PermissionError:
        return True
    except (OSError, ValueError, IndexError):
        return False
    ids = next((line.split()[1:] for line in lines if line.startswith("Uid:")), [])
    return str(os.geteuid()) in ids and up - began <= age_seconds + _SLACK_SECONDS


def kill(pids: Iterable[int]) -> None:
    """SIGKILL each; one that is gone is fine, and so is another user's."""
    for pid in pids:
        with suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGKILL)
