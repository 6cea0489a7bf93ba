"""A gate between requests and snapshots: a snapshot sees no request half done."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Condition


class Gate:
    """Many requests may be inside at once; a snapshot waits until all have left.

    New requests wait while a snapshot waits or is taken, so requests must not stay long: what takes
    long (starting a server) happens in `released()`.
    """

    def __init__(self, on_change: Callable[[], None] = lambda: None) -> None:
        """`on_change` is called inside, before anything is changed."""
        self.on_change = on_change
        self._changed = Condition()
        self._inside = 0
        self._closed = False

    @contextmanager
    def request(self, *, changes: bool = True) -> Iterator[None]:
        """Be inside for one request, or for anything else that reads or changes resources."""
        self._enter()
        try:
            if changes:
                self.on_change()
            yield
        finally:
            self._leave()

    @contextmanager
    def released(self) -> Iterator[None]:
        """Step out for a while; the state that is left behind must be whole."""
        self._leave()
        try:
            yield
        finally:
            self._enter()
            self.on_change()

    @contextmanager
    def closed(self, *, for_good: bool = False) -> Iterator[None]:
        """Keep everyone out, once all who were inside have left; `for_good`: never open again."""
        with self._changed:
            self._changed.wait_for(lambda: not self._closed)
            self._closed = True
            self._changed.wait_for(lambda: self._inside == 0)
        try:
            yield
        finally:
            if not for_good:
                with self._changed:
                    self._closed = False
                    self._changed.notify_all()

    def _enter(self) -> None:
        with self._changed:
            self._changed.wait_for(lambda: not self._closed)
            self._inside += 1

    def _leave(self) -> None:
        with self._changed:
            self._inside -= 1
            if not self._inside:
                self._changed.notify_all()
