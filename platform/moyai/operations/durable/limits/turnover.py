"""How quickly a worker's bodies end: by that, how many more may wait for a place than there are places."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable

SECONDS = 1.0
"""So long back it is looked."""
_MOST = 4
"""As many times its places may wait at most."""


class Turnover:
    """What ended lately. Used by many threads."""

    def __init__(
        self, places: int, is_over: Callable[[], None], clock: Callable[[], float] = time.monotonic
    ) -> None:
        """`places`: bodies that the worker carries at a time. `is_over` is called when as many have ended since
        `room` was asked: there may be more room than that said."""
        self._places = places
        self._is_over = is_over
        self._clock = clock
        self._ended: deque[float] = deque()
        self._since = 0
        self._lock = threading.Lock()

    def ended(self) -> None:
        """A body has."""
        with self._lock:
            self._ended.append(self._clock())
            self._since += 1
            is_over = self._since == self._places
        if is_over:
            self._is_over()

    def room(self) -> int:
        """Bodies that may have begun. Where they end quickly, as many as ended in the last second may wait for
        a place, so that none stands empty; where they take long none does: a body that has begun is worked on.
        """
        with self._lock:
            self._since = 0
            until = self._clock() - SECONDS
            while self._ended and self._ended[0] <= until:
                self._ended.popleft()
            return self._places + min(len(self._ended), _MOST * self._places)
