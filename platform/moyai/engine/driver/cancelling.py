"""Ctrl-C, SIGTERM and calls that end a driver's runs: counted, and felt by whoever waits."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class Cancelling:
    """How often the runs of a driver were to be ended: once in good order, twice by force."""

    def __init__(self) -> None:
        self.count = 0
        self.wake, self._write = os.pipe()
        """`wake` is a descriptor that becomes readable with each call; `drain` empties it."""
        os.set_blocking(self._write, False)

    def cancel(self) -> None:
        """Count one more. May be called from any thread and from a signal handler."""
        self.count += 1
        if self._write < 0:
            return
        try:
            os.write(self._write, b"!")
        except BlockingIOError:
            return  # the loop has a wake-up waiting already

    def drain(self) -> None:
        """Take the wake-ups that are there. There must be one."""
        os.read(self.wake, 4096)

    @contextmanager
    def by_signals(self) -> Iterator[None]:
        """Turn SIGINT and SIGTERM into `cancel`, where this is the main thread."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return

        def on_signal(_number: int, _frame: FrameType | None) -> None:
            self.cancel()

        before = {s: signal.signal(s, on_signal) for s in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def close(self) -> None:
        """Let go of the descriptors; calls are only counted from now on."""
        if self.wake >= 0:
            os.close(self.wake)
            os.close(self._write)
            self.wake = self._write = -1
