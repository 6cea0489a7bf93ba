"""Plans on record held against those that a worker has read, whenever an operation's row has changed.

A plan is read once. Whoever is master of the database can change it afterwards, with its hash and its
approvals': then nothing begins, by the plan as it was read or as it is by now.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass

import sqlalchemy as sa

from moyai.operations.database.stored_plans import stored_plan, version_of
from moyai.operations.durable.conducting.plans import KnownPlan
from moyai.planning.fleet.on_record import altered
from moyai.texts import Text

_FRESH_SECONDS = 1.0
"""So long a look at an operation's row holds for bodies that begin to be changed."""


@dataclass(frozen=True, slots=True)
class _Held:
    version: str | None
    """Of the operation's row."""
    sha256: str
    """Of the plan as it was read."""
    until: float
    why: Text | None


class OnRecord:
    """What one worker knows of it. May be used by several threads."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine.execution_options(isolation_level="AUTOCOMMIT")
        self._lock = threading.Lock()
        self._held: dict[str, _Held] = {}

    def altered(
        self, connection: sa.Connection, operation: str, known: KnownPlan, version: str | None
    ) -> Text | None:
        """Why nothing of an operation begins, or None. `version`: of its row, as it stands now."""
        with self._lock:
            last = self._held.get(operation)
        if last is not None and (last.version, last.sha256) == (version, known.sha256):
            why = last.why
        else:
            stored = stored_plan(connection, operation)
            why = None if stored is None else altered(operation, known.sha256, stored)
        with self._lock:
            until = time.monotonic() + _FRESH_SECONDS
            self._held[operation] = _Held(version, known.sha256, until, why)
        return why

    def altered_now(self, operation: str, known: KnownPlan) -> Text | None:
        """The same, as of this second, by a connection of its own."""
        with self._lock:
            last = self._held.get(operation)
        if last is not None and last.sha256 == known.sha256 and time.monotonic() < last.until:
            return last.why
        with self._engine.connect() as connection:
            return self.altered(connection, operation, known, version_of(connection, operation))

    def keep_only(self, operations: Iterable[str]) -> None:
        """Forget all others."""
        wanted = frozenset(operations)
        with self._lock:
            self._held = {one: held for one, held in self._held.items() if one in wanted}
