"""Ctrl-C, SIGTERM and calls that end a driver's runs: counted, and felt by whoever waits."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

Handler = Callable[[int, FrameType | None], object] | int | None
"""What takes a signal, as `signal.getsignal` tells it."""


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
    def by_signals(self, *, once: bool = False) -> Iterator[None]:
        """Turn SIGINT and SIGTERM into `cancel`, where this is the main thread.

        `once`: what follows the first goes on to whoever took it before, for times when nobody waits
        for `wake`.
        """
        if threading.current_thread() is not threading.main_thread():
            yield
            return

        before: dict[signal.Signals, Handler] = {}

        def on_signal(number: int, frame: FrameType | None) -> None:
            further = once and self.count > 0
            self.cancel()
            handler = before.get(signal.Signals(number))
            if further and callable(handler):
                handler(number, frame)

        try:
            for one in (signal.SIGINT, signal.SIGTERM):
                before[one] = signal.getsignal(one)
                signal.signal(one, on_signal)
            yield
        finally:
            for one, taken in before.items():
                signal.signal(one, taken)

    def close(self) -> None:
        """Let go of the descriptors; calls are only counted from now on."""
        wake, write = self.wake, self._write
        self.wake = self._write = -1  # first, as a signal may come between
        if wake >= 0:
            os.close(wake)
            os.close(write)
