"""One assignment of a worker, from the stack's locks to the outcome."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from moyai.engine.files import disk_trouble
from moyai.engine.stacks import StackRun
from moyai.engine.state import engine_locks
from moyai.engine.state.engine_locks import EngineLock
from moyai.engine.state.holders import Holder, myself
from moyai.engine.worker.attempt import Attempt, Made
from moyai.engine.worker.equipment import Equipment
from moyai.engine.worker.log import RunLog
from moyai.engine.worker.messages import Assignment, Outcome, Started, failure_of
from moyai.engine.worker.stack_lock import acquire
from moyai.engine.worker.starts import EngineStarter
from moyai.errors import MoyaiError
from moyai.texts import Text

_PATIENCE_SECONDS = 0.2
_ON_RECORD = Text(
    "それまでに変更したものは記録にあり、次の実行が現状と照らします。",
    "What was changed before is on record; the next run compares it with what is live.",
)
"""Between two looks at another engine's lock."""


class Runner:
    """Carries the assignments of one worker out."""

    def __init__(self, equipment: Equipment) -> None:
        self._equipment = equipment
        self._setup = equipment.setup
        self._control = equipment.control
        self._blobs = equipment.store.blobs
        self._log: RunLog | None = None

    def tell(self, text: str) -> None:
        """Put a program's words into the log of the run in hand."""
        if self._log is not None:
            self._log.write(text)

    def run(self, assignment: Assignment) -> Outcome:
        """Carry one out. Whatever is expected to go wrong is in the outcome."""
        began = time.monotonic()
        run, redactor = assignment.run, self._equipment.redactor
        try:
            self._log = RunLog(self._setup.home / "logs", run.stack, run.action, redactor)
            made = self._locked(assignment, self._log)
        except MoyaiError as error:
            made = Made(failure=failure_of(error))
        except OSError as error:
            place = error.filename or self._setup.home
            made = Made(failure=failure_of(disk_trouble(error, str(place), _ON_RECORD)))
        finally:
            if self._log is not None:
                self._log.close()
                self._log = None
        return made.outcome(time.monotonic() - began)

    def _locked(self, assignment: Assignment, log: RunLog) -> Made:
        run = assignment.run
        lock = acquire(
            self._equipment.work_folder(run.stack) / "lock",
            run.stack,
            myself(self._setup.driver_pid, self._setup.command, only_looks=run.action == "preview"),
            self._setup.wait_seconds,
            lambda: self._control.poll(0),
        )
        try:
            if run.gives_way and (lock.waited or run.after_another):
                return Made(gave_way=True)
            self._control.send(Started(run.stack))
            dead = self._clear_locks(run, lock.previous)
            with self._pulumis_lock(run, lock.holder):
                engines = EngineStarter(self._equipment, assignment, lock, log)
                made = Attempt(self._equipment, run, engines).carry_out()
            made.repaired[:0] = [_taken_over(engine_lock) for engine_lock in dead]
            return made
        finally:
            lock.release()

    @contextmanager
    def _pulumis_lock(self, run: StackRun, holder: Holder) -> Iterator[None]:
        """As the engine would have it with a folder or bucket of its own: not for a preview."""
        if run.action == "preview":
            yield
            return
        key = engine_locks.take_engine_lock(self._blobs, run.stack, holder)
        try:
            yield
        finally:
            self._blobs.delete(key)

    def _clear_locks(self, run: StackRun, previous: Holder | None) -> tuple[EngineLock, ...]:
        deadline = time.monotonic() + self._setup.wait_seconds
        while True:
            try:
                return engine_locks.clear_engine_locks(self._blobs, run.stack, previous)
            except MoyaiError:
                if time.monotonic() >= deadline or self._control.poll(_PATIENCE_SECONDS):
                    raise


def _taken_over(lock: EngineLock) -> Text:
    who = lock.describe()
    return Text(
        f"終了済みのプロセスのロックを引き取りました: {who.ja}",
        f"took over the lock of a process that has ended: {who.en}",
    )
