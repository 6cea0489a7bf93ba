"""What a process writes on both of its streams, as it comes and no faster than it is read."""

from __future__ import annotations

import queue
import subprocess
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import IO

_LONGEST_LINE = 1 << 20
_WAITING = 256
"""Lines that wait to be read; a process that writes faster waits."""
_LOOK_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Written:
    """A line with its end."""

    is_out: bool
    """Whether it is on the standard output."""
    content: bytes


class Pipes:
    """Left, it reads on and forgets what comes, so that nobody who is told to end is held up by a full pipe."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._lines: queue.Queue[Written | None] = queue.Queue(_WAITING)
        self._left = threading.Event()
        self._open = 2
        assert process.stdout is not None
        assert process.stderr is not None
        for stream, is_out in ((process.stdout, True), (process.stderr, False)):
            threading.Thread(target=self._read, args=(stream, is_out), daemon=True).start()

    def __enter__(self) -> Pipes:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._left.set()

    @property
    def are_open(self) -> bool:
        """Whether more may come."""
        return self._open > 0

    def line(self, seconds: float) -> Written | None:
        """The next line; None where none came in time, or none will."""
        deadline = time.monotonic() + seconds
        while self.are_open:
            try:
                found = self._lines.get(timeout=max(deadline - time.monotonic(), 0.0))
            except queue.Empty:
                return None
            if found is not None:
                return found
            self._open -= 1
        return None

    def forget(self) -> None:
        """Read on, and keep nothing more."""
        self._left.set()

    def _read(self, stream: IO[bytes], is_out: bool) -> None:
        with suppress(ValueError):  # closed meanwhile
            for line in iter(lambda: stream.readline(_LONGEST_LINE), b""):
                self._put(Written(is_out, line))
        self._put(None)

    def _put(self, found: Written | None) -> None:
        while not self._left.is_set():
            with suppress(queue.Full):
                self._lines.put(found, timeout=_LOOK_SECONDS)
                return
