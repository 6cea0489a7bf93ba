"""Starts of the engine for one run, with all that an engine needs around it."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace

from moyai.engine.files import Ballast, disk_trouble
from moyai.engine.state.checkpoint import Checkpoint
from moyai.engine.toolchain.version import VERSION
from moyai.engine.worker.engine import Engine
from moyai.engine.worker.equipment import Equipment
from moyai.engine.worker.events import Tally
from moyai.engine.worker.failures import explain
from moyai.engine.worker.listener import Listener
from moyai.engine.worker.log import RunLog
from moyai.engine.worker.messages import Assignment, Failure, failure_of
from moyai.engine.worker.stack_lock import StackLock
from moyai.errors import NOTHING_TOUCHED, MoyaiError
from moyai.texts import Text


@dataclass(frozen=True, slots=True)
class EngineEnd:
    """How one engine ended."""

    failure: Failure | None
    by_itself: bool
    """Whether no signal ended it: it has then waited for all calls that it had begun."""
    checkpoint: Checkpoint | None
    """With its journal in it; None where it sent none."""


class EngineStarter:
    """Starts the engine for one run, whose stack is locked, as often as the run needs it."""

    def __init__(
        self, equipment: Equipment, assignment: Assignment, lock: StackLock, log: RunLog
    ) -> None:
        self._equipment = equipment
        self._run = assignment.run
        self._providers = assignment.providers
        self._lock = lock
        self._log = log

    def start(self, refresh: bool, listener: Listener) -> EngineEnd:
        """Let an engine run to its end. Raises `OSError` where it cannot begin."""
        kit, stack = self._equipment, self._run.stack
        kit.host.prepare(self._run.program)
        room = self._ballast()
        engine = Engine(kit.setup, self._run, kit.work_folder(stack), self._log, room)
        journal = kit.store.journal(stack, f"v{VERSION}")
        kit.service.begin(stack, journal)
        try:
            status = self._watch(engine, refresh, listener)
        finally:
            engine.close()
            kit.service.end()
            room.release()
            folded = kit.store.fold(stack, journal)
        failure = None if status == 0 else self._failure(status, engine, listener.tally)
        return EngineEnd(failure, status >= 0, folded)

    def _watch(self, engine: Engine, refresh: bool, listener: Listener) -> int:
        kit = self._equipment
        pid = engine.start(
            kit.host.port, kit.service.environment, self._providers, self._lock.handle, refresh
        )
        with suppress(OSError):  # a full disk: the engine is watched all the same
            self._lock.note_engine(pid)
        return engine.watch(kit.control, listener.hear)

    def _ballast(self) -> Ballast:
        folder = self._equipment.store.blobs.disk or self._equipment.setup.home
        return Ballast(folder, f"room-{self._run.stack.project}-{self._run.stack.name}")

    def _failure(self, status: int, engine: Engine, tally: Tally) -> Failure:
        """Why it failed, without secrets."""
        kit = self._equipment
        found = explain(status, engine, tally, kit.host.failure, self._run, self._log.path)
        found = _with_cause(found, kit.service.problem)
        clean = kit.redactor.clean
        what = Text(clean(found.what.ja), clean(found.what.en))
        return replace(found, what=what)


def _with_cause(found: Failure, cause: MoyaiError | OSError | None) -> Failure:
    """A failure whose cause is that the journal could not be written says so."""
    if cause is None:
        return found
    if isinstance(cause, OSError):
        place = str(cause.filename or "PULUMI_HOME")
        cause = disk_trouble(cause, place, found.touched or NOTHING_TOUCHED)
    told = failure_of(cause)
    return replace(told, touched=found.touched, remedy=told.remedy or found.remedy)
