"""Leave for calls to AWS: below a worker, each waits for its turn within the rate that all workers share.

The worker of a process answers on the loopback, where `MOYAI_AWS_CALLS` says (`HOST:PORT:TOKEN`). Without the
variable nothing waits. Where the worker does not answer, calls go on at a slow rate of the process's own.
"""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Protocol

VARIABLE = "MOYAI_AWS_CALLS"
WAIT = b"0"
"""The worker's answer where there is no leave yet: it lives, and is waited for further."""
SLOW_PER_SECOND = 2.0
"""Calls of a process whose worker does not answer."""
_ANSWER_SECONDS = 5.0
"""A worker that lives says something at least once a second."""
_AWAY_SECONDS = 5.0
"""For so long one that did not answer is not asked again."""


class Emitter(Protocol):
    """Of botocore: where handlers of its events are known."""

    def register(
        self, event_name: str, handler: Callable[..., None], unique_id: str | None = None
    ) -> None:
        """Have a handler called at an event; once for all with one `unique_id`."""
        ...


def limit(events: Emitter) -> None:
    """Have each request of the clients that are made with these events wait for leave, retries too."""
    events.register("before-send", _before_send, unique_id="moyai-allowance")


def _before_send(**_: object) -> None:
    ask()


def ask(environ: Mapping[str, str] = os.environ) -> None:
    """Wait until one call may be made."""
    where = environ.get(VARIABLE)
    if where:
        _asker(where).ask()


class _Asker:
    """One process's conversation with its worker. Threads that wait are asked for together."""

    def __init__(self, where: str) -> None:
        self._where = where
        self._lock = threading.Lock()
        self._counting = threading.Lock()
        self._waiting = 0
        self._left = 0
        self._socket: socket.socket | None = None
        self._away_until = 0.0
        self._next_slow = 0.0

    def ask(self) -> None:
        with self._counting:
            self._waiting += 1
        try:
            with self._lock:
                if self._left == 0:
                    self._left = self._fetch(self._waiting)
                self._left -= 1
        finally:
            with self._counting:
                self._waiting -= 1

    def _fetch(self, wanted: int) -> int:
        """Leave for at least one call and at most so many; waits for it."""
        if time.monotonic() >= self._away_until:
            try:
                return self._asked(wanted)
            except (OSError, ValueError):
                self._hang_up()
                self._away_until = time.monotonic() + _AWAY_SECONDS
        self._next_slow = max(self._next_slow, time.monotonic()) + 1 / SLOW_PER_SECOND
        time.sleep(max(0.0, self._next_slow - time.monotonic()))
        return 1

    def _asked(self, wanted: int) -> int:
        if self._socket is None:
            host, port, token = self._where.split(":")
            self._socket = socket.create_connection((host, int(port)), _ANSWER_SECONDS)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._socket.sendall(f"{token}\n".encode())
        self._socket.sendall(f"{wanted}\n".encode())
        while (line := _line(self._socket)) == WAIT:
            continue
        granted = int(line)
        if not 1 <= granted <= wanted:
            raise ValueError(granted)
        return granted

    def _hang_up(self) -> None:
        if self._socket is not None:
            with suppress(OSError):
                self._socket.close()
            self._socket = None


def _line(connection: socket.socket) -> bytes:
    """The next line; an answer is a few bytes. Raises OSError where there is none."""
    found = b""
    while not found.endswith(b"\n"):
        more = connection.recv(1)
        if not more or len(found) > 16:
            raise ConnectionError("no answer")
        found += more
    return found[:-1]


_askers: dict[str, _Asker] = {}
_making = threading.Lock()


def _asker(where: str) -> _Asker:
    with _making:
        return _askers.setdefault(where, _Asker(where))


def _forget() -> None:
    """A forked process has a conversation, and locks, of its own."""
    global _making
    _making = threading.Lock()
    _askers.clear()


os.register_at_fork(after_in_child=_forget)
