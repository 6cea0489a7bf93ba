"""Approvals that run out before the bodies that wait are done: asked for anew while they still hold."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from datetime import datetime

from moyai.operations.notices.happenings import AHEAD, Happening, runs_out
from moyai.planning.fleet.forecast import forecast
from moyai.planning.fleet.plans import OperationPlan
from moyai.planning.fleet.reaching import ends_before, left_of
from moyai.planning.fleet.states import OperationState

_SECONDS = 600.0
"""Between two looks at one operation, unless an approval came: playing a large plan takes seconds."""


class Lapsing:
    """What one conductor has looked at. For one thread."""

    def __init__(self) -> None:
        self._looked: dict[str, tuple[Mapping[str, datetime], float]] = {}

    def look(
        self,
        operation: str,
        plan: OperationPlan,
        state: OperationState,
        clear: Mapping[str, datetime],
        now: datetime,
    ) -> tuple[Happening, ...]:
        """What is told of one operation now. `clear`: until when what is approved of it is."""
        if not self._is_due(operation, clear, now):
            return ()
        waiting = {body.code for body in plan.bodies if state.body(body.code).status == "waiting"}
        if state.wanted == "cancel" or not waiting:
            return ()
        left, start = left_of(plan, state, now)
        found = ends_before(left, forecast(left, start), clear, now, waiting)
        return () if found is None else runs_out(found, plan, clear, now)

    def _is_due(self, operation: str, clear: Mapping[str, datetime], now: datetime) -> bool:
        """Whether anything could be told: of a body that is not reached it is told `AHEAD` before it begins."""
        if not clear or now < min(clear.values()) - AHEAD:
            return False
        looked = self._looked.get(operation)
        if looked is not None and looked[0] == clear and time.monotonic() - looked[1] < _SECONDS:
            return False
        self._looked[operation] = (clear, time.monotonic())
        return True

    def keep_only(self, operations: Iterable[str]) -> None:
        """Forget all others."""
        wanted = frozenset(operations)
        self._looked = {one: last for one, last in self._looked.items() if one in wanted}

    def forget(self, operation: str | None = None) -> None:
        """What was told of one operation, or of all, may have been rolled back."""
        if operation is None:
            self._looked.clear()
        else:
            self._looked.pop(operation, None)
