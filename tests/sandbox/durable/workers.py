"""Real workers under real supervisors, on an operations database of a test's own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import sqlalchemy as sa
from counting import effects
from tests.planned import create
from tests.sample import SAMPLE

from moyai.operations.database.prepare import Logins
from moyai.operations.database.reading import shown
from moyai.operations.database.rows import OperationView
from moyai.planning.fleet.plans import OperationPlan

ROOT = Path(__file__).parents[3]
_MODULE = "tests.sandbox.durable.worker_process"
SUPERVISE = (
    "import sys; from sqlalchemy.engine import make_url; "
    "from moyai.operations.durable.worker.process import tell; "
    "from moyai.operations.durable.living.supervisor import Supervised, Supervisor; "
    "sys.exit(Supervisor(Supervised(make_url(sys.argv[1]), int(sys.argv[2]), (sys.argv[3],), "
    f"module={_MODULE!r}), tell).run())"
)


@dataclass
class Fleet:
    """Workers of one database, and its operations."""

    places: Logins
    engine: sa.Engine
    folder: Path
    supervisors: list[subprocess.Popen[bytes]] = field(default_factory=list)
    file: Path = SAMPLE
    """The workers' tenants.yaml."""

    def start(self, bodies: int = 4, number: int = 1) -> None:
        """Start so many supervisors; each has its worker soon."""
        for _ in range(number):
            log = (self.folder / f"worker-{len(self.supervisors)}.txt").open("wb")
            url = self.places.of("moyai_worker").render_as_string(hide_password=False)
            self.supervisors.append(
                subprocess.Popen(
                    [sys.executable, "-c", SUPERVISE, url, str(bodies), str(self.file)],
                    cwd=ROOT,
                    env={**os.environ, "PYTHONPATH": f"{ROOT}/platform{os.pathsep}{ROOT}"},
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )
            )

    def plan(self, plan: OperationPlan) -> str:
        """Put an operation on record."""
        with self.engine.begin() as connection:
            return create(connection, plan, None)

    def view(self, operation: str) -> OperationView:
        """It as it is now."""
        with self.engine.connect() as connection:
            return shown(connection, operation)

    def until(
        self, operation: str, wanted: Callable[[OperationView], bool], seconds: float
    ) -> OperationView:
        """Wait for something to be on record."""
        deadline = time.monotonic() + seconds
        while not wanted(view := self.view(operation)):
            assert time.monotonic() < deadline, (view.row, self.logs()[-6000:], view.bodies[:8])
            time.sleep(0.05)
        return view

    def ended(self, operation: str, seconds: float = 60) -> OperationView:
        """Wait for its end."""
        return self.until(operation, lambda one: one.row.ended_at is not None, seconds)

    def worker_pids(self) -> list[int]:
        """Processes that work."""
        with self.engine.connect() as connection:
            return list(
                connection.execute(
                    sa.text(
                        "SELECT pid FROM moyai.worker WHERE ended_at IS NULL AND taken_at IS NULL "
                        "ORDER BY started_at"
                    )
                ).scalars()
            )

    def logs(self) -> str:
        """What workers and supervisors said."""
        return "\n".join(path.read_text() for path in sorted(self.folder.glob("worker-*.txt")))

    def counted_once(self, view: OperationView, steps: int = 3) -> None:
        """Every step of every body has one effect, in order."""
        for body in view.bodies:
            attempt = body.attempts
            wanted = [f"{attempt} write-{number}" for number in range(1, steps + 1)]
            assert effects(self.folder, body.code) == wanted, (body, self.logs())

    def close(self) -> None:
        """End all."""
        for one in self.supervisors:
            with suppress(ProcessLookupError):
                one.send_signal(signal.SIGCONT)
                one.send_signal(signal.SIGTERM)
        for pid in self.worker_pids():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        for one in self.supervisors:
            one.wait(20)
        self.engine.dispose()
