"""An operations database of a bench's own, with real workers under real supervisors."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import psycopg
import sqlalchemy as sa
from psycopg.sql import SQL, Identifier
from tests.bench import projects
from tests.bench.operations_kind import STEPS, empty_plan
from tests.bench.operations_used import OBJECTS, Used, used
from tests.logins import of_database
from tests.planned import create
from tests.sample import SAMPLE

from moyai.operations.database.connecting import database_url, open_engine
from moyai.operations.database.hosts import conninfo
from moyai.operations.database.prepare import Logins, logins, prepare
from moyai.planning.fleet.plans import OperationPlan
from moyai.sandbox.postgres.fleet import Fleet
from moyai.sandbox.postgres.instance import OPERATIONS

_SUPERVISE = (
    "import sys; from sqlalchemy.engine import make_url; "
    "from moyai.operations.durable.worker.process import tell; "
    "from moyai.operations.durable.living.supervisor import Supervised, Supervisor; "
    "sys.exit(Supervisor(Supervised(make_url(sys.argv[1]), int(sys.argv[2]), (sys.argv[3],), "
    "module='tests.bench.operations_worker'), tell).run())"
)
_OF_OPERATION = sa.text("""
SELECT ended_at,
  (SELECT count(*) FROM moyai.body WHERE operation_id = :id AND status = 'done'),
  (SELECT count(*) FROM moyai.step WHERE operation_id = :id AND status = 'done'),
  (SELECT count(*) FROM moyai.audit WHERE chain LIKE 'body:%'
    AND CAST(content AS jsonb)->>'operation' = :id
    AND CAST(content AS jsonb)->>'action' IN ('empty.step', 'empty.body'))
FROM moyai.operation WHERE id = :id
""")
_READY_SECONDS = 60.0
_ENDS_SECONDS = 900.0


@dataclass
class Office:
    """One operations database, and who works on it."""

    places: Logins
    folder: Path
    postmaster: int
    """The server's first process."""
    engine: sa.Engine = field(init=False)
    supervisors: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.engine = open_engine(self.places.of("moyai_operator"), pool_size=1)

    def start(self, number: int, bodies: int) -> None:
        """Start so many workers, and wait until all have their leases and room."""
        for _ in range(number):
            log = (self.folder / f"worker-{len(self.supervisors)}.txt").open("wb")
            url = self.places.of("moyai_worker").render_as_string(hide_password=False)
            root = projects.ROOT
            self.supervisors.append(
                subprocess.Popen(
                    [sys.executable, "-c", _SUPERVISE, url, str(bodies), str(SAMPLE)],
                    cwd=root,
                    env={
                        **os.environ,
                        "PYTHONPATH": f"{root}/platform{os.pathsep}{root}",
                        OBJECTS: str(self.folder),
                    },
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )
            )
        self._until("SELECT count(*) FROM moyai.worker WHERE room > 0", len(self.supervisors))

    def used(self) -> Used:
        """By the server and the workers up to now."""
        return used(conninfo(self.places.url), self.postmaster, [pid for _, pid in self.workers()])

    def put(self, plan: OperationPlan) -> tuple[str, datetime]:
        """Put an operation on record; its id, and when that was."""
        with self.engine.begin() as connection:
            operation = create(connection, plan, None)
            began: datetime = connection.execute(sa.text("SELECT clock_timestamp()")).scalar_one()
        return operation, began

    def carry(self, bodies: int) -> tuple[str, float]:
        """Have an operation on so many bodies carried; its id, and the seconds from its being on
        record to its end, by the server's clock. Raises `AssertionError` where not all went well."""
        operation, began = self.put(empty_plan(bodies))
        self._until("SELECT count(*) FROM moyai.operation WHERE ended_at IS NULL", 0)
        with self.engine.connect() as connection:
            row = connection.execute(_OF_OPERATION, {"id": operation}).one()
        # Nothing is measured that is not on record: each body, each of its steps, each record of both.
        wanted = (bodies, bodies * STEPS, bodies * (STEPS + 1))
        assert tuple(row[1:]) == wanted, (row, wanted, self.logs())
        return operation, (row[0] - began).total_seconds()

    def workers(self) -> list[tuple[str, int]]:
        """Workers that live: id and process id."""
        with self.engine.connect() as connection:
            rows = connection.execute(
                sa.text(
                    "SELECT id, pid FROM moyai.worker WHERE ended_at IS NULL AND taken_at IS NULL "
                    "ORDER BY started_at"
                )
            )
            return [(str(row[0]), int(row[1])) for row in rows]

    def scalar(self, statement: str, **given: object) -> object:
        """One value, as the operator's login reads it."""
        with self.engine.connect() as connection:
            return connection.execute(sa.text(statement), given).scalar()

    def _until(self, statement: str, wanted: int) -> None:
        patience = _ENDS_SECONDS if wanted == 0 else _READY_SECONDS
        deadline = time.monotonic() + patience
        while self.scalar(statement) != wanted:
            assert time.monotonic() < deadline, self.logs()
            time.sleep(0.1)

    def logs(self) -> str:
        """What workers and supervisors said."""
        return "\n".join(path.read_text() for path in sorted(self.folder.glob("worker-*.txt")))

    def close(self) -> None:
        """End all that was started."""
        for one in self.supervisors:
            with suppress(ProcessLookupError):
                one.send_signal(signal.SIGTERM)
        for one in self.supervisors:
            with suppress(subprocess.TimeoutExpired):
                one.wait(5)
        for _, pid in self.workers():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        for one in self.supervisors:
            one.wait(20)
        self.engine.dispose()


@dataclass(frozen=True, slots=True)
class Server:
    """The embedded server, with its settings, and a database that is made ready to be copied."""

    template: Logins
    folder: Path
    postmaster: int
    """Its first process."""

    def database(self, name: str, *, empty: bool = False) -> Logins:
        """A database of its own: as it is made ready, or with nothing in it."""
        admin = conninfo(self.template.url.set(database="standing"))
        source = SQL("") if empty else SQL(" TEMPLATE operations")
        with psycopg.connect(admin, autocommit=True) as connection:
            connection.execute(SQL("CREATE DATABASE {}").format(Identifier(name)) + source)
        return of_database(self.template, name)

    @contextmanager
    def office(self, name: str, workers: Sequence[int] = ()) -> Iterator[Office]:
        """A database with workers, each taking so many bodies at a time."""
        with self.office_of(self.database(name), name, workers) as office:
            yield office

    @contextmanager
    def office_of(self, places: Logins, name: str, workers: Sequence[int] = ()) -> Iterator[Office]:
        """The same, of a database that is there."""
        folder = self.folder / name
        folder.mkdir()
        office = Office(places, folder, self.postmaster)
        try:
            for bodies in workers:
                office.start(1, bodies)
            yield office
        finally:
            office.close()


@contextmanager
def server(folder: Path) -> Iterator[Server]:
    """Start it, as durable as a site's operations data are: each commit waits for the disk."""
    fleet = Fleet(folder / "postgres")
    fleet.ensure_operations()
    try:
        places = logins(database_url(fleet.operations_url()), folder)
        prepare(places)
        with psycopg.connect(conninfo(places.url), autocommit=True) as connection:
            connection.execute("CREATE DATABASE standing")  # a template has to be nobody's
        yield Server(places, folder, _postmaster(fleet))
    finally:
        fleet.stop_all()


def _postmaster(fleet: Fleet) -> int:
    identity = fleet.instance(OPERATIONS).identity()
    assert identity is not None
    return identity.pid
