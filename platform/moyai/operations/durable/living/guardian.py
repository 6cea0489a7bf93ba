"""Watches a worker while nobody else can.

`python -m moyai.operations.durable.living.guardian WORKER PID SIGNS SUPERVISOR URL`.

A frozen worker's engine goes on by itself. Its supervisor ends it, unless that is dead or frozen too: then
this process does, which is beside each worker, small, and in a session of its own. It reads nothing of the
worker's signs of life while the supervisor does, and is told of them. Started by `guarding`.
"""

from __future__ import annotations

import os
import select
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from moyai.operations.durable.living.processes import Tell, end_all, has_mark

ALIVE, BEAT, ENDED = b"a", b"b", b"e"
"""What a supervisor writes: that it lives; that its worker does; that the worker is buried."""
SILENT_SECONDS = 3.0
"""Without a sign of life for so long a worker counts as frozen, where its supervisor is gone: fewer than with a
supervisor, so that another worker of the host has its bodies within 5 s."""
_START_SECONDS = 60.0
"""The same of one that gave no sign yet: it has no body before."""
_FROZEN_SECONDS = 10.0
"""Without a word for so long a supervisor counts as frozen."""
_KILL_SECONDS = 10.0
_POLL_SECONDS = 0.2
_MOST = 4096
_HELD_BACK = (signal.SIGINT, signal.SIGTERM)


class Guardian:
    """The guardian of one worker."""

    def __init__(self, worker: str, pid: int, signs: int, supervisor: int, tell: Tell) -> None:
        """`signs`: the pipe on which the worker gives signs of life; `supervisor`: the one on which its
        supervisor writes `ALIVE`, `BEAT`, `ENDED`."""
        self._worker = worker
        self._pid = pid
        self._signs = signs
        self._supervisor = supervisor
        self._tell = tell
        self._heard_at = self._beat_at = time.monotonic()
        self._patience = _START_SECONDS
        self._is_orphan = False

    def watch(self) -> bool:
        """Watch until the worker's end; whether it was for this process to put it on record."""
        while True:
            if self._listen():
                return False
            if not self._on_duty():
                continue
            if not has_mark(self._pid, self._worker):
                break
            if time.monotonic() - self._beat_at > self._patience:
                self._tell(f"worker {self._worker} gives no sign of life: ends all it started")
                break
        while not end_all(self._worker, _KILL_SECONDS):
            self._tell(f"worker {self._worker}: some of its processes do not end")
        return True

    def _on_duty(self) -> bool:
        return self._is_orphan or time.monotonic() - self._heard_at > _FROZEN_SECONDS

    def _listen(self) -> bool:
        """Hear what there is to hear for a moment; whether the supervisor says that all is over."""
        heard = [] if self._is_orphan else [self._supervisor]
        if self._on_duty():
            heard.append(self._signs)
        ready, _, _ = select.select(heard, [], [], _POLL_SECONDS)
        if self._signs in ready:
            if os.read(self._signs, _MOST):
                self._beat()
            else:  # the worker, who alone writes there, is gone
                time.sleep(_POLL_SECONDS)
        if self._supervisor in ready:
            said = os.read(self._supervisor, _MOST)
            if ENDED in said:
                return True
            if not said:
                self._orphaned()
            self._heard_at = time.monotonic()
            if BEAT in said:
                self._beat()
        return False

    def _beat(self) -> None:
        self._beat_at, self._patience = time.monotonic(), SILENT_SECONDS

    def _orphaned(self) -> None:
        """From now on the worker takes no more, and ends when it is done with what it has in hand."""
        self._is_orphan = True
        self._tell(f"worker {self._worker}: its supervisor is gone; takes no more bodies")
        if has_mark(self._pid, self._worker):
            with suppress(ProcessLookupError):
                os.kill(self._pid, signal.SIGTERM)


@contextmanager
def held_back() -> Iterator[None]:
    """Around its start: signals come to who starts it a moment later, and to it once it ignores them."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _HELD_BACK)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def main(arguments: list[str]) -> int:
    """Watch; the exit code."""
    worker, pid, signs, supervisor, url = arguments
    for number in _HELD_BACK:
        signal.signal(number, signal.SIG_IGN)  # who ends a whole service ends its worker with it
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _HELD_BACK)

    def tell(words: str) -> None:
        with suppress(OSError):
            moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
            sys.stderr.write(f"{moment} {words}\n")
            sys.stderr.flush()

    if Guardian(worker, int(pid), int(signs), int(supervisor), tell).watch():
        # Not before: all that a database needs would be in memory beside each worker.
        from moyai.operations.durable.living.ends import put_on_record

        put_on_record(url, worker, tell)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
