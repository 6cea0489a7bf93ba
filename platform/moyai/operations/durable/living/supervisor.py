"""`moyai worker`: starts a worker process, starts it again, and ends all that it leaves behind.

A worker that froze, or whose lease has lapsed, is killed with everything that it started: a Pulumi engine
goes on by itself while the process that began it stands still.
"""

from __future__ import annotations

import ctypes
import os
import secrets
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.engine import URL

from moyai.operations.durable.living.ends import put_on_record
from moyai.operations.durable.living.guarding import Guarding
from moyai.operations.durable.living.processes import MARK, Tell, end_all, host_id

SILENT_SECONDS = 6.0
"""Without a sign of life for so long, a worker counts as frozen: the server ends its lease after 8 s."""
_START_SECONDS = 60.0
_KILL_SECONDS = 10.0
_LONGEST_PAUSE = 30.0
_MEMORY = {"MALLOC_ARENA_MAX": "2"}
"""glibc gives each of a worker's threads an arena of its own, and what is free in one helps no other."""
_SUBREAPER = 36
"""Linux's PR_SET_CHILD_SUBREAPER: what a killed worker started comes to this process."""


@dataclass(frozen=True, slots=True)
class Supervised:
    """What workers are started with."""

    url: URL
    """Of the worker's login."""
    bodies: int
    arguments: tuple[str, ...]
    """What the process is told after URL, bodies and heartbeat: file and site."""
    module: str = "moyai.operations.durable"


class Supervisor:
    """One `moyai worker`."""

    def __init__(
        self, supervised: Supervised, tell: Tell, signalled: Callable[[int], None] | None = None
    ) -> None:
        """`signalled` is told of each signal that ends the worker: the first is 1."""
        self._supervised = supervised
        self._tell = tell
        self._told = signalled
        self._signals = 0
        self._passed_on = 0
        """Signals that the child was told of."""
        self._child: subprocess.Popen[bytes] | None = None
        self._guarding: Guarding | None = None

    def heed(self) -> None:
        """From now on signals end the worker, also before `run`."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._signalled)

    def run(self) -> int:
        """Keep a worker running until a signal ends it; the exit code."""
        self.heed()
        ctypes.CDLL(None, use_errno=True).prctl(_SUBREAPER, 1, 0, 0, 0)
        pause = 0.5
        while self._signals == 0:
            began = time.monotonic()
            worker = f"{host_id()[:6]}-{secrets.token_hex(4)}"
            self._live(worker)
            self._bury(worker)
            if self._signals:
                break
            # One that dies at once, again and again, must not fill the disk with logs.
            lived = time.monotonic() - began
            pause = 0.5 if lived > _LONGEST_PAUSE else min(pause * 2, _LONGEST_PAUSE)
            self._wait(pause)
        return 0

    def _signalled(self, _number: int, _frame: object) -> None:
        """Counts alone: it may come while a child is being started, which is told a moment later."""
        self._signals += 1
        if self._told is not None:
            self._told(self._signals)

    def _pass_on(self, child: subprocess.Popen[bytes]) -> None:
        """The first lets what is in hand end; the second kills: others go on with it."""
        if self._signals > self._passed_on:
            self._passed_on = self._signals
            child.send_signal(signal.SIGTERM if self._signals == 1 else signal.SIGKILL)

    def _wait(self, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while self._signals == 0 and time.monotonic() < deadline:
            time.sleep(0.05)

    def _live(self, worker: str) -> None:
        """One worker's life, watched."""
        reading, writing = os.pipe()
        given = self._supervised
        command = [
            sys.executable,
            "-m",
            given.module,
            self._url,
            str(given.bodies),
            str(writing),
            *given.arguments,
        ]
        try:
            self._child = subprocess.Popen(
                command,
                env={**_MEMORY, **os.environ, MARK: worker},
                pass_fds=(writing,),
                start_new_session=True,
                stdin=subprocess.DEVNULL,
            )
            os.close(writing)
            self._guarding = Guarding(worker, self._child.pid, reading, self._url)
            self._watch(self._child, self._guarding, worker, reading)
        finally:
            os.close(reading)

    @property
    def _url(self) -> str:
        return self._supervised.url.render_as_string(hide_password=False)

    def _watch(
        self, child: subprocess.Popen[bytes], guarding: Guarding, worker: str, reading: int
    ) -> None:
        patience = _START_SECONDS
        silent_since = time.monotonic()
        while child.poll() is None:
            self._pass_on(child)
            self._reap()
            ready, _, _ = select.select([reading], [], [], 0.1)
            beat = bool(ready and os.read(reading, 4096))
            guarding.tend(beat=beat)
            if beat:
                silent_since, patience = time.monotonic(), SILENT_SECONDS
            elif time.monotonic() - silent_since > patience:
                self._tell(f"worker {worker} gives no sign of life: ends it and all it started")
                break

    def _bury(self, worker: str) -> None:
        """End all that it left, and put on record that nothing of it is alive."""
        child, self._child = self._child, None
        if child is not None and child.poll() is None:
            child.kill()
        if child is not None:
            child.wait()
        while not end_all(worker, _KILL_SECONDS):
            self._tell(f"worker {worker}: some of its processes do not end")
            self._reap()
        put_on_record(self._url, worker, self._tell)
        if (
            self._guarding is not None
        ):  # not before: it does the same where this process ends meanwhile
            self._guarding.end()
            self._guarding = None
        self._reap()

    def _reap(self) -> None:
        """Take the ends of orphans that came to this process; the worker's and its guardian's are `Popen`'s."""
        guardian = None if self._guarding is None else self._guarding.process
        known = {one.pid for one in (self._child, guardian) if one is not None}
        for entry in Path(f"/proc/self/task/{os.getpid()}/children").read_text().split():
            if int(entry) not in known:
                try:
                    os.waitpid(int(entry), os.WNOHANG)
                except ChildProcessError:
                    continue
