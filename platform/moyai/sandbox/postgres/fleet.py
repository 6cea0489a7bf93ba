"""All instances of one embedded cloud: one for each RDS cluster, one for operations data."""

from __future__ import annotations

import shutil
import signal
from collections.abc import Container, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Lock

from moyai.engine.files import write_private
from moyai.sandbox.postgres import instance as servers
from moyai.sandbox.postgres.instance import OPERATIONS, TEMPLATE, Instance, make_template
from moyai.sandbox.postgres.roles import prepare_cluster, prepare_operations, renew_superuser
from moyai.sandbox.processes import LOOPBACK, Identity

_PREPARED = "prepared"
_CONDEMNED = "condemned"


class Fleet:
    """Instances below one folder, by key (a cluster's resource id, or `operations`)."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._template = folder / TEMPLATE
        self._making = Lock()
        self._wanted: set[str] = set()
        self._seen: dict[str, Identity] = {}

    def instance(self, key: str) -> Instance:
        """The instance of a key, whether it exists or not."""
        return servers.instance(self.folder, key)

    def all(self) -> tuple[Instance, ...]:
        """Every instance that has a data folder."""
        return servers.instances(self.folder)

    def create(self, key: str) -> Instance:
        """Make and start a new instance whose superuser has a password of its own."""
        with self._making:
            make_template(self._template)
        instance = self.instance(key)
        shutil.rmtree(instance.folder, ignore_errors=True)
        instance.make(self._template)
        instance.start()
        self._note(instance)
        renew_superuser(instance)
        self._wanted.add(key)
        return instance

    def create_cluster(
        self, key: str, master: str, password: str, database: str | None
    ) -> Instance:
        """Make and start the instance of a new RDS cluster."""
        instance = self.create(key)
        prepare_cluster(instance, master, password, database)
        (instance.folder / _PREPARED).touch()
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
        servers.stop_all(self.folder)

    def ensure_operations(self) -> None:
        """Start the instance for operations data, made at the first time."""
        instance = self.instance(OPERATIONS)
        if self.has(OPERATIONS):
            self.start((OPERATIONS,))
        else:
            instance.remove()
            instance = self.create(OPERATIONS)
            prepare_operations(instance)
            (instance.folder / _PREPARED).touch()
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


def _write_passfile(instance: Instance) -> None:
    password = (instance.folder / "password").read_text()
    line = f"{LOOPBACK}:{instance.port}:*:{OPERATIONS}:{password}\n"
    write_private(instance.folder / "pgpass", line.encode())
