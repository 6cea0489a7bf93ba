"""The lean driver: many stacks, side by side, with one engine start for each update.

    with Driver(runtime, engine_path) as driver:
        for event in driver.run(runs):
            ...

Each run ends with exactly one `RunFinished`, whatever happens to its program, engine, worker or
plugin; the others go on. Ctrl-C, SIGTERM and `cancel` let what has begun end well and start nothing
more; a second one kills.
"""

from __future__ import annotations

import os
import shlex
import signal
import sys
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from multiprocessing.connection import Connection, wait
from pathlib import Path
from types import FrameType, TracebackType

from moyai.engine.driver.plugin_pool import PluginPool
from moyai.engine.driver.results import AGAIN, CANCELLED, blame_plugin, not_begun, result_of
from moyai.engine.driver.salt import shared_salt
from moyai.engine.driver.worker_pool import Worker, WorkerPool
from moyai.engine.files import disk_trouble
from moyai.engine.sites import SiteRuntime
from moyai.engine.stacks import (
    Event,
    RunFinished,
    RunResult,
    RunStarted,
    StackRun,
)
from moyai.engine.state.checkpoint_store import open_checkpoints
from moyai.engine.worker.failures import what_was_touched
from moyai.engine.worker.messages import (
    Ended,
    FromWorker,
    Job,
    Progress,
    Setup,
    Started,
)
from moyai.errors import MoyaiError, OperationFailed
from moyai.texts import Text

PARALLEL = 8
"""Resource operations of one engine at a time."""
_BURIAL_SECONDS = 0.1
_NO_DEFAULT_PROVIDER = ("aws", "moyai")
"""Programs name their providers themselves, so that a resource never lands in a wrong account."""


