"""The processes of one driver: shared plugins and workers, started when the first run needs them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from moyai.engine.driver.plugin_pool import PluginPool
from moyai.engine.driver.salt import shared_salt
from moyai.engine.driver.worker_pool import Worker, WorkerPool
from moyai.engine.sites import SiteRuntime
from moyai.engine.stacks import StackRun
from moyai.engine.worker.messages import Assignment, Ended, Setup

PARALLEL = 8
"""Resource operations of one engine at a time."""
_NO_DEFAULT_PROVIDER = ("aws", "moyai")
"""Programs name their providers themselves, so that a resource never lands in a wrong account."""


class Processes:
    """Plugins and workers of one driver; at most `most` workers."""

    def __init__(
        self,
        runtime: SiteRuntime,
        engine: Path,
        most: int,
        wait_seconds: float,
        command: str,
        imports: tuple[str, ...],
    ) -> None:
        """`wait_seconds` and `command` as in `Setup`, `imports` as in `WorkerPool`."""
        self._runtime = runtime
        self._engine = engine
        self._most = most
        self._wait_seconds = wait_seconds
        self._command = command
        self._imports = imports
        self._plugins: PluginPool | None = None
        self._workers: WorkerPool | None = None

    @property
    def worker_pids(self) -> tuple[int, ...]:
        """The worker processes, each with its engine in a process group of its own."""
        return () if self._workers is None else tuple(w.pid for w in self._workers.workers)

    @property
    def plugin_pids(self) -> Mapping[str, int]:
        """Package → process id of its plugin."""
        return {} if self._plugins is None else self._plugins.pids

    @property
    def busy(self) -> list[Worker]:
        """Workers with a run in their hands."""
        workers = () if self._workers is None else self._workers.workers
        return [worker for worker in workers if worker.assignment is not None]

    def have_room(self) -> bool:
        """Whether one more run may begin."""
        return len(self.busy) < self._most

    def begin(self, run: StackRun) -> None:
        """Give a run to a worker. Raises `MoyaiError` or `OSError` where it cannot begin: where the
        site is gone, for one, which an engine would find out late and with a failure of its own."""
        plugins, workers = self._open(_environment(self._runtime))
        worker = workers.free() or workers.spawn()
        worker.take(Assignment(run, plugins.addresses()))

    def get_ahead(self, modules: tuple[str, ...]) -> None:
        """Have modules imported while the runs in hand go on. There must be one."""
        assert self._workers is not None
        self._workers.get_ahead(modules)

    def ended(self, worker: Worker, message: Ended) -> None:
        """A worker is done with its run: free, or gone."""
        assert self._workers is not None
        worker.assignment = None
        self._workers.learn(message.modules)
        if message.retires:
            self._workers.drop(worker)

    def lost(self, worker: Worker) -> None:
        """A worker died."""
        assert self._workers is not None
        worker.assignment = None
        self._workers.drop(worker)

    def dead_plugins(self) -> Mapping[str, Path]:
        """Package → log of each plugin that is not running any more."""
        return {} if self._plugins is None else self._plugins.dead()

    def close(self) -> None:
        """End workers and plugins."""
        if self._workers is not None:
            self._workers.close()
            self._workers = None
        if self._plugins is not None:
            self._plugins.close()
            self._plugins = None

    def _open(self, environment: Mapping[str, str]) -> tuple[PluginPool, WorkerPool]:
        logs = self._runtime.home / "logs"
        if self._plugins is None:
            self._plugins = PluginPool(self._runtime.plugins(), environment, logs)
        if self._workers is None:
            # All three get ready side by side; the first run waits for the workers the longest.
            workers = WorkerPool(environment, logs, self._imports)
            try:
                workers.start()
                self._plugins.start()
                workers.set_up(self._setup(self._plugins, environment))
            except BaseException:
                workers.close()
                raise
            self._workers = workers
        return self._plugins, self._workers

    def _setup(self, plugins: PluginPool, environment: Mapping[str, str]) -> Setup:
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
            wait_seconds=self._wait_seconds,
            account_id=self._runtime.site.account_id,
            region=self._runtime.site.region,
        )


def _environment(runtime: SiteRuntime) -> dict[str, str]:
    """The caller's variables without Pulumi's, then the site's. Raises where the site is gone.

    One of the caller's `PULUMI_*` could switch checkpoints off, or name another passphrase.
    """
    own = {name: value for name, value in os.environ.items() if not name.startswith("PULUMI_")}
    return {**own, **runtime.environment()}
