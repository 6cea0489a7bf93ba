"""What bodies take of memory, measured while they are carried: by kind, for what a worker takes on.

A worker's processes share engines' plugins and pages, so that what they all take is measured and divided by the
bodies in hand: so much more, one more body takes at most. Only while all in hand are of one kind.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import sqlalchemy as sa

from moyai.operations.database.limits import largest_measure, put_measures
from moyai.operations.durable.limits import memory
from moyai.operations.durable.living.processes import marked

LEAST_BYTES = 8 << 20
"""A body that takes nothing that can be measured still has a thread and connections."""
_SAMPLE_SECONDS = 1.0
_PART_OF_TIME = 0.02
"""No more of a processor than this goes into samples."""
_WRITE_SECONDS = 5.0

Carried = tuple[str, str]
"""Kind and code."""


@dataclass(slots=True)
class Measuring:
    """The measuring of one worker process. May be used by several threads."""

    engine: sa.Engine
    worker: str
    body_bytes: int = field(default=memory.BODY_BYTES, init=False)
    """The most that a body of the kinds at work took of late; assumed of kinds that were never measured."""
    used_bytes: int = field(default=0, init=False)
    """What the bodies in hand take by the last sample."""
    _in_hand: dict[object, Carried] = field(default_factory=dict, init=False)
    _idle_bytes: int | None = field(default=None, init=False)
    """This process without a body."""
    _high: dict[Carried, int] = field(default_factory=dict, init=False)
    _written_at: float = field(default=0.0, init=False)

    @contextmanager
    def carrying(self, kind: str, code: str) -> Iterator[None]:
        """A body is in hand meanwhile."""
        mark = object()
        self._in_hand[mark] = (kind, code)
        try:
            yield
        finally:
            del self._in_hand[mark]

    def look(self) -> float:
        """One sample, and what was measured written now and then; seconds until the next.

        Raises `sqlalchemy.exc.DBAPIError` where the database is away: it is written later.
        """
        began = time.thread_time()
        self._sample()
        took = time.thread_time() - began
        if time.monotonic() - self._written_at >= _WRITE_SECONDS:
            self._written_at = time.monotonic()
            self._write()
        return max(_SAMPLE_SECONDS, took / _PART_OF_TIME)

    def _sample(self) -> None:
        before = list(self._in_hand.values())
        own = memory.process_bytes()
        if not before:
            self._idle_bytes, self.used_bytes = own, 0
            return
        grown = max(0, own - self._idle_bytes) if self._idle_bytes is not None else 0
        used = grown + sum(memory.process_bytes(pid) for pid in marked(self.worker))
        self.used_bytes = used
        if len({kind for kind, _ in before}) > 1:
            return
        # Some may have begun or ended meanwhile.
        each = max(LEAST_BYTES, used // max(len(before), len(self._in_hand)))
        for one in before:
            self._high[one] = max(each, self._high.get(one, 0))

    def _write(self) -> None:
        with self.engine.begin() as connection:
            put_measures(connection, self._high)
            largest = largest_measure(connection, memory.BODY_BYTES)
        self._high.clear()
        self.body_bytes = largest
