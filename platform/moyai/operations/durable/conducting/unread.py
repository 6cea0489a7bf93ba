"""Operations that stand still as tenants.yaml, or what belongs to it, cannot be read."""

from __future__ import annotations

from collections.abc import Collection

import sqlalchemy as sa

from moyai.errors import MoyaiError
from moyai.operations.database.deciding import my_turn
from moyai.operations.durable.conducting.waiting import Waiting
from moyai.operations.durable.troubles import Troubles, why_waits
from moyai.operations.notices.happenings import stalled
from moyai.operations.notices.record import tell


class Unread:
    """Which operations of one worker's conductor do. They stay as they were, in sight."""

    def __init__(self, engine: sa.Engine, troubles: Troubles) -> None:
        self._engine = engine
        self._troubles = troubles
        self._operations: set[str] = set()

    def meet(self, operation: str, error: MoyaiError, waiting: Waiting) -> None:
        """Put on record why it stands still, once, and give notice where that lasts."""
        why, lasts = why_waits(error), self._troubles.met(operation, error)
        if operation in self._operations and not lasts:
            return
        with self._engine.begin() as connection:
            now = my_turn(connection)
            if now is None:
                return
            waiting.unread(connection, operation, why)
            self._operations.add(operation)
            if lasts:
                tell(connection, operation, [stalled(why, now)])

    def over(self, operation: str) -> None:
        """It was read."""
        if operation in self._operations:
            self._operations.remove(operation)
            self._troubles.over(operation)

    def keep_only(self, operations: Collection[str]) -> None:
        """Forget those that have ended."""
        for ended in self._operations - set(operations):
            self._operations.remove(ended)
            self._troubles.leave(ended)
