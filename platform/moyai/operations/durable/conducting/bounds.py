"""Plans as they may be carried out by tenants.yaml as it is now, kept as long as it is the same."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass

from moyai.errors import MoyaiError
from moyai.operations.durable.conducting.plans import KnownPlan
from moyai.operations.durable.knowledge import Knowledge
from moyai.planning.fleet import said
from moyai.planning.fleet.exceptions import Bounded, unbounded
from moyai.planning.fleet.wanted import needs_approval
from moyai.registry.models import Registry
from moyai.texts import Text

_FRESH_SECONDS = 1.0
"""So long the file that was read counts as the one that is there."""


@dataclass(frozen=True, slots=True)
class _Known:
    registry: Registry
    found: Bounded


class Bounds:
    """What one worker knows of them. May be used by several threads."""

    def __init__(self, knowledge: Knowledge) -> None:
        self._knowledge = knowledge
        self._lock = threading.Lock()
        self._known: dict[str, _Known] = {}
        self._read: tuple[Registry, float] | None = None

    def of(self, operation: str, known: KnownPlan) -> Bounded:
        """An operation's plan. Raises `MoyaiError` where tenants.yaml cannot be read, unless it needs no
        approval: nothing of it is refused."""
        with self._lock:
            last = self._known.get(operation)
        try:
            registry = self._registry()
        except MoyaiError:
            if needs_approval(known.plan):
                raise
            return last.found if last is not None else unbounded(known.plan)
        if last is not None and last.registry is registry:
            return last.found
        found = self._knowledge.bounded(known.plan, registry)
        with self._lock:
            self._known[operation] = _Known(registry, found)
        return found

    def hindrance(self, operation: str, known: KnownPlan, code: str) -> Text | None:
        """Why a body may not be begun to be changed, or None. Raises nothing of tenants.yaml's."""
        try:
            found = self.of(operation, known)
        except MoyaiError:
            return said.UNREADABLE
        return found.refused or found.waits.get(code)

    def _registry(self) -> Registry:
        """tenants.yaml, of this second."""
        with self._lock:
            read = self._read
        if read is not None and time.monotonic() < read[1]:
            return read[0]
        registry = self._knowledge.registry()
        with self._lock:
            self._read = (registry, time.monotonic() + _FRESH_SECONDS)
        return registry

    def keep_only(self, operations: Iterable[str]) -> None:
        """Forget all others."""
        wanted = frozenset(operations)
        with self._lock:
            self._known = {one: known for one, known in self._known.items() if one in wanted}
