"""RDS clusters as real PostgreSQL: what moto's RDS asks of the instances behind it."""

from __future__ import annotations

import json
import secrets
import string
from dataclasses import dataclass
from typing import Protocol

from moyai.sandbox.gate import Gate
from moyai.sandbox.postgres.fleet import Fleet, change_master_password, prepare_cluster
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
    port: int
    moyai_address: str


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

    def create(self, cluster: Cluster, password: str) -> None:
        """Start the instance of a new cluster and tell the cluster where it answers."""
        with self.gate.released():
            instance = self.fleet.create(key_of(cluster))
            prepare_cluster(instance, cluster.master_username, password, cluster.database_name)
        port = instance.port
        if port is not None:
            self.attach(cluster, port)

    def attach(self, cluster: Cluster, port: int) -> None:
        """Tell a cluster where its instance answers."""
        cluster.port = port
        cluster.moyai_address = LOOPBACK

    def change_password(self, cluster: Cluster, password: str) -> None:
        """Give the master role a new password."""
        with self.gate.released():
            instance = self.fleet.instance(key_of(cluster))
            change_master_password(instance, cluster.master_username, password)

    def start(self, cluster: Cluster) -> None:
        """Start the stopped instance of a cluster."""
        with self.gate.released():
            port = self.fleet.instance(key_of(cluster)).start()
        self.attach(cluster, port)

    def stop(self, cluster: Cluster) -> None:
        """Stop an instance; its data stay."""
        with self.gate.released():
            self.fleet.instance(key_of(cluster)).stop()

    def remove(self, cluster: Cluster) -> None:
        """Stop an instance and delete its data."""
        with self.gate.released():
            self.fleet.instance(key_of(cluster)).remove()
