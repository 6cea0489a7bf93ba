"""What is approved of operations by now: signatures on record, verified by this worker."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from moyai.operations.database.conducting import Signed, signed
from moyai.operations.durable.conducting.plans import Plans
from moyai.operations.durable.knowledge import Knowledge
from moyai.planning.fleet.clearing import Facts, clear_until

_FRESH_SECONDS = 1.0
"""So long a judgement holds for the same approvals: bodies that begin together share it, as judging the
approval of a whole federation takes as long as many steps."""


@dataclass(frozen=True, slots=True)
class _Judged:
    signed: Signed
    fresh_until: float
    clear: Mapping[str, datetime]


class Approved:
    """The approvals as one worker judges them. May be used by several threads."""

    def __init__(self, engine: sa.Engine, plans: Plans, knowledge: Knowledge) -> None:
        self._engine = engine.execution_options(isolation_level="AUTOCOMMIT")
        self._plans = plans
        self._knowledge = knowledge
        self._lock = threading.Lock()
        self._judged: dict[str, _Judged] = {}

    def of(self, operation: str) -> frozenset[str]:
        """The subjects that are approved now. Raises `MoyaiError` where tenants.yaml cannot be read."""
        with self._engine.connect() as connection:
            return self.read(connection, operation)

    def at(self, operation: str, moment: datetime) -> frozenset[str]:
        """The subjects whose approvals were on record and counted at a moment, by tenants.yaml as it is now.
        Raises `MoyaiError` where that cannot be read."""
        with self._engine.connect() as connection:
            found = signed(connection, operation)
        if found is None:
            return frozenset()
        then = tuple(one for one in found.approvals if one.recorded_at <= moment)
        if not then:
            return frozenset()
        return frozenset(self._judge(operation, Signed(found.planner, then, moment)))

    def read(self, connection: sa.Connection, operation: str) -> frozenset[str]:
        """The same, by a connection that is open. Raises `MoyaiError` where tenants.yaml cannot be read:
        nobody can say then what is approved, which is not the same as nothing."""
        return frozenset(self.until(connection, operation))

    def until(self, connection: sa.Connection, operation: str) -> Mapping[str, datetime]:
        """The same, each with until when it is approved. Raises as `read`."""
        found = signed(connection, operation)
        if found is None:
            return {}
        with self._lock:
            judged = self._judged.get(operation)
        if judged is not None and judged.signed == found and time.monotonic() < judged.fresh_until:
            return judged.clear
        clear = self._judge(operation, found)
        with self._lock:
            now = time.monotonic()
            self._judged = {key: one for key, one in self._judged.items() if now < one.fresh_until}
            self._judged[operation] = _Judged(found, now + _FRESH_SECONDS, clear)
        return clear

    def _judge(self, operation: str, found: Signed) -> Mapping[str, datetime]:
        known = self._plans.of(operation)
        registry = self._knowledge.registry()
        facts = Facts(operation, known.plan, known.sha256, found.planner)
        return clear_until(facts, found.approvals, registry, found.now)
