"""The processes of one campaign: supervisors and workers on a database of its own, and what is done to them."""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import sqlalchemy as sa
from tests.crash.operations.supervising import WORKER
from tests.planned import create

from moyai.errors import Refused
from moyai.operations.database.connecting import open_engine
from moyai.operations.database.prepare import Logins
from moyai.operations.database.reading import shown
from moyai.operations.database.rows import OperationView
from moyai.operations.database.writing import want
from moyai.planning.fleet.plans import OperationPlan

ROOT = Path(__file__).parents[3]
BODIES = "6"
"""Bodies at a time of each worker: as many as a plan has at most, so that who is left can take all."""
TOKEN = "MOYAI_CRASH"
"""A variable that every process of a campaign has."""


@dataclass
class Post:
    """A place for one supervisor, which is started again when it is killed."""

    number: int
    version: str = "moyai-1"
    clock: str = "true"
    process: subprocess.Popen[bytes] | None = None
    again_at: float = 0.0
    closed: bool = False


@dataclass(frozen=True)
class Kill:
    """A worker that was killed, when, by the host's clock that nobody sets."""

    worker: str
    at: float


@dataclass
class Crew:
    """All of it."""

    places: Logins
    folder: Path
    logs: Path
    token: str = field(default_factory=lambda: secrets.token_hex(6))
    posts: list[Post] = field(default_factory=list)
    kills: list[Kill] = field(default_factory=list)
    killed: int = 0
    """Processes killed by the campaign, supervisors too."""
    freezes: int = 0
    restarts: int = 0
    operation: str = ""

    def __post_init__(self) -> None:
        self.engine = open_engine(self.places.of("moyai_operator"), name="moyai-crash")

    def begin(self, plan: OperationPlan) -> None:
        """Put the operation on record."""
        with self.engine.begin() as connection:
            self.operation = create(connection, plan, None)

    def view(self) -> OperationView | None:
        """It as it is now; None while the server is away."""
        try:
            with self.engine.connect() as connection:
                return shown(connection, self.operation)
        except (sa.exc.DBAPIError, psycopg.Error):
            self.engine.dispose()  # reads are psycopg's own: the pool does not see what they lose
            return None

    def want(self, what: str) -> None:
        """Want it paused, gone on with or cancelled, as a person does; not while the server is away, and
        nothing more once it is cancelled."""
        with suppress(sa.exc.DBAPIError, Refused), self.engine.begin() as connection:
            want(connection, self.operation, what, "operator:planner@example.jp")

    def post(self, version: str = "moyai-1", clock: str = "true") -> None:
        """One more supervisor."""
        post = Post(len(self.posts), version, clock)
        self.posts.append(post)
        self._start(post)

    def tend(self) -> None:
        """Start supervisors again that are dead, half a second later, as a system's init does."""
        now = time.monotonic()
        for post in self.posts:
            if post.closed or post.process is None or post.process.poll() is None:
                continue
            if post.again_at == 0.0:
                post.again_at = now + 0.5
            elif now >= post.again_at:
                self._start(post)

    def supervisors(self) -> list[int]:
        """Process ids of those that are alive."""
        return [
            post.process.pid
            for post in self.posts
            if post.process is not None and post.process.poll() is None
        ]

    def workers(self) -> dict[int, str]:
        """Process id → worker's id, of those that are alive."""
        found: dict[int, str] = {}
        for pid in self.alive():
            with suppress(OSError):
                command = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
                if WORKER.encode() in command and (worker := _variable(pid, "MOYAI_WORKER")):
                    found[pid] = worker
        return found

    def alive(self) -> list[int]:
        """Every process of this campaign, by its token; not those that only wait to be reaped."""
        wanted = f"{TOKEN}={self.token}".encode()
        found = []
        for entry in Path("/proc").iterdir():
            with suppress(OSError):
                if entry.name.isdigit() and wanted in (entry / "environ").read_bytes().split(b"\0"):
                    found.append(int(entry.name))
        return found

    def kill(self, *pids: int) -> None:
        """SIGKILL at once."""
        workers = self.workers()
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
                self.killed += 1
                if pid in workers:
                    self.kills.append(Kill(workers[pid], time.monotonic()))

    def send(self, number: signal.Signals, *pids: int) -> None:
        """Another signal."""
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, number)

    def close(self) -> tuple[int, ...]:
        """End all as a person does; what is left after that has no reason to be there (and is ended)."""
        for post in self.posts:
            post.closed = True
        self.send(signal.SIGCONT, *self.alive())
        self.send(signal.SIGTERM, *self.supervisors(), *self._orphans())
        for post in self.posts:
            if post.process is not None:
                with suppress(subprocess.TimeoutExpired):
                    post.process.wait(20)
        # A worker without a supervisor, and the guardian that puts its end on record, end after that.
        deadline = time.monotonic() + 20
        while self.alive() and time.monotonic() < deadline:
            time.sleep(0.1)
        left = tuple(self.alive())
        self.send(signal.SIGKILL, *left)
        for post in self.posts:
            if post.process is not None:
                post.process.wait(10)
        self.engine.dispose()
        return left

    def said(self) -> str:
        """What workers and supervisors said."""
        paths = sorted(self.logs.glob("*.txt"))
        return "\n".join(f"{path.name}: {path.read_text()}" for path in paths)

    def is_below(self, pid: int, supervisor: int) -> bool:
        """Whether a worker is that supervisor's."""
        return _parent(pid) == supervisor

    def is_orphan(self, pid: int) -> bool:
        """Whether a worker's supervisor is dead."""
        return _parent(pid) not in self.supervisors()

    def _orphans(self) -> list[int]:
        return [pid for pid in self.workers() if self.is_orphan(pid)]

    def _start(self, post: Post) -> None:
        post.again_at = 0.0
        url = self.places.of("moyai_worker").render_as_string(hide_password=False)
        with (self.logs / f"post-{post.number}.txt").open("ab") as log:
            post.process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "tests.crash.operations.supervising", url, BODIES),
                    *(str(self.folder), post.version, post.clock),
                ],
                cwd=ROOT,
                env={
                    **os.environ,
                    "PYTHONPATH": f"{ROOT}/platform{os.pathsep}{ROOT}",
                    TOKEN: self.token,
                },
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )


def _variable(pid: int, name: str) -> str | None:
    for one in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0"):
        key, _, value = one.partition(b"=")
        if key == name.encode():
            return value.decode()
    return None


def _parent(pid: int) -> int | None:
    with suppress(OSError):
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    return None
