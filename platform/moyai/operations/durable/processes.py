"""Processes of workers on this host: found by the mark that each inherits, and ended.

Engines and their plugins lead sessions of their own, so that a signal to a worker's group does not
reach them; the mark in their environment does.
"""

from __future__ import annotations

import hashlib
import os
import signal
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

MARK = "MOYAI_WORKER"
"""The variable that all processes of a worker have: its id."""
_PROC = Path("/proc")
_POLL_SECONDS = 0.02


def host_id() -> str:
    """This host, as it was booted: of its machine id and boot id; another boot is another host."""
    parts: list[str] = []
    for path in ("/etc/machine-id", "/proc/sys/kernel/random/boot_id"):
        with suppress(OSError):
            parts.append(Path(path).read_text().strip())
    # Containers of one machine share both, and see one another's processes only within a namespace.
    with suppress(OSError):
        parts.append(str(Path("/proc/self/ns/pid").readlink()))
    return hashlib.sha256("\n".join((*parts, os.uname().nodename)).encode()).hexdigest()[:16]


def marked(worker: str) -> tuple[int, ...]:
    """Process ids on this host that have a worker's mark, but for the one that asks."""
    wanted = f"{MARK}={worker}".encode()
    found: list[int] = []
    for entry in _PROC.iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        with suppress(OSError):
            if wanted in (entry / "environ").read_bytes().split(b"\0") and not _is_zombie(entry):
                found.append(int(entry.name))
    return tuple(found)


def _is_zombie(entry: Path) -> bool:
    state = (entry / "stat").read_text(errors="replace").rpartition(")")[2].split()
    return bool(state) and state[0] in "ZX"


def end_all(worker: str, seconds: float) -> bool:
    """Kill everything with a worker's mark; whether nothing is left after so many seconds."""
    deadline = time.monotonic() + seconds
    while left := marked(worker):
        kill(left)
        if time.monotonic() >= deadline:
            return False
        time.sleep(_POLL_SECONDS)
    return True


def kill(pids: Iterable[int]) -> None:
    """SIGKILL each; one that is gone is fine, and so is another user's."""
    for pid in pids:
        with suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGKILL)
