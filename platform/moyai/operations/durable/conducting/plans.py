"""Plans of operations as a worker knows them: read once, with the hash reckoned of what is stored."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from moyai.operations.database.conducting import plan_text
from moyai.operations.database.reading import no_such, plan_of
from moyai.planning.fleet.plans import OperationPlan, PlannedBody

_KEPT = 32
"""Plans kept in memory at most."""


@dataclass(frozen=True, slots=True)
class KnownPlan:
    """A plan and the hash of its bytes on record."""

    plan: OperationPlan
    sha256: str
    bodies: Mapping[str, PlannedBody]
    """By code."""

    def body(self, code: str) -> PlannedBody:
        """One body, however many there are. KeyError where the plan has no such code."""
        return self.bodies[code]


class Plans:
    """The plans of one worker. May be used by several threads."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._lock = threading.Lock()
        self._reading = threading.Lock()
        self._known: dict[str, KnownPlan] = {}

    def of(self, operation: str) -> KnownPlan:
        """The plan of one operation. Raises `UsageError` where there is none of that id."""
        with self._lock:
            known = self._known.get(operation)
        if known is not None:
            return known
        with self._reading:  # many bodies of one operation begin at a time
            with self._lock:
                known = self._known.get(operation)
            if known is None:
                known = self._read(operation)
                with self._lock:
                    while len(self._known) >= _KEPT:
                        del self._known[next(iter(self._known))]
                    self._known[operation] = known
            return known

    def _read(self, operation: str) -> KnownPlan:
        with self._engine.connect() as connection:
            # libpq keeps room for the largest row that a connection ever had: this one is closed after it.
            connection.detach()
            text = plan_text(connection, operation)
        if text is None:
            raise no_such(operation)
        plan = plan_of(text)
        digest = hashlib.sha256(text.encode()).hexdigest()
        return KnownPlan(plan, digest, {body.code: body for body in plan.bodies})

    def keep_only(self, operations: Iterable[str]) -> None:
        """Give up all others: a worker's memory stays flat over many operations."""
        wanted = frozenset(operations)
        with self._lock:
            self._known = {one: known for one, known in self._known.items() if one in wanted}
