"""A worker's part in telling: writes notices of what happened, and sends those that are due.

Each notice is sent by one worker at a time, at least once, until it is taken, or given up with the reason on
record. Nothing of it stands in the way of the work itself. A worker whose tenants.yaml is older than the newest
knows neither who is to be told nor at which address: it leaves all of it to others, as it is.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import sqlalchemy as sa

from moyai.errors import MoyaiError
from moyai.operations.database.clock import server_now
from moyai.operations.notices import record
from moyai.operations.notices.audiences import Notice, notices
from moyai.operations.notices.channels import Channels
from moyai.operations.notices.message import Channel, Undelivered
from moyai.operations.notices.scene import Scene
from moyai.planning.fleet.plans import OperationPlan
from moyai.registry.operation_settings import Event
from moyai.texts import JAPAN, Text

_AWAY_SECONDS = 30.0
"""For so long a channel that took nothing is left alone."""
_AT_ONCE = 20
"""Notices in one look."""


@dataclass(frozen=True, slots=True)
class Sources:
    """What a sender knows of operations."""

    plan: Callable[[str], tuple[OperationPlan, str]]
    """Of an operation, with its hash."""
    title: Callable[[str], Text]
    """Of a kind of operation."""


@dataclass(slots=True)
class Sender:
    """The sender of one worker process."""

    engine: sa.Engine
    channels: Channels
    sources: Sources
    tell: Callable[[str], None]
    """A line for the worker's log."""
    held_back: Callable[[Iterable[str]], Text | None] = lambda _planned_by: None
    """Why this worker may not judge by its tenants.yaml, or None; asked with the files that plans were made
    by."""
    _away: dict[Channel, float] = field(default_factory=dict)
    _strange: set[str] = field(default_factory=set)
    """Operations of another version of the code: its workers tell of them."""
    _said: str = ""

    def look(self) -> bool:
        """Write what is to be written and send what is due; whether there is more to do at once. Nothing where
        this worker is held back.

        Raises `sqlalchemy.exc.DBAPIError` where the database is away.
        """
        if self.held_back(()) is not None:
            return False
        written = self._write()
        sent = 0
        while sent < _AT_ONCE and self._send():
            sent += 1
        return written or sent == _AT_ONCE

    def _write(self) -> bool:
        """Notices of one operation and event; where tenants.yaml cannot be read, of what stands still."""
        try:
            return self._write_one(None)
        except MoyaiError as error:
            self._say(" ".join(error.lines("en")))
        try:
            return self._write_one(Event.STALLED)
        except MoyaiError:  # it was never read here: it waits until it can be
            return False

    def _write_one(self, only: Event | None) -> bool:
        """Raises `MoyaiError` where tenants.yaml cannot be read."""
        with self.engine.begin() as connection:
            taken = record.take_open(connection, self._strange, only)
            if taken is None:
                return False
            known = self._plan(taken.happened[0].operation)
            if known is None:
                return True
            if self._is_older_than(known[0]):
                return False
            try:
                found, trouble = self._notices(connection, taken, *known), None
            except (MoyaiError, sa.exc.DBAPIError):
                raise
            except Exception as error:  # a bug must not keep all others from being told
                found, trouble = (), type(error).__name__
                self._say(f"nobody can be told of {taken.happened[0].key}: {trouble}")
            record.address(connection, taken, found, trouble)
        return True

    def _plan(self, operation: str) -> tuple[OperationPlan, str] | None:
        try:
            return self.sources.plan(operation)
        except sa.exc.DBAPIError:
            raise
        except Exception as error:  # whatever another version's plan leads to
            self._strange.add(operation)
            self._say(f"who is told of {operation} is left to others: {type(error).__name__}")
            return None

    def _notices(
        self, connection: sa.Connection, taken: record.Open, plan: OperationPlan, digest: str
    ) -> tuple[Notice, ...]:
        registry = self.channels.registry_for(taken.happened[0].event)
        operation = taken.happened[0].operation
        scene = Scene(
            federation=registry.federation.name,
            operation=operation,
            title=self.sources.title(plan.kind),
            site=plan.site,
            plan=plan,
            plan_sha256=digest,
            bodies=record.bodies_of(connection, operation),
        )
        return notices(
            taken.happened, scene, registry, server_now(connection).astimezone(JAPAN).date()
        )

    def _send(self) -> bool:
        """One notice; whether there was one."""
        now = time.monotonic()
        away = [channel for channel, until in self._away.items() if until > now]
        with self.engine.begin() as connection:
            due = record.take_due(connection, away)
        if due is None:
            return False
        try:
            self._hold_to_newest(due.message.operation)
            self.channels.send(due.channel, due.audience, due.address_sha256, due.message)
        except Undelivered as error:
            self._not_sent(due, error)
        except MoyaiError as error:
            self._not_sent(due, Undelivered(error.what, everything=True))
        except Exception as error:  # as above
            name = type(error).__name__
            self._not_sent(due, Undelivered(Text(f"もやいの不具合（{name}）", f"a bug ({name})")))
        else:
            with self.engine.begin() as connection:
                record.sent(connection, due)
        return True

    def _is_older_than(self, plan: OperationPlan) -> bool:
        return self.held_back((plan.registry_sha256,)) is not None

    def _hold_to_newest(self, operation: str) -> None:
        """Raises `Undelivered` where the operation was planned by a newer file than this worker has."""
        known = self._plan(operation)
        why = None if known is None else self.held_back((known[0].registry_sha256,))
        if why is not None:
            raise Undelivered(why)

    def _not_sent(self, due: record.Due, error: Undelivered) -> None:
        if error.everything:
            self._away[due.channel] = time.monotonic() + _AWAY_SECONDS
        with self.engine.begin() as connection:
            given_up = record.not_sent(connection, due, error)
        end = "given up" if given_up else "it is tried again"
        self._say(f"notice {due.id} by {due.channel}: {error.why.en} ({end})")

    def _say(self, words: str) -> None:
        if words != self._said:
            self._said = words
            self.tell(words)
