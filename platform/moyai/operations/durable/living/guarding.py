"""A worker's guardian as its supervisor has it: started, told of signs of life, started again when it dies."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from contextlib import suppress

from moyai.operations.durable.living.guardian import ALIVE, BEAT, ENDED, held_back
from moyai.operations.durable.living.processes import MARK

_ALIVE_SECONDS = 1.0
_AGAIN_SECONDS = 1.0
_END_SECONDS = 2.0


class Guarding:
    """Of one worker."""

    def __init__(self, worker: str, pid: int, signs: int, url: str) -> None:
        """`signs`: the reading end of the worker's signs of life; `url`: of the worker's login."""
        self._arguments = (worker, str(pid), str(signs))
        self._signs = signs
        self._url = url
        self._told_at = 0.0
        self._started_at = 0.0
        self._began = False
        """Whether the worker ever gave a sign: it is not at its start any more."""
        self._writing: int | None = None
        self.process: subprocess.Popen[bytes] | None = None
        """The guardian, while it is known to live."""
        self._start()

    def tend(self, *, beat: bool) -> None:
        """Tell it that its supervisor lives, and whether the worker gave a sign; start it again where it is
        dead. To be called some times a second."""
        now = time.monotonic()
        self._began = self._began or beat
        if self.process is not None and self.process.poll() is not None:
            self._close()
        if self.process is None and now - self._started_at > _AGAIN_SECONDS:
            self._start()
        if beat or now - self._told_at > _ALIVE_SECONDS:
            self._told_at = now
            self._tell(BEAT if beat else ALIVE)

    def end(self) -> None:
        """The worker is buried: its guardian has nothing to do any more."""
        process = self.process
        self._tell(ENDED)
        self._close()
        if process is not None:
            try:
                process.wait(_END_SECONDS)
            except subprocess.TimeoutExpired:  # frozen
                process.kill()
                process.wait()

    def _start(self) -> None:
        self._started_at = time.monotonic()
        reading, writing = os.pipe()
        os.set_blocking(writing, False)
        if self._began:  # before it is there: this process may die as soon as it is
            os.write(writing, BEAT)
        try:
            with held_back():
                self.process = subprocess.Popen(
                    [
                        *(sys.executable, "-m", "moyai.operations.durable.living.guardian"),
                        *(*self._arguments, str(reading), self._url),
                    ],
                    pass_fds=(self._signs, reading),
                    env={key: value for key, value in os.environ.items() if key != MARK},
                    start_new_session=True,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                )
            self._writing = writing
        except OSError:  # no more processes: tried again
            os.close(writing)
        finally:
            os.close(reading)

    def _tell(self, what: bytes) -> None:
        if self._writing is not None:
            with suppress(BrokenPipeError, BlockingIOError):
                os.write(self._writing, what)

    def _close(self) -> None:
        self.process = None
        if self._writing is not None:
            os.close(self._writing)
            self._writing = None
