"""The driver's side of its workers."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from multiprocessing import reduction
from multiprocessing.connection import Connection
from pathlib import Path

from moyai.engine.files import private_folder
from moyai.engine.stacks import ResourceMoved
from moyai.engine.worker.events import Tally
from moyai.engine.worker.log import rotate
from moyai.engine.worker.messages import Assignment, Cancel, Setup
from moyai.errors import OperationFailed
from moyai.texts import Text

_END_SECONDS = 5.0
_ORPHANED_SECONDS = 2.0
"""What an engine gets whose worker is dead: with it went the service that keeps its steps."""


@dataclass(slots=True, eq=False)
class Worker:
    """One worker process, and what the driver knows of the run in its hands."""

    pid: int
    pipe: Connection
    assignment: Assignment | None = None
    since: float = 0.0
    tally: Tally = field(default_factory=Tally)
    kill_at: float | None = None
    """Set once the worker is dead: when what is left of its process group is killed."""

    def take(self, assignment: Assignment) -> None:
        """Begin a run."""
        self.assignment = assignment
        self.since = time.monotonic()
        self.tally = Tally()
        self.pipe.send(assignment)

    def note(self, moved: ResourceMoved) -> None:
        """Remember a step, to tell what was touched should the worker die."""
        if moved.done:
            self.tally.failed = [s for s in self.tally.failed if s != moved.step]
            if moved.step.op not in ("same", "refresh"):
                self.tally.steps.append(moved.step)
        elif moved.step.op not in ("same", "refresh"):
            self.tally.failed.append(moved.step)

    def cancel(self, hard: bool) -> None:
        """End its run."""
        try:
            self.pipe.send(Cancel(hard))
        except OSError:
            return  # it is dead, which its pipe tells next

    def bury(self) -> bool:
        """Once dead: end its engine, at first politely; True when nothing is left of its group."""
        now = time.monotonic()
        try:
            if self.kill_at is None:
                self.kill_at = now + _ORPHANED_SECONDS
                os.killpg(self.pid, signal.SIGINT)
            elif now > self.kill_at:
                os.killpg(self.pid, signal.SIGKILL)
            else:
                os.killpg(self.pid, 0)
        except ProcessLookupError:
            return True
        return False


class WorkerPool:
    """Worker processes of one driver, made when they are needed."""

    def __init__(
        self, environment: Mapping[str, str], logs: Path, imports: tuple[str, ...]
    ) -> None:
        """`environment` as in `Setup`; `logs`: the folder of the forge's log; `imports`: modules
        that all workers are to have."""
        self._environment = environment
        self._logs = logs
        self._setup: Setup | None = None
        self._forge: subprocess.Popen[bytes] | None = None
        self._control: Connection | None = None
        self._modules = set(imports)
        self._is_ahead = False
        self.workers: list[Worker] = []

    def start(self) -> None:
        """Start the process that workers are forked from; its imports go on meanwhile."""
        if self._forge is None or self._forge.poll() is not None:
            self._start_forge()

    def set_up(self, setup: Setup) -> None:
        """Say what workers share. To be said once, before the first one is made."""
        assert self._control is not None
        self._setup = setup
        self._tell(setup)

    def spawn(self) -> Worker:
        """One more worker. Raises `OperationFailed` where none can be started."""
        self.start()
        assert self._control is not None
        here, there = socket.socketpair()
        with there:
            try:
                self._control.send(None)
                assert self._forge is not None
                reduction.send_handle(self._control, there.fileno(), self._forge.pid)
                pid: int = self._control.recv()
            except (OSError, EOFError) as error:
                here.close()
                raise self._no_worker() from error
        worker = Worker(pid, Connection(here.detach()))
        self.workers.append(worker)
        return worker

    def learn(self, modules: tuple[str, ...]) -> bool:
        """Have modules imported before the next worker is forked; whether any is new."""
        new = tuple(sorted(set(modules) - self._modules))
        if not new or self._control is None:
            return False
        self._modules.update(new)
        self._tell(new)
        return True

    def get_ahead(self, modules: tuple[str, ...]) -> None:
        """Have modules imported while the runs in hand go on, for the workers made after that."""
        self._is_ahead = self.learn(modules) or self._is_ahead

    def free(self) -> Worker | None:
        """A worker without a run. Once those made from now on have more imported, the others go."""
        if self._is_ahead:
            self._is_ahead = False
            for worker in [one for one in self.workers if one.assignment is None]:
                self.drop(worker)
        return next((worker for worker in self.workers if worker.assignment is None), None)

    def drop(self, worker: Worker) -> None:
        """Forget a worker that has ended, or let one without a run end."""
        self.workers.remove(worker)
        worker.pipe.close()

    def close(self) -> None:
        """End all workers; those that do not end are killed."""
        for worker in self.workers:
            worker.pipe.close()
        if self._control is not None:
            self._control.close()
        deadline = time.monotonic() + _END_SECONDS
        left = [worker.pid for worker in self.workers]
        while left and time.monotonic() < deadline:
            time.sleep(0.01)
            left = [pid for pid in left if _group_exists(pid)]
        for pid in left:
            os.killpg(pid, signal.SIGKILL)
        self.workers.clear()
        if self._forge is not None:
            try:
                self._forge.wait(_END_SECONDS)
            except subprocess.TimeoutExpired:
                self._forge.kill()
                self._forge.wait()

    def _start_forge(self) -> None:
        private_folder(self._logs)
        log = self._log
        rotate(log)
        here, there = socket.socketpair()
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
        handle = os.open(log, flags, 0o600)
        try:
            self._forge = subprocess.Popen(
                [sys.executable, "-m", "moyai.engine.worker.forge", str(there.fileno())],
                stdin=subprocess.DEVNULL,
                stdout=handle,
                stderr=handle,
                env=dict(self._environment),
                pass_fds=(there.fileno(),),
                # Ctrl-C on the terminal is for the driver alone, which cancels runs in good order.
                start_new_session=True,
            )
        except OSError as error:
            raise self._no_worker() from error
        finally:
            os.close(handle)
            there.close()
        self._control = Connection(here.detach())
        self._tell(tuple(sorted(self._modules)))
        if self._setup is not None:
            self._tell(self._setup)

    def _tell(self, message: Setup | tuple[str, ...]) -> None:
        assert self._control is not None
        try:
            self._control.send(message)
        except OSError:
            return  # it is dead; the next spawn starts another

    @property
    def _log(self) -> Path:
        return self._logs / "workers.log"

    def _no_worker(self) -> OperationFailed:
        log = self._log
        return OperationFailed(
            Text("作業プロセスを起動できません。", "no worker process can be started."),
            remedy=Text(f"記録 {log} を見てください。", f"See the log {log}."),
        )


def _group_exists(pid: int) -> bool:
    try:
        os.killpg(pid, 0)
    except ProcessLookupError:
        return False
    return True
