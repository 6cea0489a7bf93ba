"""A worker's lease: an advisory lock in a session of its own, touched each second, or sooner where there is
more to tell.

A worker that freezes loses it, as the server ends a session that is idle for 8 seconds. One whose
bodies another has taken ends at once: what it still has in hand is not its own any more. So does one under
which the database went back to an older copy: what it wrote there last is not there.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from contextlib import closing

import psycopg
from sqlalchemy.engine import URL

from moyai.operations.database.hosts import conninfo
from moyai.operations.database.workers import (
    Standing,
    put_went_back,
    standing,
    take_lease,
    touch,
)

TOUCH_SECONDS = 1.0
_SOONEST_SECONDS = 0.25
"""Between two touches, however much there is to tell."""
IDLE_SECONDS = 8
"""After so long without a touch the server ends the session."""
_CONNECT_SECONDS = 3


class Lease:
    """The lease of one worker, kept by a thread."""

    def __init__(self, url: URL, worker: str, lease: int, lost: Callable[[], None]) -> None:
        """`lost` is called once where another has taken over; it should end the process."""
        self._conninfo = conninfo(url)
        self._worker = worker
        self._lease = lease
        self._lost = lost
        self._held = threading.Event()
        self._ending = threading.Event()
        self._stirred = threading.Event()
        self._thread = threading.Thread(target=self._keep, name="lease", daemon=True)
        self.room: Callable[[], int] = lambda: 0
        """Asked at each touch: how many bodies may be begun for this worker, those it has among them."""
        self.beat: Callable[[], None] = lambda: None
        """Called after each touch: the supervisor's sign of life."""
        self.went_back: Callable[[], None] = lost
        """Called once, in place of `lost`, where the database went back to an older copy of itself. That is on
        record by then."""
        self._known: Standing | None = None
        """What this lease has put there last."""

    def start(self, seconds: float) -> bool:
        """Begin; whether it was had within so many seconds."""
        self._thread.start()
        return self._held.wait(seconds)

    def stir(self) -> None:
        """Have the next touch come soon: there may be more room than the server was told."""
        self._stirred.set()

    def end(self) -> None:
        """Give it back."""
        self._ending.set()
        self._stirred.set()
        self._thread.join(5)

    def _keep(self) -> None:
        while not self._ending.is_set():
            try:
                with closing(self._connect()) as connection:
                    self._hold(connection)
            except psycopg.Error:
                # Whatever the server says: without a lease the supervisor ends this process soon.
                self._ending.wait(TOUCH_SECONDS / 2)

    def _connect(self) -> psycopg.Connection:
        return psycopg.connect(
            self._conninfo,
            autocommit=True,
            connect_timeout=_CONNECT_SECONDS,
            application_name="moyai-lease",
            options=f"-c idle_session_timeout={IDLE_SECONDS}s -c statement_timeout=5s",
            keepalives_idle=3,
            keepalives_interval=1,
            keepalives_count=3,
        )

    def _hold(self, connection: psycopg.Connection) -> None:
        while not self._ending.is_set():
            if take_lease(connection, self._lease):
                break
            # An own session before this one, which the server has not seen dead yet, or a taker.
            if self._is_over(connection):
                return
            self._ending.wait(TOUCH_SECONDS / 4)
        while not self._ending.is_set():
            if self._is_over(connection):
                return
            try:
                self._touch(connection)
            except psycopg.Error:
                # A full disk takes no touch; the lock is held as long as the session lives.
                if connection.closed:
                    raise
            self._held.set()
            self.beat()
            self._ending.wait(_SOONEST_SECONDS)
            self._stirred.wait(TOUCH_SECONDS - _SOONEST_SECONDS)

    def _touch(self, connection: psycopg.Connection) -> None:
        self._stirred.clear()
        touch(connection, self._worker, self.room())
        self._known = standing(connection, self._worker)

    def _is_over(self, connection: psycopg.Connection) -> bool:
        """Whether another has taken over, or the database went back: told to whom it concerns."""
        now, known = standing(connection, self._worker), self._known
        if known is not None and now.is_before(known):
            put_went_back(connection)
            self.went_back()
            return True
        if now.taken:
            self._lost()
        return now.taken


class Heartbeat:
    """Signs of life on a pipe that the supervisor watches."""

    def __init__(self, handle: int | None, alone: Callable[[], None] = lambda: None) -> None:
        """`alone` is called once where nobody watches any more."""
        self._handle = handle
        self._alone = alone

    def __call__(self) -> None:
        """Tell it that this process lives and has its lease."""
        if self._handle is None:
            return
        try:
            os.write(self._handle, b".")
        except OSError:
            self._handle = None
            self._alone()
