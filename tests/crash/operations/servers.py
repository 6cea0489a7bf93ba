"""The PostgreSQL server of campaigns, and a database of its own for each."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path

import psycopg
import sqlalchemy as sa
from psycopg.sql import SQL, Identifier
from tests.logins import of_database

from moyai.operations.database.connecting import database_url, open_engine
from moyai.operations.database.hosts import conninfo
from moyai.operations.database.prepare import Logins, logins, prepare
from moyai.sandbox.postgres.fleet import Fleet
from moyai.sandbox.postgres.instance import OPERATIONS, Instance


class Server:
    """One server with a database that is made ready and that nobody uses."""

    def __init__(self, folder: Path) -> None:
        self._fleet = Fleet(folder / "postgres")
        self._fleet.ensure_operations()
        self._places = logins(database_url(self._fleet.operations_url()), folder)
        self._numbers = count(1)
        prepare(self._places)
        with psycopg.connect(conninfo(self._places.url), autocommit=True) as connection:
            connection.execute("CREATE DATABASE standing")  # a template has to be nobody's

    @property
    def instance(self) -> Instance:
        """It as a process."""
        return self._fleet.instance(OPERATIONS)

    def database(self) -> Logins:
        """A new one."""
        name = f"campaign_{next(self._numbers)}"
        standing = conninfo(self._places.url.set(database="standing"))
        with psycopg.connect(standing, autocommit=True) as admin:
            admin.execute(SQL("CREATE DATABASE {} TEMPLATE operations").format(Identifier(name)))
        return of_database(self._places, name)

    def drop(self, places: Logins) -> None:
        """Delete one."""
        standing = conninfo(self._places.url.set(database="standing"))
        with suppress(psycopg.Error), psycopg.connect(standing, autocommit=True) as admin:
            name = Identifier(str(places.url.database))
            admin.execute(SQL("DROP DATABASE {} WITH (FORCE)").format(name))

    @contextmanager
    def auditor(self, places: Logins) -> Iterator[sa.Connection]:
        """A connection that reads records and locks."""
        login = places.of("moyai_auditor")
        engine = open_engine(login, pool_size=1, name="moyai-crash-check")
        try:
            with engine.connect() as connection:
                yield connection
        finally:
            engine.dispose()

    def kill_hard(self) -> None:
        """An immediate shutdown: no checkpoint, connections cut; what `pg_ctl stop -m immediate` does."""
        identity = self.instance.identity()
        if identity is not None:
            identity.send(signal.SIGQUIT)
            identity.wait_gone(10)

    def crash_a_session(self, database: str) -> None:
        """kill -9 of one session's process: the server cuts all others and recovers by itself."""
        with suppress(psycopg.Error):
            standing = conninfo(self._places.url.set(database="standing"))
            with psycopg.connect(standing, autocommit=True) as admin:
                row = admin.execute(
                    "SELECT pid FROM pg_stat_activity WHERE datname = %s ORDER BY random() LIMIT 1",
                    (database,),
                ).fetchone()
                if row is not None:
                    with suppress(ProcessLookupError):
                        os.kill(row[0], signal.SIGKILL)

    def start(self) -> None:
        """Again, on the port that it had."""
        self.instance.start()

    def stop(self) -> None:
        """For good."""
        self._fleet.stop_all()


@contextmanager
def small_disk(place: Path, megabytes: int) -> Iterator[Path | None]:
    """A disk of its own; None where none may be mounted."""
    place.mkdir()
    options = f"size={megabytes}m,mode=711"
    command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(place)]
    if subprocess.run(command, capture_output=True, check=False).returncode != 0:
        yield None
        return
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)
