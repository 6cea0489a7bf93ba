"""A gate to moto's resources: one at a time gets in, and a snapshot sees no request half done.

moto takes no care of threads: side by side, one request fails while another adds what it is looking
through, and an answer tells a task as stopped whose exit code it read before. Nothing is lost by
taking turns, as Python runs one thread at a time anyhow.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Lock


class Gate:
    """One request inside at a time; while a snapshot waits for its turn, no new one gets in.

    Requests must not stay long: what takes long (starting a server) happens in `released()`.
    """

    def __init__(self, on_change: Callable[[], None] = lambda: None) -> None:
        """`on_change` is called inside, before anything is changed."""
        self.on_change = on_change
        self._inside = Lock()
        self._closing = Lock()
        self._open = Event()
        self._open.set()

    @contextmanager
    def request(self, *, changes: bool = True) -> Iterator[None]:
        """Be inside for one request, or for anything else that reads or changes resources."""
        self._enter()
        try:
            if changes:
                self.on_change()
            yield
        finally:
            self._inside.release()

    @contextmanager
    def released(self) -> Iterator[None]:
        """Step out for a while; the state that is left behind must be whole."""
        self._inside.release()
        try:
            yield
        finally:
            self._enter()
            self.on_change()

    @contextmanager
    def closed(self, *, for_good: bool = False) -> Iterator[None]:
        """Keep everyone out, once whoever was inside has left; `for_good`: never open again."""
        with self._closing:
            self._open.clear()
            try:
                with self._inside:
                    yield
            finally:
                if not for_good:
                    self._open.set()

    def _enter(self) -> None:
        while True:
            self._open.wait()
            self._inside.acquire()
            if self._open.is_set():
                return
            self._inside.release()  # a snapshot began to wait meanwhile, and goes first
