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
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType

from moyai.engine.driver.cancelling import Cancelling
from moyai.engine.driver.crew import Crew
from moyai.engine.driver.processes import Processes
from moyai.engine.sites import SiteRuntime
from moyai.engine.stacks import RunEvent, StackRun

_LONGEST_COMMAND = 200


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
        imports: tuple[str, ...] = (),
    ) -> None:
        """`jobs` stacks at a time (as many as processors, where None).

        `wait_seconds`: how long a run waits for another command on the same stack before it is
        refused. `command`: what that other command's person is told of this one. `imports`: modules
        that programs import, for all workers to have before the first run.
        """
        most = jobs if jobs is not None else max(os.cpu_count() or 1, 1)
        command = command or shlex.join([Path(sys.argv[0]).name, *sys.argv[1:]])[:_LONGEST_COMMAND]
        self._runtime = runtime
        self._processes = Processes(runtime, engine, most, wait_seconds, command, imports)
        self._cancelling = Cancelling()

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
        return self._cancelling.count > 0

    def cancel(self) -> None:
        """End the runs in hand in good order, and start no more; called again: kill them.

        May be called from any thread and from a signal handler.
        """
        self._cancelling.cancel()

    def heeding_signals(self) -> AbstractContextManager[None]:
        """Take SIGINT and SIGTERM between runs too: the first one counts as `cancel`."""
        return self._cancelling.by_signals(once=True)

    def run(self, runs: Iterable[StackRun], later: tuple[str, ...] = ()) -> Iterator[RunEvent]:
        """Carry runs out, `jobs` at a time; the next one is taken when a worker is free.

        `later`: modules that the programs of later calls import. Workers made after that have them:
        they are imported while these runs go on, which should be fewer than `jobs`.
        """
        crew = Crew(self._runtime, self._processes, self._cancelling, iter(runs), later)
        with self._cancelling.by_signals():
            try:
                yield from crew.work()
            finally:
                crew.abandon()

    def close(self) -> None:
        """End workers and plugins."""
        self._processes.close()
        self._cancelling.close()

    @property
    def worker_pids(self) -> tuple[int, ...]:
        """The worker processes, each with its engine in a process group of its own."""
        return self._processes.worker_pids

    @property
    def plugin_pids(self) -> Mapping[str, int]:
        """Package → process id of its plugin."""
        return self._processes.plugin_pids
