"""RDS clusters as real PostgreSQL: what moto's RDS asks of the instances behind it."""

from __future__ import annotations

import json
import secrets
import string
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from moyai.sandbox.gate import Gate
from moyai.sandbox.postgres.fleet import Fleet
from moyai.sandbox.postgres.roles import change_master_password
from moyai.sandbox.processes import LOOPBACK

POSTGRES_ENGINES = ("postgres", "aurora-postgresql")
_PASSWORD_SIGNS = string.ascii_letters + string.digits


class Cluster(Protocol):
    """The parts of moto's `DBCluster` that are used here."""

    db_cluster_identifier: str
    db_cluster_resource_id: str
    master_username: str
    database_name: str | None
    engine: str
    status: str
    port: int
    moyai_address: str


@dataclass(frozen=True, slots=True)
class Recovery:
    """What is not as it was when the restored clusters were last seen."""

    moved: Mapping[int, int]
    """Ports that others took meanwhile → the new ones."""
    lost: tuple[str, ...]
    """Clusters whose data were gone: they begin empty."""


def new_password() -> str:
    """A password as RDS makes them: 32 letters and digits."""
    return "".join(secrets.choice(_PASSWORD_SIGNS) for _ in range(32))


def managed_secret(username: str) -> str:
    """The value of the secret in which RDS keeps a master password that it manages."""
    return json.dumps({"username": username, "password": new_password()})


def key_of(cluster: Cluster) -> str:
    """The instance's key: never used twice, so a new cluster of an old name has new data."""
    return cluster.db_cluster_resource_id.lower()


@dataclass(frozen=True, slots=True)
class ClusterDatabases:
    """Makes, changes and removes the instances behind clusters; called inside requests."""

    fleet: Fleet
    gate: Gate
    after_next_snapshot: Callable[[Callable[[], None]], None]

    def create(self, cluster: Cluster, password: str) -> None:
        """Start the instance of a new cluster and tell the cluster where it answers."""
        with self.gate.released():
            port = self._create(cluster, password)
        attach(cluster, port)

    def change_password(self, cluster: Cluster, password: str) -> None:
        """Give the master role a new password."""
        with self.gate.released():
            instance = self.fleet.instance(key_of(cluster))
            change_master_password(instance, cluster.master_username, password)

    def start(self, cluster: Cluster) -> None:
        """Start the stopped instance of a cluster."""
        with self.gate.released():
            port = self.fleet.start((key_of(cluster),))[key_of(cluster)]
        attach(cluster, port)

    def stop(self, cluster: Cluster) -> None:
        """Stop an instance; its data stay."""
        with self.gate.released():
            self.fleet.stop(key_of(cluster))

    def remove(self, cluster: Cluster) -> None:
        """Stop an instance; its data go when no snapshot can bring the cluster back."""
        key = key_of(cluster)
        with self.gate.released():
            self.fleet.condemn(key)
        self.after_next_snapshot(lambda: self.fleet.remove(key))

    def recover(self, clusters: Sequence[tuple[Cluster, str]]) -> Recovery:
        """Start the instances of restored clusters, each given with its master password.

        For the start of the cloud only, while nothing else makes or removes instances.
        """
        self.fleet.remove_condemned({key_of(cluster) for cluster, _ in clusters})
        live = [(c, password) for c, password in clusters if c.status != "stopped"]
        lost = [(c, password) for c, password in live if not self.fleet.has(key_of(c))]
        for cluster, password in lost:
            attach(cluster, self._create(cluster, password))
        self.fleet.start(key_of(c) for c, _ in live)
        moved = self.follow([c for c, _ in live])
        return Recovery(moved, tuple(c.db_cluster_identifier for c, _ in lost))

    def follow(self, clusters: Iterable[Cluster]) -> dict[int, int]:
        """Tell clusters where their instances answer now; the ports that changed, old → new."""
        moved: dict[int, int] = {}
        for cluster in clusters:
            port = self.fleet.instance(key_of(cluster)).port
            if port is None or not self.fleet.has(key_of(cluster)):
                continue
            if port != cluster.port:
                moved[cluster.port] = port
            attach(cluster, port)
        return moved

    def _create(self, cluster: Cluster, password: str) -> int:
        instance = self.fleet.create_cluster(
            key_of(cluster), cluster.master_username, password, cluster.database_name
        )
        port = instance.port
        assert port is not None
        return port


def attach(cluster: Cluster, port: int) -> None:
    """Tell a cluster where its instance answers."""
    cluster.port = port
    cluster.moyai_address = LOOPBACK
