"""What is approved of operations by now: signatures on record, verified by this worker."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from moyai.errors import MoyaiError
from moyai.operations.durable.conducting.plans import Plans
from moyai.operations.durable.knowledge import Knowledge
from moyai.planning.fleet.clearing import Approval, Facts, clearances

_APPROVALS = sa.text(
    "SELECT a.subject, a.operator, a.signature, a.received_at, a.signed_at, o.planner_signature, "
    "clock_timestamp() FROM moyai.approval a JOIN moyai.operation o ON o.id = a.operation_id "
    "WHERE a.operation_id = :id ORDER BY a.id"
)
_FRESH_SECONDS = 1.0
"""So long a judgement holds for the same approvals: bodies that begin together share it, as judging the
approval of a whole federation takes as long as many steps."""


@dataclass(frozen=True, slots=True)
class _Judged:
    rows: tuple[Any, ...]
    until: float
    subjects: frozenset[str]


class Approved:
    """The approvals as one worker judges them. May be used by several threads."""

    def __init__(self, engine: sa.Engine, plans: Plans, knowledge: Knowledge) -> None:
        self._engine = engine.execution_options(isolation_level="AUTOCOMMIT")
        self._plans = plans
        self._knowledge = knowledge
        self._lock = threading.Lock()
        self._judged: dict[str, _Judged] = {}

    def of(self, operation: str) -> frozenset[str]:
        """The subjects that are approved now; none while tenants.yaml cannot be read."""
        with self._engine.connect() as connection:
            try:
                return self.read(connection, operation)
            except MoyaiError:
                return frozenset()

    def at(self, operation: str, moment: datetime) -> frozenset[str]:
        """The subjects whose approvals were on record and counted at a moment, by tenants.yaml as it is now.
        Raises `MoyaiError` where that cannot be read."""
        with self._engine.connect() as connection:
            rows = connection.execute(_APPROVALS, {"id": operation}).all()
        known = tuple(tuple(row[:6]) for row in rows if row.received_at <= moment)
        return self._judge(operation, known, moment) if known else frozenset()

    def read(self, connection: sa.Connection, operation: str) -> frozenset[str]:
        """The same, by a connection that is open. Raises `MoyaiError` where tenants.yaml cannot be read:
        nobody can say then what is approved, which is not the same as nothing."""
        rows = connection.execute(_APPROVALS, {"id": operation}).all()
        if not rows:
            return frozenset()
        same = tuple(tuple(row[:6]) for row in rows)
        with self._lock:
            judged = self._judged.get(operation)
        if judged is not None and judged.rows == same and time.monotonic() < judged.until:
            return judged.subjects
        subjects = self._judge(operation, same, rows[0][6])
        with self._lock:
            now = time.monotonic()
            self._judged = {key: one for key, one in self._judged.items() if now < one.until}
            self._judged[operation] = _Judged(same, now + _FRESH_SECONDS, subjects)
        return subjects

    def _judge(self, operation: str, rows: tuple[Any, ...], now: datetime) -> frozenset[str]:
        known = self._plans.of(operation)
        registry = self._knowledge.registry()
        facts = Facts(operation, known.plan, known.sha256, rows[0][5])
        return clearances(facts, (Approval(*row[:5]) for row in rows), registry, now)
