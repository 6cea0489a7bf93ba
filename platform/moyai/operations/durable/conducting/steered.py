"""Who let an operation go on, as one worker judges it: by words on record, whenever its row has changed."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import sqlalchemy as sa

from moyai.errors import MoyaiError
from moyai.operations.database.steered import words_of
from moyai.operations.database.stored_plans import version_of
from moyai.operations.durable.conducting.plans import KnownPlan
from moyai.planning.fleet import said
from moyai.planning.fleet.going_on import Judged, judge_words, needs_signature
from moyai.planning.fleet.wanted import needs_approval
from moyai.registry.models import Registry
from moyai.texts import Text

_FRESH_SECONDS = 1.0
"""So long a look at an operation's row holds for bodies that begin to be changed."""


@dataclass(frozen=True, slots=True)
class _Looked:
    of: tuple[str | None, str, str, bool]
    """The version of the operation's row, which every word changes; the plan's hash; tenants.yaml's, and
    whether it wants signatures."""
    judged: Judged
    until: float


class Steered:
    """What one worker knows of it. May be used by several threads."""

    def __init__(self, engine: sa.Engine, registry: Callable[[], Registry]) -> None:
        """`registry`: tenants.yaml as it is now; raises `MoyaiError` where it cannot be read."""
        self._engine = engine.execution_options(isolation_level="AUTOCOMMIT")
        self._registry = registry
        self._lock = threading.Lock()
        self._looked: dict[str, _Looked] = {}

    def of(
        self, connection: sa.Connection, operation: str, version: str | None, known: KnownPlan
    ) -> Judged:
        """What the words come to. Raises `MoyaiError` where tenants.yaml cannot be read."""
        if not needs_approval(known.plan):
            return Judged()  # whatever tenants.yaml says: it need not be read for that
        registry = self._registry()
        wants = needs_signature(known.plan, registry)
        now = (version, known.sha256, registry.sha256, wants)
        with self._lock:
            last = self._looked.get(operation)
        if last is not None and last.of == now:
            judged = last.judged
        elif wants:
            words = words_of(connection, operation)
            judged = judge_words(words, operation, known.sha256, registry, known.plan.bodies)
        else:
            judged = Judged()
        with self._lock:
            self._looked[operation] = _Looked(now, judged, time.monotonic() + _FRESH_SECONDS)
        return judged

    def hindrance(self, operation: str, known: KnownPlan) -> Text | None:
        """Why no body may be begun to be changed, as of this second, or None: one that was begun before a pause
        goes on by no word that does not count. Raises nothing of tenants.yaml's."""
        if not needs_approval(known.plan):
            return None
        with self._lock:
            last = self._looked.get(operation)
        if last is not None and time.monotonic() < last.until:
            return last.judged.why
        try:
            with self._engine.connect() as connection:
                version = version_of(connection, operation)
                return self.of(connection, operation, version, known).why
        except MoyaiError:
            return said.UNREADABLE

    def keep_only(self, operations: Iterable[str]) -> None:
        """Forget all others."""
        wanted = frozenset(operations)
        with self._lock:
            self._looked = {one: found for one, found in self._looked.items() if one in wanted}
