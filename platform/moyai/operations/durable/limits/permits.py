"""Leave for AWS calls, had from the operations database in batches and given to all that asks for it here."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

_LEAST_POLL_SECONDS = 0.02
"""Between two asks of a worker that got nothing: many wait, and each ask writes a row."""
_BATCH_SECONDS = 0.05
"""What a worker has in hand is no more than the whole rate's calls in this time."""
_KEPT_SECONDS = 0.5
"""Leave that nobody took by then is gone, so that it does not add up to a flood."""

Fetch = Callable[[int, float], tuple[int, float]]
"""So many calls wanted, at so many a second by all workers → granted now, seconds until there is more."""


@dataclass(frozen=True, slots=True)
class Clock:
    """What time goes by."""

    now: Callable[[], float] = time.monotonic
    """Seconds, which never go back."""
    sleep: Callable[[float], object] = time.sleep


class Permits:
    """The permits of one worker. Used by many threads."""

    def __init__(
        self, fetch: Fetch, per_second: Callable[[], float], clock: Clock | None = None
    ) -> None:
        self._clock = clock or Clock()
        self._fetch = fetch
        self._per_second = per_second
        self._lock = threading.Lock()
        self._counting = threading.Lock()
        self._waiting = 0
        self._left = 0
        self._fetched = 0.0
        self._batch = 1

    def take(self, wanted: int, seconds: float) -> int:
        """Leave for at most so many calls; 0 where there was none for so many seconds. Raises what `fetch`
        raises."""
        until = self._clock.now() + seconds
        with self._counting:
            self._waiting += wanted
        try:
            if not self._lock.acquire(timeout=seconds):
                return 0
            try:
                return self._take(wanted, until)
            finally:
                self._lock.release()
        finally:
            with self._counting:
                self._waiting -= wanted

    def _take(self, wanted: int, until: float) -> int:
        if self._clock.now() - self._fetched > _KEPT_SECONDS:
            self._left, self._batch = 0, 1
        while self._left == 0:
            again = self._more()
            if self._left == 0:
                now = self._clock.now()
                if now >= until:
                    return 0
                self._clock.sleep(min(max(again, _LEAST_POLL_SECONDS), until - now))
        taken = min(wanted, self._left)
        self._left -= taken
        return taken

    def _more(self) -> float:
        rate, now = self._per_second(), self._clock.now()
        if now - self._fetched < 2 * _BATCH_SECONDS:
            self._batch = min(2 * self._batch, max(1, math.floor(rate * _BATCH_SECONDS)))
        else:
            self._batch = 1
        self._left, again = self._fetch(max(self._waiting, self._batch), rate)
        if self._left:
            self._fetched = self._clock.now()
        return again