class Driver:
    """Runs stacks of one site. A context manager; `close` ends workers and plugins."""

    def __init__(
        self,
        runtime: SiteRuntime,
        engine: Path,
        jobs: int | None = None,
        *,
        wait_seconds: float = 0.0,
        command: str | None = None,
    ) -> None:
        """`jobs` stacks at a time (as many as processors, where None).

        `wait_seconds`: how long a run waits for another command on the same stack before it is
        refused. `command`: what that other command's person is told of this one.
        """
        self._runtime = runtime
        self._engine = engine
        self._jobs = jobs if jobs is not None else max(os.cpu_count() or 1, 1)
        self._wait_seconds = wait_seconds
        self._command = command or shlex.join([Path(sys.argv[0]).name, *sys.argv[1:]])[:200]
        self._plugins: PluginPool | None = None
        self._pool: WorkerPool | None = None
        self._cancels = 0
        self._wake_read, self._wake_write = os.pipe()
        os.set_blocking(self._wake_write, False)

    def __enter__(self) -> Driver:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def cancelled(self) -> bool:
        """Whether a signal or `cancel` ended this driver's runs."""
        return self._cancels > 0

    def cancel(self) -> None:
        """End the runs in hand in good order, and start no more; called again: kill them.

        May be called from any thread and from a signal handler.
        """
        self._cancels += 1
        if self._wake_write < 0:
            return
        try:
            os.write(self._wake_write, b"!")
        except BlockingIOError:
            return  # the loop has a wake-up waiting already

    def run(self, runs: Iterable[StackRun], later: tuple[str, ...] = ()) -> Iterator[Event]:
        """Carry runs out, `jobs` at a time; the next one is taken when a worker is free.

        `later`: modules that the programs of later calls import. Workers made after that have them:
        they are imported while these runs go on, which should be fewer than `jobs`.
        """
        crew = _Crew(self, iter(runs), later)
        with self._signals():
            try:
                yield from crew.work()
            finally:
                crew.abandon()

    def close(self) -> None:
        """End workers and plugins."""
        if self._pool is not None:
            self._pool.close()
            self._pool = None
        if self._plugins is not None:
            self._plugins.close()
            self._plugins = None
        if self._wake_read >= 0:
            os.close(self._wake_read)
            os.close(self._wake_write)
            self._wake_read = self._wake_write = -1

    @property
    def worker_pids(self) -> tuple[int, ...]:
        """The worker processes, each with its engine in a process group of its own."""
        return () if self._pool is None else tuple(w.pid for w in self._pool.workers)

    @property
    def plugin_pids(self) -> Mapping[str, int]:
        """Package → process id of its plugin."""
        return {} if self._plugins is None else self._plugins.pids

    @contextmanager
    def _signals(self) -> Iterator[None]:
        """Turn SIGINT and SIGTERM into `cancel`, where this is the main thread."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return

        def on_signal(_number: int, _frame: FrameType | None) -> None:
            self.cancel()

        before = {s: signal.signal(s, on_signal) for s in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _open(self) -> tuple[PluginPool, WorkerPool]:
        """Plugins and workers, started when the first run needs them."""
        if self._plugins is None:
            logs = self._runtime.home / "logs"
            self._plugins = PluginPool(self._runtime.plugins(), _environment(self._runtime), logs)
        if self._pool is None:
            self._plugins.start()  # they get ready while the rest is made
            self._pool = WorkerPool(self._setup(self._plugins))
            self._pool.start()
        return self._plugins, self._pool

    def _setup(self, plugins: PluginPool) -> Setup:
        environment = _environment(self._runtime)
        home, secrets_provider = self._runtime.home, self._runtime.secrets_provider
        salt = None
        if secrets_provider == "passphrase":
            salt = shared_salt(self._engine, home, environment)
        return Setup(
            engine=self._engine,
            home=home,
            state_backend=self._runtime.state_backend,
            secrets_provider=secrets_provider,
            salt=salt,
            environment=environment,
            packages=tuple(dict.fromkeys((*_NO_DEFAULT_PROVIDER, *plugins.packages))),
            parallel=PARALLEL,
            driver_pid=os.getpid(),
            command=self._command,
            account_id=self._runtime.site.account_id,
            region=self._runtime.site.region,
        )


class _Crew:
    """One call of `Driver.run`."""

    def __init__(self, driver: Driver, runs: Iterator[StackRun], later: tuple[str, ...]) -> None:
        self._driver = driver
        self._runs = runs
        self._later = later
        self._more = True
        self._cancels_told = 0

    def work(self) -> Iterator[Event]:
        while True:
            yield from self._hand_out()
            busy = self._busy()
            if busy and self._later and self._driver._pool is not None:
                self._driver._pool.get_ahead(self._later)
                self._later = ()
            if not busy and not self._more:
                return
            yield from self._listen(busy)

    def abandon(self) -> None:
        """End what is still in hand, where nobody asks for events any more."""
        for worker in self._busy():
            worker.cancel(hard=False)
        while busy := self._busy():
            for _ in self._listen(busy):
                pass

    def _busy(self) -> list[Worker]:
        pool = self._driver._pool
        return [] if pool is None else [w for w in pool.workers if w.job is not None]

    def _hand_out(self) -> Iterator[Event]:
        while self._more and (self._driver.cancelled or len(self._busy()) < self._driver._jobs):
            run = next(self._runs, None)
            if run is None:
                self._more = False
                return
            if self._driver.cancelled:
                yield RunFinished(run.stack, not_begun(run.stack, CANCELLED))
                continue
            try:
                self._begin(run)
            except MoyaiError as error:
                yield RunFinished(run.stack, not_begun(run.stack, error))
            except OSError as error:
                place = str(error.filename or self._driver._runtime.home)
                yield RunFinished(run.stack, not_begun(run.stack, disk_trouble(error, place)))

    def _begin(self, run: StackRun) -> None:
        plugins, pool = self._driver._open()
        worker = pool.free(self._driver._jobs) or pool.spawn()
        worker.take(Job(run, plugins.addresses(), self._driver._wait_seconds))

    def _listen(self, busy: list[Worker]) -> Iterator[Event]:
        alive = {worker.pipe: worker for worker in busy if worker.kill_at is None}
        dying = [worker for worker in busy if worker.kill_at is not None]
        wake = self._driver._wake_read
        sources: list[Connection | int] = [wake, *alive]
        ready = wait(sources, _BURIAL_SECONDS if dying else None)
        if wake in ready:
            os.read(wake, 4096)
        self._pass_cancels_on(busy)
        for pipe in ready:
            if isinstance(pipe, Connection):
                yield from self._hear(alive[pipe])
        for worker in dying:
            if worker.bury():
                yield from self._lost(worker)

    def _pass_cancels_on(self, busy: list[Worker]) -> None:
        if self._driver._cancels == self._cancels_told:
            return
        hard = self._cancels_told > 0
        self._cancels_told = self._driver._cancels
        for worker in busy:
            worker.cancel(hard)

    def _hear(self, worker: Worker) -> Iterator[Event]:
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
            yield from self._ended(worker, message)

    def _ended(self, worker: Worker, message: Ended) -> Iterator[Event]:
        plugins, pool = self._driver._open()
        worker.job = None
        pool.learn(message.modules)
        if message.retires:
            pool.drop(worker)
        result = result_of(message.stack, message.outcome)
        dead = plugins.dead()
        if result.error is not None and dead:
            result = blame_plugin(message.stack, message.outcome, dead)
        yield RunFinished(message.stack, result)

    def _lost(self, worker: Worker) -> Iterator[Event]:
        """A worker died, and with it the run in its hands, and no other."""
        assert worker.job is not None
        _, pool = self._driver._open()
        stack = worker.job.run.stack
        seconds = time.monotonic() - worker.since
        pool.drop(worker)
        worker.job = None
        error = OperationFailed(
            Text("作業プロセスが途中で終了しました。", "the worker process ended in the middle."),
            touched=what_was_touched(worker.tally),
            remedy=AGAIN,
        )
        steps = tuple(worker.tally.steps)
        digest = open_checkpoints(self._driver._runtime).sha256(stack)
        result = RunResult(stack, False, steps, (), {}, digest, seconds, error)
        yield RunFinished(stack, result)


def _environment(runtime: SiteRuntime) -> dict[str, str]:
    """The caller's variables without Pulumi's, then the site's.

    One of the caller's `PULUMI_*` could switch checkpoints off, or name another passphrase.
    """
    own = {name: value for name, value in os.environ.items() if not name.startswith("PULUMI_")}
    return {**own, **runtime.environment()}
