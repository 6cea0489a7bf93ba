"""A process whose time of day jumps. Replaced before anything else is imported; in tests alone."""

from __future__ import annotations

import datetime as times
import random
import time
from typing import Any

_EVERY_SECONDS = 2.0
_FURTHEST_SECONDS = 3 * 86_400
_real_time = time.time
_Real = times.datetime


def _offset() -> float:
    """The same for two seconds, then another: days ahead or behind."""
    chance = random.Random(int(time.monotonic() / _EVERY_SECONDS))
    return chance.uniform(-_FURTHEST_SECONDS, _FURTHEST_SECONDS)


class _Meta(type):
    def __instancecheck__(cls, one: object) -> bool:
        return isinstance(one, _Real)


class Jumping(_Real, metaclass=_Meta):
    """`datetime` whose `now` jumps."""

    @classmethod
    def now(cls, tz: times.tzinfo | None = None) -> Any:
        return _Real.now(tz) + times.timedelta(seconds=_offset())

    @classmethod
    def utcnow(cls) -> Any:
        return _Real.now(times.UTC).replace(tzinfo=None) + times.timedelta(seconds=_offset())


def jump() -> None:
    """From now on, in this process."""
    time.time = lambda: _real_time() + _offset()
    times.datetime = Jumping  # type: ignore[misc]
