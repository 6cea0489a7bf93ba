"""One call of `Driver.run`: runs are handed out, and what workers tell is passed on."""

from __future__ import annotations

import time
from collections.abc import Iterator
from multiprocessing.connection import Connection, wait

from moyai.engine.driver.cancelling import Cancelling
from moyai.engine.driver.processes import Processes
from moyai.engine.driver.results import CANCELLED, blame_plugin, lost, not_begun, result_of
from moyai.engine.driver.worker_pool import Worker
from moyai.engine.files import disk_trouble
from moyai.engine.sites import SiteRuntime
from moyai.engine.stacks import RunEvent, RunFinished, RunStarted, StackRun
from moyai.engine.state.checkpoint_store import open_checkpoints
from moyai.engine.worker.messages import Ended, FromWorker, Progress, Started
from moyai.errors import NOTHING_TOUCHED, MoyaiError

_BURIAL_SECONDS = 0.1


class Crew:
    """The workers at one call's runs."""

    def __init__(
        self,
        runtime: SiteRuntime,
        processes: Processes,
        cancelling: Cancelling,
        runs: Iterator[StackRun],
        later: tuple[str, ...],
    ) -> None:
        """`later` as in `Driver.run`."""
        self._runtime = runtime
        self._processes = processes
        self._cancelling = cancelling
        self._runs = runs
        self._later = later
        self._more = True
        self._cancels_told = 0

    def work(self) -> Iterator[RunEvent]:
        """Carry all runs out."""
        while True:
            yield from self._hand_out()
            busy = self._processes.busy
            if busy and self._later:
                self._processes.get_ahead(self._later)
                self._later = ()
            if not busy and not self._more:
                return
            yield from self._listen(busy)

    def abandon(self) -> None:
        """End what is still in hand, where nobody asks for events any more."""
        for worker in self._processes.busy:
            worker.cancel(hard=False)
        while busy := self._processes.busy:
            for _ in self._listen(busy):
                pass

    def _hand_out(self) -> Iterator[RunEvent]:
        while self._more and (self._cancelling.count or self._processes.have_room()):
            run = next(self._runs, None)
            if run is None:
                self._more = False
                return
            if self._cancelling.count:
                yield RunFinished(run.stack, not_begun(run.stack, CANCELLED))
                continue
            try:
                self._processes.begin(run)
            except MoyaiError as error:
                yield RunFinished(run.stack, not_begun(run.stack, error))
            except OSError as error:
                place = str(error.filename or self._runtime.home)
                trouble = disk_trouble(error, place, NOTHING_TOUCHED)
                yield RunFinished(run.stack, not_begun(run.stack, trouble))

    def _listen(self, busy: list[Worker]) -> Iterator[RunEvent]:
        alive = {worker.pipe: worker for worker in busy if worker.kill_at is None}
        dying = [worker for worker in busy if worker.kill_at is not None]
        sources: list[Connection | int] = [self._cancelling.wake, *alive]
        ready = wait(sources, _BURIAL_SECONDS if dying else None)
        if self._cancelling.wake in ready:
            self._cancelling.drain()
        self._pass_cancels_on(busy)
        for pipe in ready:
            if isinstance(pipe, Connection):
                yield from self._hear(alive[pipe])
        for worker in dying:
            if worker.bury():
                yield from self._lost(worker)

    def _pass_cancels_on(self, busy: list[Worker]) -> None:
        if self._cancelling.count == self._cancels_told:
            return
        hard = self._cancels_told > 0
        self._cancels_told = self._cancelling.count
        for worker in busy:
            worker.cancel(hard)

    def _hear(self, worker: Worker) -> Iterator[RunEvent]:
        try:
            message: FromWorker = worker.pipe.recv()
        except (EOFError, OSError):
            if worker.bury():
                yield from self._lost(worker)
            return
        if isinstance(message, Started):
            yield RunStarted(message.stack)
        elif isinstance(message, Progress):
            for moved in message.moved:
                worker.note(moved)
            yield from message.moved
        else:
            yield self._ended(worker, message)

    def _ended(self, worker: Worker, message: Ended) -> RunFinished:
        self._processes.ended(worker, message)
        result = result_of(message.stack, message.outcome)
        dead = self._processes.dead_plugins()
        if result.error is not None and dead:
            result = blame_plugin(message.stack, message.outcome, dead)
        return RunFinished(message.stack, result)

    def _lost(self, worker: Worker) -> Iterator[RunEvent]:
        """A worker died, and with it the run in its hands, and no other."""
        assert worker.assignment is not None
        stack = worker.assignment.run.stack
        seconds = time.monotonic() - worker.since
        self._processes.lost(worker)
        digest = open_checkpoints(self._runtime).sha256(stack)
        yield RunFinished(stack, lost(stack, worker.tally, digest, seconds))
