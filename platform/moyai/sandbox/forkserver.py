"""The cloud's side of the zygote: it starts processes for jobs and waits for them."""

from __future__ import annotations

import itertools
import json
import logging
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from threading import Lock, Thread

import moyai
from moyai.sandbox.zygote import HEADER, pack, receive_exactly

logger = logging.getLogger(__name__)

_LOST = 137
"""Exit code of a job whose zygote was killed: as if the job itself had been."""
_WATCHED_ROOMS = ("jobs", "errors.py", "texts.py", "registry")
_LOOK_AGAIN_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Process:
    """One process of a job."""

    number: int
    ended: Future[int]
    """Its exit code."""


class ForkServer:
    """Keeps one zygote alive, started at the first job and again when Moyai's code changed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = Lock()
        self._numbers = itertools.count(1)
        self._zygote: _Zygote | None = None
        self._looked_at = 0.0

    def warm_up(self) -> None:
        """Start the zygote before the first job wants it."""
        with self._lock:
            self._current()

    def run(
        self, command: Sequence[str], environment: Mapping[str, str], folder: Path, output: int
    ) -> Process:
        """Start a process; `output` is the handle for all that it writes (kept by the caller)."""
        with self._lock:
            process = Process(next(self._numbers), Future())
            request = {
                "run": process.number,
                "command": list(command),
                "environment": dict(environment),
                "folder": str(folder),
            }
            self._current().send(request, process, output)
            return process

    def end(self, process: Process, number: signal.Signals) -> None:
        """Send a signal to a process and all it started. Ended already: nothing."""
        with self._lock:
            if self._zygote is not None:
                self._zygote.send({"end": process.number, "signal": int(number)})

    def close(self) -> None:
        """End the zygote and every process that it runs."""
        with self._lock:
            if self._zygote is not None:
                self._zygote.close()
                self._zygote = None

    def _current(self) -> _Zygote:
        zygote = self._zygote
        if zygote is not None and zygote.alive:
            now = time.monotonic()
            if now - self._looked_at < _LOOK_AGAIN_SECONDS:
                return zygote
            self._looked_at = now
            if zygote.code == _code_state():
                return zygote
            logger.info("the code of jobs changed: a new zygote takes over")
            zygote.retire()
        self._zygote = _Zygote(self._folder)
        return self._zygote


class _Zygote:
    def __init__(self, folder: Path) -> None:
        self.code = _code_state()
        self.alive = True
        self._jobs: dict[int, Process] = {}
        self._retired = False
        self._channel, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "moyai.sandbox.zygote", str(theirs.fileno())],
                stdin=subprocess.DEVNULL,
                pass_fds=(theirs.fileno(),),
                cwd="/",
                env={"PATH": "/usr/bin:/bin", "HOME": str(folder), "LANG": "C.UTF-8"},
            )
        Thread(target=self._listen, name="zygote", daemon=True).start()

    def send(
        self, request: dict[str, object], process: Process | None = None, output: int | None = None
    ) -> None:
        if process is not None:
            self._jobs[process.number] = process
        try:
            content = pack(request)
            # The handle travels with the header; the rest may be larger than the socket's buffer.
            handles = [] if output is None else [output]
            socket.send_fds(self._channel, [content[: HEADER.size]], handles)
            self._channel.sendall(content[HEADER.size :])
        except OSError:
            self._lost()

    def retire(self) -> None:
        """Take no more jobs; end when the last one has."""
        self._retired = True
        if not self._jobs:
            self.close()

    def close(self) -> None:
        try:
            self._channel.shutdown(socket.SHUT_RDWR)
        except OSError:
            logger.debug("the zygote is gone already")
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _listen(self) -> None:
        while True:
            try:
                header = receive_exactly(self._channel, HEADER.size)
                size = None if header is None else HEADER.unpack(header)[0]
                content = None if size is None else receive_exactly(self._channel, size)
            except OSError:
                content = None
            if content is None:
                break
            answer = json.loads(content)
            if "exited" in answer:
                self._jobs.pop(answer["exited"]).ended.set_result(answer["status"])
            if self._retired and not self._jobs:
                break
        self._lost()
        self._channel.close()
        self._process.wait()

    def _lost(self) -> None:
        self.alive = False
        while self._jobs:
            _, process = self._jobs.popitem()
            process.ended.set_result(_LOST)


def _code_state() -> frozenset[tuple[str, int, int]]:
    """What jobs would run: each file with its time of change and size."""
    library = Path(moyai.__file__).parent
    found = set()
    for room in _WATCHED_ROOMS:
        path = library / room
        for file in path.rglob("*.py") if path.is_dir() else (path,):
            state = file.stat()
            found.add((str(file), state.st_mtime_ns, state.st_size))
    return frozenset(found)
