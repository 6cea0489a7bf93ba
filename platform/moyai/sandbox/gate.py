"""A gate between requests and snapshots: a snapshot sees no request half done."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Condition


class Gate:
    """Many requests may be inside at once; a snapshot waits until all have left.

    New requests wait while a snapshot waits or is taken, so requests must not stay long: what takes
    long (starting a server) happens in `released()`.
    """

    def __init__(self) -> None:
        self._changed = Condition()
        self._inside = 0
        self._closed = False

    @contextmanager
    def request(self) -> Iterator[None]:
        """Be inside for one request."""
        self._enter()
        try:
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

    @contextmanager
    def closed(self) -> Iterator[None]:
        """Keep everyone out, once all who were inside have left."""
        with self._changed:
            self._changed.wait_for(lambda: not self._closed)
            self._closed = True
            self._changed.wait_for(lambda: self._inside == 0)
        try:
            yield
        finally:
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
