"""One job of a worker, from the stack's lock to the outcome."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from moyai.engine.files import Ballast, disk_trouble
from moyai.engine.settling.create_log import CreateLog
from moyai.engine.settling.ids import locator
from moyai.engine.settling.repair import (
    Repair,
    plan_repair,
    tell_cuts,
    unrelated_drift,
    without_pending,
)
from moyai.engine.settling.search import Search
from moyai.engine.stacks import ResourceMoved, StackId, StackRun
from moyai.engine.state import locks
from moyai.engine.state.backends import open_blobs
from moyai.engine.state.checkpoint import Checkpoint
from moyai.engine.state.checkpoint_store import CheckpointStore
from moyai.engine.toolchain.version import VERSION
from moyai.engine.worker import failures
from moyai.engine.worker.engine import Engine, write_project
from moyai.engine.worker.events import Tally
from moyai.engine.worker.host import Host
from moyai.engine.worker.log import Redactor, RunLog
from moyai.engine.worker.messages import (
    Failure,
    Job,
    Outcome,
    Progress,
    Setup,
    Started,
    failure_of,
)
from moyai.engine.worker.secrets import Secrets
from moyai.engine.worker.service import Service
from moyai.errors import MoyaiError
from moyai.texts import Text

_PATIENCE_SECONDS = 0.2
"""Between two looks at another engine's lock."""


class Runner:
    """Runs the jobs of one worker."""

    def __init__(self, setup: Setup, host: Host, redactor: Redactor, control: Connection) -> None:
        self._setup = setup
        self._host = host
        self._redactor = redactor
        self._control = control
        self._log: RunLog | None = None
        self._store = CheckpointStore(open_blobs(setup.state_backend, setup.environment))
        self._secrets = Secrets(setup.environment)
        self._service = Service(self._store, self._secrets)

    def tell(self, text: str) -> None:
        """Put a program's words into the log of the run in hand."""
        if self._log is not None:
            self._log.write(text)

    def run(self, job: Job) -> Outcome:
        """Carry a job out. Whatever is expected to go wrong is in the outcome."""
        began = time.monotonic()
        logs = self._setup.home / "logs"
        stack = job.run.stack
        try:
            self._log = RunLog(logs, stack, job.run.action, self._redactor)
            outcome = self._locked(job)
        except MoyaiError as error:
            outcome = _Made(failure=failure_of(error))
        except OSError as error:
            place = error.filename or self._setup.home
            outcome = _Made(failure=failure_of(disk_trouble(error, str(place))))
        finally:
            if self._log is not None:
                self._log.close()
                self._log = None
        return outcome.outcome(time.monotonic() - began)

    def _locked(self, job: Job) -> _Made:
        stack = job.run.stack
        folder = self._setup.home / "work" / stack.project / stack.name
        holder = locks.myself(self._setup.driver_pid, self._setup.command)
        lock = locks.acquire(
            folder / "lock", stack, holder, job.wait_seconds, lambda: self._control.poll(0)
        )
        try:
            self._control.send(Started(stack))
            dead = self._clear_locks(job, lock.previous)
            with self._pulumis_lock(job, holder):
                made = _Attempt(self, job, folder, lock, holder).carry_out()
            made.repaired[:0] = [_taken_over(engine_lock) for engine_lock in dead]
            return made
        finally:
            lock.release()

    @contextmanager
    def _pulumis_lock(self, job: Job, holder: locks.Holder) -> Iterator[None]:
        """As the engine would have it with a folder or bucket of its own: not for a preview."""
        if job.run.action == "preview":
            yield
            return
        blobs = self._store.blobs
        key = locks.take_engine_lock(blobs, job.run.stack, holder)
        try:
            yield
        finally:
            blobs.delete(key)

    def _clear_locks(self, job: Job, previous: locks.Holder | None) -> tuple[locks.EngineLock, ...]:
        deadline = time.monotonic() + job.wait_seconds
        while True:
            try:
                return locks.clear_engine_locks(self._store.blobs, job.run.stack, previous)
            except MoyaiError:
                if time.monotonic() >= deadline or self._control.poll(_PATIENCE_SECONDS):
                    raise

    @property
    def parts(self) -> tuple[Setup, Host, Service, CheckpointStore, Connection, RunLog]:
        """What an attempt works with."""
        assert self._log is not None
        return self._setup, self._host, self._service, self._store, self._control, self._log

    def serves_secrets(self, stack: StackId, secrets: Mapping[str, object]) -> bool:
        """Whether the service does a stack's secrets, whose settings would be these."""
        salt = secrets.get("encryptionsalt")
        return isinstance(salt, str) and self._secrets.open(stack, salt)

    def clean(self, failure: Failure | None) -> Failure | None:
        """A failure without secrets."""
        if failure is None:
            return None
        clean = self._redactor.clean
        what = Text(clean(failure.what.ja), clean(failure.what.en))
        return Failure(failure.refused, what, failure.touched, failure.remedy)


