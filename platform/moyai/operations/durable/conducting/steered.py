"""Who let an operation go on, as one worker judges it: by words on record, whenever its row has changed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import sqlalchemy as sa

from moyai.operations.database.steered import words_of
from moyai.operations.durable.conducting.plans import KnownPlan
from moyai.planning.fleet.going_on import Judged, judge_words, needs_signature
from moyai.registry.models import Operator, Registry


@dataclass(frozen=True, slots=True)
class _Looked:
    version: str
    """Of the operation's row: every word changes it."""
    sha256: str
    operators: tuple[Operator, ...]
    judged: Judged


class Steered:
    """What one conductor knows of it."""

    def __init__(self, registry: Callable[[], Registry]) -> None:
        """`registry`: tenants.yaml as it is now; raises `MoyaiError` where it cannot be read."""
        self._registry = registry
        self._looked: dict[str, _Looked] = {}

    def of(
        self, connection: sa.Connection, operation: str, version: str, known: KnownPlan
    ) -> Judged:
        """What the words come to. Raises `MoyaiError` where tenants.yaml cannot be read."""
        registry = self._registry()
        if not needs_signature(known.plan, registry):
            return Judged()
        operators = tuple(registry.operators)
        last = self._looked.get(operation)
        now = (version, known.sha256, operators)
        if last is not None and (last.version, last.sha256, last.operators) == now:
            return last.judged
        words = words_of(connection, operation)
        judged = judge_words(words, operation, known.sha256, registry)
        self._looked[operation] = _Looked(*now, judged)
        return judged

    def keep_only(self, operations: Iterable[str]) -> None:
        """Forget all others."""
        wanted = frozenset(operations)
        self._looked = {one: found for one, found in self._looked.items() if one in wanted}
