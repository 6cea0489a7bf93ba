"""Everything that a worker does again and again beside its bodies, in one table."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psycopg
import sqlalchemy as sa
from sqlalchemy.engine import URL

from moyai.errors import MoyaiError, OperationFailed
from moyai.operations.audit.anchoring import Anchoring
from moyai.operations.database.hosts import conninfo
from moyai.operations.durable.conducting.conductor import Conductor
from moyai.operations.durable.conducting.files import Files
from moyai.operations.durable.conducting.gates import Gates
from moyai.operations.durable.conducting.plans import Plans
from moyai.operations.durable.knowledge import Knowledge
from moyai.operations.durable.limits.measuring import Measuring
from moyai.operations.durable.living.processes import Tell, host_id
from moyai.operations.durable.living.takeover import Takeover
from moyai.operations.durable.queue.dbos_queue import BodyQueue
from moyai.operations.durable.troubles import Troubles
from moyai.operations.durable.worker.past import Past
from moyai.operations.durable.worker.routine import Repeated, Routine
from moyai.operations.evidence.catching_up import put_deeds
from moyai.operations.evidence.deeds import deed_files
from moyai.operations.notices.channels import Channels
from moyai.operations.notices.sender import Sender, Sources
from moyai.planning.fleet.plans import OperationPlan
from moyai.registry.models import Registry
from moyai.texts import Text

_LOOK_SECONDS = 1.0
_BUSY_SECONDS = 0.1
"""Between two looks of the conductor while bodies begin and end, of the sender while there is more to send."""
_NOTICE_SECONDS = 2.0
_ANCHOR_SECONDS = 20.0
_FILES_SECONDS = 10.0
_PAST_SECONDS = 5.0
_DEEDS_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Parts:
    """What of a worker they need."""

    url: URL
    """Of the worker's login."""
    worker: str
    engine: sa.Engine
    queue: BodyQueue
    plans: Plans
    knowledge: Knowledge
    conductor: Conductor
    files: Files
    measuring: Measuring
    past: Past
    troubles: Troubles
    last_read: Callable[[], Registry | None]
    """tenants.yaml as this process read it last."""
    tell: Tell
    """A line of the worker's log."""
    ending: threading.Event
    stirred: threading.Event
    """Set when a body has ended, or the worker is to end: the conductor looks."""


def routines(parts: Parts) -> tuple[Routine, ...]:
    """All of them, not begun."""

    def routine(name: str, seconds: float, look: Repeated) -> Routine:
        return Routine(name, seconds, look, parts.tell, parts.ending.wait)

    found = [
        Routine("conductor", _LOOK_SECONDS, _conducting(parts), parts.tell, _stirring(parts)),
        routine("takeover", _LOOK_SECONDS, Others(parts).look),
        routine("notices", _NOTICE_SECONDS, _sending(parts)),
        routine("gates", _LOOK_SECONDS, _gates(parts)),
        routine("files", _FILES_SECONDS, parts.files.read_history),
        routine("memory", _LOOK_SECONDS, parts.measuring.look),
        routine("past", _PAST_SECONDS, parts.past.look),
    ]
    if parts.knowledge.home is not None:
        found.append(routine("deeds", _DEEDS_SECONDS, _deeds(parts.knowledge.home, parts.engine)))
    if parts.knowledge.vault is not None:
        vault, registry = parts.knowledge.vault, parts.knowledge.registry
        anchoring = Anchoring(
            parts.engine, vault, lambda: registry().operations.audit_anchor_minutes, parts.tell
        )
        found.append(routine("anchors", _ANCHOR_SECONDS, anchoring.look))
    return tuple(found)


def _conducting(parts: Parts) -> Callable[[], float]:
    def look() -> float:
        parts.stirred.clear()
        return _BUSY_SECONDS if parts.conductor.look() else _LOOK_SECONDS

    return look


def _stirring(parts: Parts) -> Callable[[float], None]:
    """Bodies that end together are seen together."""

    def wait(seconds: float) -> None:
        parts.ending.wait(_BUSY_SECONDS)
        if seconds > _BUSY_SECONDS:
            parts.stirred.wait(seconds - _BUSY_SECONDS)

    return wait


def _gates(parts: Parts) -> Callable[[], None]:
    gates = Gates(parts.engine, parts.plans, parts.knowledge, parts.troubles)

    def look() -> None:
        if parts.files.older() is None:  # nobody is found well by an older file
            gates.look(dict(parts.conductor.gates))

    return look


def _deeds(home: Callable[[], Path], engine: sa.Engine) -> Callable[[], None]:
    """What was done by hand on this machine and is in no chain yet."""

    known: list[Path] = []  # it stays where it is, and tenants.yaml is not read for it again

    def look() -> None:
        if not known:
            known.append(home())
        why = put_deeds(deed_files(known[0]), engine)
        if why is not None:
            raise OperationFailed(why)

    return look


def _sending(parts: Parts) -> Callable[[], float]:
    knowledge = parts.knowledge

    def plan(operation: str) -> tuple[OperationPlan, str]:
        known = parts.plans.of(operation)
        return known.plan, known.sha256

    def title(kind: str) -> Text:
        """What people call a kind; another version's by its name, so that it is told all the same."""
        try:
            return knowledge.kind(kind).title
        except MoyaiError:
            return Text(kind, kind)

    channels = Channels(knowledge.registry, knowledge.environment, parts.last_read)
    sender = Sender(parts.engine, channels, Sources(plan, title), parts.tell, parts.files.older)
    return lambda: _BUSY_SECONDS if sender.look() else _NOTICE_SECONDS


class Others:
    """Workers that are gone, and bodies that this one lost; by a connection that is kept from look to look."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._takeover = Takeover(parts.worker, host_id(), parts.queue.recover)
        self._connection: psycopg.Connection | None = None

    def look(self) -> None:
        """Raises `psycopg.Error` where the database is away: another connection is made at the next."""
        try:
            if self._connection is None:
                self._connection = psycopg.connect(
                    conninfo(self._parts.url),
                    autocommit=True,
                    connect_timeout=3,
                    application_name="moyai-takeover",
                )
            for worker in self._takeover.look(self._connection):
                self._parts.tell(f"took over what worker {worker} had")
            self._parts.queue.give_back_lost()
        except BaseException:
            connection, self._connection = self._connection, None
            if connection is not None:
                with suppress(psycopg.Error):
                    connection.close()
            raise
