"""How attacks are spread over an operation: by how far it has come, and not by time alone.

A worker that is killed every two seconds never ends a step of eight: all attacks would meet the first bodies'
longest steps, and none the others. So after some attacks the next one waits until any body has come further,
or for so long that one that hangs is attacked all the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

_AT_ONCE = 2
"""Attacks at most between two signs of progress: one, and one into what it makes others do."""
_LONGEST_SECONDS = 10.0


@dataclass
class Pace:
    """Of one campaign."""

    _known: Sequence[object] = ()
    _attacks: int = 0
    """Since anything has come further."""
    _last: float = 0.0

    def saw(self, bodies: Sequence[object]) -> None:
        """How far each body is: any other than before is progress."""
        if bodies != self._known:
            self._known = bodies
            self._attacks = 0

    def attacked(self, now: float) -> None:
        """There was an attack."""
        self._attacks += 1
        self._last = now

    def holds(self, now: float) -> bool:
        """Whether the next one waits."""
        return self._attacks >= _AT_ONCE and now < self._last + _LONGEST_SECONDS
