"""Processes known by number and start time, so that a recycled number is never mistaken."""

from __future__ import annotations

import fcntl
import os
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import SystemRandom

import psutil

LOOPBACK = "127.0.0.1"
_PORTS = range(20_000, 30_000)
"""Below the range from which systems take ports for outgoing connections, so that a port is
free again when its owner comes back."""


@dataclass(frozen=True, slots=True)
class Identity:
    """One process. `started` is its start in seconds since 1970, as the system tells it."""

    pid: int
    started: float

    @classmethod
    def of(cls, pid: int) -> Identity | None:
        """The identity of a living process, or None. One that ended unreaped is not living."""
        try:
            process = psutil.Process(pid)
            if process.status() == psutil.STATUS_ZOMBIE:
                return None
            return cls(pid, process.create_time())
        except psutil.Error:
            return None

    def is_alive(self) -> bool:
        """Whether this very process still runs."""
        now = Identity.of(self.pid)
        # The clock's resolution is 10 ms; a recycled number differs by far more.
        return now is not None and abs(now.started - self.started) < 0.5

    def send(self, number: signal.Signals) -> None:
        """Send a signal, unless the process is gone."""
        if self.is_alive():
            try:
                os.kill(self.pid, number)
            except ProcessLookupError:
                return

    def wait_gone(self, seconds: float) -> bool:
        """Wait until it ended; False where it still runs after so many seconds."""
        return wait_until(lambda: not self.is_alive(), seconds)


def wait_until(condition: Callable[[], bool], seconds: float, pause: float = 0.02) -> bool:
    """Ask again and again until a condition holds; False after so many seconds."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(pause)
    return True


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold an exclusive lock on a file; waits for whoever holds it. Released if the holder dies."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def try_lock(path: Path) -> int | None:
    """Lock a file for as long as this process lives; the handle, or None where another has it."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        return None
    return handle


def is_locked(path: Path) -> bool:
    """Whether some living process holds the lock."""
    if not path.exists():
        return False
    handle = try_lock(path)
    if handle is None:
        return True
    os.close(handle)
    return False


def is_same_file(path: Path, handle: int) -> bool:
    """Whether a path still names the file that a handle was opened for."""
    try:
        return os.path.samestat(path.stat(), os.fstat(handle))
    except FileNotFoundError:
        return False


def is_free(port: int) -> bool:
    """Whether nothing listens on a port of the loopback."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def free_port(wished: int | None = None) -> int:
    """A free port of the loopback: the wished one where it is free, otherwise any other."""
    if wished is not None and is_free(wished):
        return wished
    candidates = SystemRandom().sample(_PORTS, 200)
    for port in candidates:
        if is_free(port):
            return port
    raise OSError(f"no free port between {_PORTS.start} and {_PORTS.stop} on {LOOPBACK}")
