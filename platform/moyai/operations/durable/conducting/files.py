"""Whether this worker's tenants.yaml is older than one that operations were planned or environments applied by.

Operators, approvers, windows and frozen days are judged by it: by an older one a worker begins nothing.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass

import psycopg
import sqlalchemy as sa

from moyai.errors import MoyaiError
from moyai.operations.database.files import newest_number, planned_files
from moyai.operations.database.workers import others_begin, put_held_back
from moyai.operations.durable.knowledge import Knowledge
from moyai.operations.site.history import AppliedFile, in_order, superseded
from moyai.planning.fleet import said
from moyai.registry.models import Registry
from moyai.texts import Text

_FRESH_SECONDS = 1.0
"""So long an answer holds: bodies that begin together share it."""
_AGAIN_SECONDS = 10.0
"""After so long the checkout is looked at anew, and what was applied since."""


@dataclass(frozen=True, slots=True)
class _Found:
    file: str
    number: int
    """Of the newest file that was planned by."""
    until: float
    why: Text | None


class Files:
    """What one worker knows of it. May be used by several threads."""

    def __init__(
        self,
        engine: sa.Engine,
        knowledge: Knowledge,
        worker: str,
        say: Callable[[str], None],
        fresh_seconds: float = _FRESH_SECONDS,
    ) -> None:
        """`say`: a line of the worker's log."""
        self._fresh_seconds = fresh_seconds
        self._engine = engine.execution_options(isolation_level="AUTOCOMMIT")
        self._knowledge = knowledge
        self._worker = worker
        self._say = say
        self._lock = threading.Lock()
        self._fresh = -fresh_seconds
        self._found: _Found | None = None
        self._known: frozenset[str] = frozenset()
        """The files of plans that were there at the last look, and those that were asked for since."""
        self._applied: tuple[AppliedFile, ...] | None = None

    @property
    def last(self) -> Text | None:
        """What was found last, without asking anybody: for who must not wait."""
        found = self._found
        return None if found is None else found.why

    def older(self, planned_by: Iterable[str] = ()) -> Text | None:
        """Why nothing is begun here, or None. As it was found last while nobody can say. Raises nothing.

        `planned_by`: by which files the plans in hand were made: one that is not known yet is looked for now.
        """
        files = frozenset(planned_by)
        with self._lock:
            now = time.monotonic()
            if not files <= self._known or now - self._fresh >= self._fresh_seconds:
                # tenants.yaml is being edited, or the database is away: nothing begins by that.
                with suppress(MoyaiError, sa.exc.SQLAlchemyError, psycopg.Error):
                    self._look(now)
                    self._known |= files  # looked for now, whatever became of it
                self._fresh = time.monotonic()
            return self.last

    def read_history(self) -> None:
        """Read which files were applied: for a thread of its own, as the site may be slow to answer."""
        # What is wrong with it each body's preflight says, which asks for it too.
        with suppress(MoyaiError):
            self._applied = self._knowledge.history()

    def others(self, connection: sa.Connection) -> bool:
        """Whether another worker lives that may begin bodies."""
        return others_begin(connection, self._worker)

    def _look(self, now: float) -> None:
        with self._engine.connect() as connection:
            number = newest_number(connection, self._knowledge.site)
            registry, known = self._knowledge.registry(), self._found
            same = known is not None and (known.file, known.number) == (registry.sha256, number)
            if same and known is not None and now < known.until:
                return
            planned = planned_files(connection, self._knowledge.site)
            self._known = frozenset(one.sha256 for one in planned)
            # Read again after what it is held against: one that is applied meanwhile was not there before.
            registry = self._knowledge.registry()
            why = self._why(registry, planned)
            if why != (None if known is None else known.why):
                self._tell(connection, why)
            self._found = _Found(registry.sha256, number, now + _AGAIN_SECONDS, why)

    def _why(self, registry: Registry, planned: tuple[AppliedFile, ...]) -> Text | None:
        if self._applied is None:
            self.read_history()
        found = superseded(registry, in_order(self._applied or (), planned))
        return None if found is None else said.older_file(found.by.at)

    def _tell(self, connection: sa.Connection, why: Text | None) -> None:
        put_held_back(connection, self._worker, why)
        self._say("its tenants.yaml is the newest" if why is None else f"begins nothing: {why.en}")
