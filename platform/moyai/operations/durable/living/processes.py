"""Processes of workers on this host: found by the mark that each inherits, and ended.

Engines and their plugins lead sessions of their own, so that a signal to a worker's group does not
reach them; the mark in their environment does.
"""

from __future__ import annotations

import hashlib
import math
import os
import signal
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

Tell = Callable[[str], None]
"""A line of a worker's log."""
MARK = "MOYAI_WORKER"
"""The variable that all processes of a worker have: its id."""
_PROC = Path("/proc")
_POLL_SECONDS = 0.02
_BEGAN = 19
"""Where `/proc/PID/stat` says when a process began, after its state: in ticks since the boot."""
_SLACK_SECONDS = 120.0
"""A worker is on record a moment after it began."""


def host_id() -> str:
    """This host, as it was booted, and what of its processes can be looked at: those of one user in one
    namespace. Workers of two users, or in two containers, are on two hosts for one another."""
    parts: list[str] = [str(os.geteuid())]
    for path in ("/etc/machine-id", "/proc/sys/kernel/random/boot_id"):
        with suppress(OSError):
            parts.append(Path(path).read_text().strip())
    # Containers of one machine share both, and see one another's processes only within a namespace.
    for space in ("pid", "user"):
        with suppress(OSError):
            parts.append(str(Path(f"/proc/self/ns/{space}").readlink()))
    return hashlib.sha256("\n".join((*parts, os.uname().nodename)).encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Seen:
    """What is seen of a worker's processes on this host."""

    pids: tuple[int, ...]
    """Those that have its mark, but for the one that looks."""
    is_all: bool
    """False: a process of this user says nothing of itself, and may be the worker's."""


def look(worker: str, age_seconds: float = math.inf) -> Seen:
    """Look at all processes of this host for those of one worker, which began at most so long ago."""
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
            is_marked = _has_mark(entry, worker)
        except PermissionError:
            hidden = hidden or _may_be_its(entry, age_seconds)
        except OSError:  # it ended
            continue
        else:
            if is_marked:
                found.append(int(entry.name))
    return Seen(tuple(found), not hidden)


def marked(worker: str) -> tuple[int, ...]:
    """Process ids on this host that have a worker's mark, but for the one that asks."""
    return look(worker).pids


def has_mark(pid: int, worker: str) -> bool:
    """Whether a process lives and is a worker's."""
    try:
        return _has_mark(_PROC / str(pid), worker)
    except OSError:
        return False


def end_all(worker: str, seconds: float) -> bool:
    """Kill everything with a worker's mark; whether nothing that can be seen is left after so many seconds."""
    deadline = time.monotonic() + seconds
    while left := marked(worker):
        kill(left)
        if time.monotonic() >= deadline:
            return False
        time.sleep(_POLL_SECONDS)
    return True


def _has_mark(entry: Path, worker: str) -> bool:
    wanted = f"{MARK}={worker}".encode()
    return wanted in (entry / "environ").read_bytes().split(b"\0") and not _is_zombie(entry)


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
