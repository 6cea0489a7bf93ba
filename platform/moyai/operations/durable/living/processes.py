"""Processes of workers on this host: found by the mark that each inherits, and ended.

Engines and their plugins lead sessions of their own, so that a signal to a worker's group does not
reach them; the mark in their environment does.
"""

from __future__ import annotations

import hashlib
import math
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from moyai.operations.site import processes
from moyai.operations.site.processes import Seen, kill

__all__ = ["MARK", "Seen", "Tell", "end_all", "has_mark", "host_id", "kill", "look", "marked"]

Tell = Callable[[str], None]
"""A line of a worker's log."""
MARK = "MOYAI_WORKER"
"""The variable that all processes of a worker have: its id."""


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


def look(worker: str, age_seconds: float = math.inf) -> Seen:
    """Look at all processes of this host for those of one worker, which began at most so long ago."""
    return processes.look(_mark(worker), age_seconds)


def marked(worker: str) -> tuple[int, ...]:
    """Process ids on this host that have a worker's mark, but for the one that asks."""
    return look(worker).pids


def has_mark(pid: int, worker: str) -> bool:
    """Whether a process lives and is a worker's."""
    return processes.has_mark(pid, _mark(worker))


def end_all(worker: str, seconds: float) -> bool:
    """Kill everything with a worker's mark; whether nothing that can be seen is left after so many seconds."""
    return processes.end_all(_mark(worker), seconds)


def _mark(worker: str) -> str:
    return f"{MARK}={worker}"
