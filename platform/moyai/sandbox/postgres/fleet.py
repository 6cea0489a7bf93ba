"""All instances of one embedded cloud: one for each RDS cluster, one for operations data."""

from __future__ import annotations

import secrets
import shutil
import signal
from collections.abc import Container, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from threading import Lock

import psycopg
from psycopg.sql import SQL, Identifier

from moyai.sandbox.layout import write_private
from moyai.sandbox.postgres.instance import SUPERUSER, Instance, make_template, set_password
from moyai.sandbox.processes import LOOPBACK, Identity

OPERATIONS = "operations"
"""The instance, the database and the role for operations data."""
_PREPARED = "prepared"
_CONDEMNED = "condemned"


class Fleet:
    """Instances below one folder, by key (a cluster's resource id, or `operations`)."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._template = folder / "template"
        self._making = Lock()
        self._wanted: set[str] = set()
        self._seen: dict[str, Identity] = {}

    def instance(self, key: str) -> Instance:
        """The instance of a key, whether it exists or not."""
        return Instance(self.folder / key, durable=key == OPERATIONS)

    def all(self) -> tuple[Instance, ...]:
        """Every instance that has a data folder."""
        if not self.folder.is_dir():
            return ()
        names = sorted(path.name for path in self.folder.iterdir() if path.name != "template")
        return tuple(i for i in map(self.instance, names) if i.exists)

    def create(self, key: str) -> Instance:
        """Make and start a new instance whose superuser has a password of its own."""
        with self._making:
            make_template(self._template)
        instance = self.instance(key)
        shutil.rmtree(instance.folder, ignore_errors=True)
        instance.make(self._template)
        instance.start()
        self._note(instance)
        instance.renew_superuser()
        self._wanted.add(key)
        return instance

    def has(self, key: str) -> bool:
        """Whether there is an instance with data that were prepared to the end."""
        return (self.instance(key).folder / _PREPARED).exists()

    def start(self, keys: Iterable[str]) -> dict[str, int]:
        """Start instances side by side; key → port."""
        wanted = tuple(keys)
        if not wanted:
            return {}
        with ThreadPoolExecutor(max_workers=8) as pool:
            ports = dict(zip(wanted, pool.map(self._start, wanted), strict=True))
        self._wanted.update(wanted)
        return ports

    def stop(self, key: str) -> None:
        """Stop an instance; its data stay."""
        self._wanted.discard(key)
        self.instance(key).stop()

    def condemn(self, key: str) -> None:
        """Stop an instance whose data are to be deleted soon."""
        self.stop(key)
        folder = self.instance(key).folder
        if folder.exists():
            (folder / _CONDEMNED).touch()

    def remove(self, key: str) -> None:
        """Stop an instance and delete its data."""
        self._wanted.discard(key)
        self.instance(key).remove()

    def remove_condemned(self, known: Container[str]) -> None:
        """Finish what a kill cut off: delete what was condemned or never prepared, unless known.

        What was prepared and is not known stays: it may be all that is left of lost snapshots.
        """
        for instance in self.all():
            key, condemned = instance.folder.name, instance.folder / _CONDEMNED
            if key == OPERATIONS or key in known:
                condemned.unlink(missing_ok=True)
            elif condemned.exists() or not self.has(key):
                instance.remove()

    def revive(self) -> tuple[str, ...]:
        """Start again what ended by itself; the keys of those."""
        ended = tuple(key for key in sorted(self._wanted) if self.instance(key).identity() is None)
        for key in ended:
            self._start(key)
        return ended

    def abandon(self) -> None:
        """End the servers that were started here, whose folders somebody deleted meanwhile."""
        for identity in self._seen.values():
            identity.send(signal.SIGQUIT)

    def stop_all(self) -> None:
        """Stop every instance that runs, side by side; those of a killed cloud too."""
        self._wanted.clear()
        instances = self.all()
        if instances:
            with ThreadPoolExecutor(max_workers=8) as pool:
                list(pool.map(lambda instance: instance.stop(), instances))

    def ensure_operations(self) -> None:
        """Start the instance for operations data, made at the first time."""
        instance = self.instance(OPERATIONS)
        if self.has(OPERATIONS):
            self.start((OPERATIONS,))
        else:
            instance.remove()
            instance = self.create(OPERATIONS)
            _prepare_operations(instance)
            _write_passfile(instance)

    def _start(self, key: str) -> int:
        instance = self.instance(key)
        port = instance.start()
        self._note(instance)
        if key == OPERATIONS:
            _write_passfile(instance)
        return port

    def _note(self, instance: Instance) -> None:
        identity = instance.identity()
        if identity is not None:
            self._seen[instance.folder.name] = identity

    def operations_url(self) -> str:
        """The URL of the operations database; its password is in the file that the URL names."""
        instance = self.instance(OPERATIONS)
        passfile = instance.folder / "pgpass"
        return (
            f"postgresql://{OPERATIONS}@{LOOPBACK}:{instance.port}/{OPERATIONS}?passfile={passfile}"
        )


def prepare_cluster(instance: Instance, master: str, password: str, database: str | None) -> None:
    """Make a new instance what a new RDS cluster is: a master role that is no superuser.

    The master may create databases and roles and is a member of `rds_superuser`. CONNECT is taken
    from PUBLIC on the databases that are there. PostgreSQL grants it anew on each database that is
    made later (a template's grants are not copied), on RDS as here: whoever makes one revokes it.
    """
    role = Identifier(master)
    with closing(instance.connect()) as connection:
        run = connection.execute
        run("CREATE ROLE rds_superuser NOLOGIN CREATEDB CREATEROLE")
        run("GRANT pg_monitor, pg_signal_backend, pg_checkpoint TO rds_superuser WITH ADMIN OPTION")
        run(SQL("CREATE ROLE {} LOGIN CREATEDB CREATEROLE").format(role))
        set_password(connection, master, password)
        run(SQL("GRANT rds_superuser TO {}").format(role))
        for name in ("postgres", "template1"):
            run(SQL("ALTER DATABASE {} OWNER TO {}").format(Identifier(name), role))
            run(SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(Identifier(name)))
        if database and database != "postgres":
            run(SQL("CREATE DATABASE {} OWNER {}").format(Identifier(database), role))
            run(SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(Identifier(database)))
    (instance.folder / _PREPARED).touch()


def change_master_password(instance: Instance, master: str, password: str) -> None:
    """Give the master role a new password."""
    with closing(instance.connect()) as connection:
        set_password(connection, master, password)


def _prepare_operations(instance: Instance) -> None:
    password = secrets.token_urlsafe(24)
    write_private(instance.folder / "password", password.encode())
    with closing(instance.connect()) as connection:
        connection.execute(SQL("CREATE ROLE {} LOGIN CREATEDB").format(Identifier(OPERATIONS)))
        set_password(connection, OPERATIONS, password)
        name = Identifier(OPERATIONS)
        connection.execute(SQL("CREATE DATABASE {} OWNER {}").format(name, name))
        for database in ("postgres", "template1", OPERATIONS):
            connection.execute(
                SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(Identifier(database))
            )
    (instance.folder / _PREPARED).touch()


def _write_passfile(instance: Instance) -> None:
    password = (instance.folder / "password").read_text()
    line = f"{LOOPBACK}:{instance.port}:*:{OPERATIONS}:{password}\n"
    write_private(instance.folder / "pgpass", line.encode())


def is_reserved(name: str) -> bool:
    """Whether a master role may not have this name, as on RDS."""
    return name == SUPERUSER or name.startswith(("pg_", "rds_")) or name == "postgres_admin"


def can_connect(instance: Instance) -> bool:
    """Whether the instance answers a query."""
    try:
        with closing(instance.connect()) as connection:
            return connection.execute("SELECT 1").fetchone() == (1,)
    except psycopg.Error:
        return False