@dataclass(slots=True)
class _Made:
    """An outcome while it is put together."""

    tally: Tally = field(default_factory=Tally)
    failure: Failure | None = None
    after: Checkpoint | None = None
    outputs: Mapping[str, object] = field(default_factory=dict)
    repaired: list[Text] = field(default_factory=list)

    def outcome(self, seconds: float) -> Outcome:
        return Outcome(
            steps=tuple(self.tally.steps),
            drift=tuple(self.tally.drift),
            outputs=self.outputs,
            checkpoint_sha256=None if self.after is None else self.after.sha256,
            seconds=seconds,
            failure=self.failure,
            repaired=tuple(self.repaired),
            summary=dict(self.tally.summary),
        )


class _Attempt:
    """A job with the stack's lock in hand."""

    def __init__(
        self, runner: Runner, job: Job, folder: Path, lock: locks.StackLock, holder: locks.Holder
    ) -> None:
        self._runner = runner
        parts = runner.parts
        self._setup, self._host, self._service, self._store, self._control, self._log = parts
        self._job = job
        self._run: StackRun = job.run
        self._folder = folder
        self._lock = lock
        self._holder = holder
        self._creates = CreateLog(folder / "journal.jsonl")
        self._tally = Tally()
        self._made = _Made(self._tally)
        self._ended_by_itself = False
        self._folded: Checkpoint | None = None

    def carry_out(self) -> _Made:
        before = self._read()
        action = self._run.action
        if before is None and action in ("refresh", "destroy"):
            return self._made  # there is nothing
        if before is None:
            self._store.create(self._run.stack)
        try:
            secrets = _secrets(self._setup, before)
            if self._runner.serves_secrets(self._run.stack, secrets):
                secrets = {}
            write_project(self._folder, self._run, self._setup.packages, secrets)
            if action == "preview":
                self._engine(refresh=self._run.refresh, hear=self._hear)
            else:
                self._change(before)
        finally:
            if before is None and action == "preview":
                self._store.remove(self._run.stack)
        return self._made

    def _change(self, before: Checkpoint | None) -> None:
        began = time.time()
        unsettled = self._creates.unsettled()
        repair = Repair(None, ())
        if before is not None and (unsettled or before.pending):
            self._creates.let_settle()
            setup = self._setup
            within = Search(setup.environment, setup.region, setup.account_id)
            locate = locator(within, self._store, self._run.stack, before)
            repair = plan_repair(before, unsettled, locate)
        if repair.document is not None:
            self._store.replace(self._run.stack, repair.document)
        self._creates.open(unsettled)
        settled = False
        try:
            refresh = self._run.refresh or repair.needed
            self._engine(refresh, self._hear_and_note)
            if before is not None and self._balks(repair):
                self._store.replace(self._run.stack, without_pending(before))
                self._tally = self._made.tally = Tally()
                self._engine(refresh, self._hear_and_note)
            settled = self._made.failure is None
        finally:
            self._creates.close(settled=settled, quiet=self._ended_by_itself)
        self._look_after()
        self._remember(began)
        if settled:
            made = self._tally.steps
            self._made.repaired += tell_cuts(repair.cuts, self._made.after, made)
        self._tally.drift = unrelated_drift(self._tally.drift, repair.cuts)

    def _look_after(self) -> None:
        try:
            self._made.after = self._folded or self._store.read(self._run.stack)
        except MoyaiError as error:
            # What made the run fail comes first; a damaged checkpoint tells itself next time.
            self._made.failure = self._made.failure or failure_of(error)
        if self._made.after is not None:
            self._made.outputs = self._made.after.outputs

    def _remember(self, began: float) -> None:
        """Put the update into the stack's history; that it is not there spoils nothing."""
        update = {
            "kind": "update" if self._run.action == "up" else self._run.action,
            "startTime": int(began),
            "message": "",
            "environment": {"pulumi.version": f"v{VERSION}"},
            "config": dict(self._run.config),
            "version": 0,
            "result": "succeeded" if self._made.failure is None else "failed",
            "endTime": int(time.time()),
            "resourceChanges": dict(self._tally.summary),
        }
        with suppress(OSError, MoyaiError):
            self._store.add_history(self._run.stack, update)

    def _balks(self, repair: Repair) -> bool:
        """Whether the provider could not even read what was put in for a create cut off."""
        suspects = {cut.urn.split("::")[-1] for cut in repair.cuts if cut.located.id is not None}
        named = {trouble.name for trouble in self._tally.troubles}
        failed = self._made.failure is not None and not self._tally.steps
        return failed and bool(named & suspects)

    def _read(self) -> Checkpoint | None:
        """The checkpoint; one that is damaged or gone is replaced by a copy where that is safe."""
        stack = self._run.stack
        try:
            self._store.fold(stack)
            found = self._store.read(stack)
        except MoyaiError:
            if not self._goes_back():
                raise
        else:
            if found is not None or not self._goes_back():
                return found
        self._store.fold(stack)
        self._made.repaired.append(
            Text(
                "壊れたか消えた状態ファイルを写しに戻し、現状を読み直しました。",
                "went back from a damaged or missing checkpoint to a copy of it, and read what is "
                "live.",
            )
        )
        return self._store.read(stack)

    def _goes_back(self) -> bool:
        """Take a copy for a checkpoint that is damaged or gone: only where a refresh follows."""
        is_update = self._run.refresh and self._run.action == "up"
        return is_update and self._store.restore(self._run.stack)

    def _engine(self, refresh: bool, hear: Callable[[list[Mapping[str, Any]]], None]) -> None:
        self._made.failure = None
        self._host.prepare(self._run.program)
        room = self._ballast()
        engine = Engine(self._setup, self._run, self._folder, self._log, room)
        journal = self._store.journal(self._run.stack, f"v{VERSION}")
        self._service.begin(self._run.stack, journal)
        try:
            pid = engine.start(
                self._host.port,
                self._service.environment,
                self._job.providers,
                self._lock.handle,
                refresh,
            )
            with suppress(OSError):  # a full disk: the engine is watched all the same
                self._lock.note(locks.with_engine(self._holder, pid))
            status = engine.watch(self._control, hear)
        finally:
            engine.close()
            self._service.end()
            room.release()
            self._folded = self._store.fold(self._run.stack, journal)
        self._ended_by_itself = status >= 0
        if status != 0:
            found = failures.explain(
                status, engine, self._tally, self._host.failure, self._run, self._log.path
            )
            self._made.failure = self._runner.clean(_with_cause(found, self._service.problem))

    def _ballast(self) -> Ballast:
        return Ballast(
            self._store.blobs.disk or self._setup.home,
            f"room-{self._run.stack.project}-{self._run.stack.name}",
        )

    def _hear(self, events: list[Mapping[str, Any]]) -> None:
        stack = self._run.stack
        seen = [moved for event in events if (moved := self._tally.take(event)) is not None]
        if seen:
            told = tuple(ResourceMoved(stack, moved.step, moved.done) for moved in seen)
            try:
                self._control.send(Progress(told))
            except OSError:
                return  # the driver is gone; the watch cancels the engine

    def _hear_and_note(self, events: list[Mapping[str, Any]]) -> None:
        before = dict(self._tally.begun)
        self._hear(events)
        begun = self._tally.begun
        for urn in begun.keys() - before.keys():
            self._creates.begin(urn, begun[urn])
        for urn in before.keys() - begun.keys():
            self._creates.end(urn)


def _with_cause(found: Failure | None, cause: MoyaiError | OSError | None) -> Failure | None:
    """A failure whose cause is that the journal could not be written says so."""
    if found is None or cause is None:
        return found
    if isinstance(cause, OSError):
        cause = disk_trouble(cause, str(cause.filename or "PULUMI_HOME"))
    told = failure_of(cause)
    return Failure(told.refused, told.what, found.touched, told.remedy or found.remedy)


def _secrets(setup: Setup, before: Checkpoint | None) -> Mapping[str, object]:
    """How the stack's secrets are encrypted, for its settings file."""
    state = before.secrets_state if before is not None else {}
    if "salt" in state:
        return {"encryptionsalt": state["salt"]}
    if "url" in state:
        return {"secretsprovider": state["url"], "encryptedkey": state["encryptedkey"]}
    if setup.salt is not None:
        return {"encryptionsalt": setup.salt}
    return {"secretsprovider": setup.secrets_provider}


def _taken_over(lock: locks.EngineLock) -> Text:
    who = lock.describe()
    return Text(
        f"終了済みのプロセスのロックを引き取りました: {who.ja}",
        f"took over the lock of a process that has ended: {who.en}",
    )
