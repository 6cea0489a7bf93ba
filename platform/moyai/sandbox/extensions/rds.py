"""RDS: a cluster of a PostgreSQL engine is a PostgreSQL server."""

from __future__ import annotations

import json
from typing import Any

from moto.rds.exceptions import RDSClientError
from moto.rds.models import DBCluster, DBInstanceClustered, MasterUserSecret, RDSBackend

from moyai.sandbox.backends import master_password
from moyai.sandbox.databases import (
    POSTGRES_ENGINES,
    ClusterDatabases,
    managed_secret,
    new_password,
)
from moyai.sandbox.extensions.replacing import replace
from moyai.sandbox.postgres.roles import is_reserved


def extend(databases: ClusterDatabases) -> None:
    """Give clusters their databases, addresses and passwords."""
    _give_clusters_databases(databases)
    _show_addresses()
    _make_master_passwords(databases)


def _is_postgres(cluster: Any) -> bool:
    return cluster.engine in POSTGRES_ENGINES


def _give_clusters_databases(databases: ClusterDatabases) -> None:
    create, delete = RDSBackend.create_db_cluster, RDSBackend.delete_db_cluster
    modify = RDSBackend.modify_db_cluster
    start, stop = RDSBackend.start_db_cluster, RDSBackend.stop_db_cluster

    def create_db_cluster(self: Any, kwargs: dict[str, Any]) -> Any:
        name = kwargs["db_cluster_identifier"]
        master = kwargs.get("master_username") or ""
        if name in self.clusters:
            raise RDSClientError("DBClusterAlreadyExistsFault", "DB Cluster already exists")
        if kwargs.get("engine") not in POSTGRES_ENGINES:
            return create(self, kwargs)
        if is_reserved(master):
            raise RDSClientError(
                "InvalidParameterValue",
                f"MasterUsername {master} cannot be used as it is a reserved word",
            )
        cluster: Any = create(self, kwargs)
        try:
            databases.create(cluster, master_password(cluster))
        except BaseException:
            del self.clusters[name]
            databases.remove(cluster)
            raise
        return cluster

    def delete_db_cluster(
        self: Any, cluster_identifier: str, snapshot_name: str | None = None
    ) -> Any:
        cluster: Any = delete(self, cluster_identifier, snapshot_name)
        if _is_postgres(cluster):
            databases.remove(cluster)
        return cluster

    def modify_db_cluster(self: Any, kwargs: dict[str, Any]) -> Any:
        password = kwargs.get("master_user_password")
        managed = kwargs.get("manage_master_user_password")
        result = modify(self, kwargs)
        cluster = next(
            c
            for c in self.clusters.values()
            if c.db_cluster_resource_id == result.db_cluster_resource_id
        )
        if _is_postgres(cluster) and (password or managed):
            databases.change_password(cluster, master_password(cluster))
        return result

    def start_db_cluster(self: Any, cluster_identifier: str) -> Any:
        result = start(self, cluster_identifier)
        cluster = self.clusters[cluster_identifier]
        if _is_postgres(cluster):
            databases.start(cluster)
        return result

    def stop_db_cluster(self: Any, cluster_identifier: str) -> Any:
        result = stop(self, cluster_identifier)
        cluster = self.clusters[cluster_identifier]
        if _is_postgres(cluster):
            databases.stop(cluster)
        return result

    def restore(_self: Any, *_args: Any, **_kwargs: Any) -> Any:
        raise RDSClientError(
            "InvalidParameterCombination",
            "The embedded cloud keeps no data in cluster snapshots, so it restores none.",
        )

    replace(RDSBackend, "create_db_cluster", create_db_cluster)
    replace(RDSBackend, "delete_db_cluster", delete_db_cluster)
    replace(RDSBackend, "modify_db_cluster", modify_db_cluster)
    replace(RDSBackend, "start_db_cluster", start_db_cluster)
    replace(RDSBackend, "stop_db_cluster", stop_db_cluster)
    replace(RDSBackend, "restore_db_cluster_from_snapshot", restore)


def _show_addresses() -> None:
    """A cluster's endpoints and its members' are the instance's address."""

    def endpoint(self: Any) -> str:
        return str(getattr(self, "moyai_address", None) or old_endpoint.fget(self))

    def reader_endpoint(self: Any) -> str:
        return str(getattr(self, "moyai_address", None) or old_reader.fget(self))

    def address(self: Any) -> str:
        return str(getattr(self.cluster, "moyai_address", None) or old_address.fget(self))

    def instance_endpoint(self: Any) -> dict[str, Any]:
        if getattr(self.cluster, "moyai_address", None):
            return {"Address": address(self), "Port": self.cluster.port}
        return dict(old_instance.fget(self))

    old_endpoint = replace(DBCluster, "endpoint", property(endpoint))
    old_reader = replace(DBCluster, "reader_endpoint", property(reader_endpoint))
    old_address = replace(DBInstanceClustered, "address", property(address))
    old_instance = replace(DBInstanceClustered, "endpoint", property(instance_endpoint))


def _make_master_passwords(databases: ClusterDatabases) -> None:
    """A master password that RDS manages is a real one, and rotating it changes the role."""

    def generate(self: Any) -> str:
        return managed_secret(self.resource.master_username or "postgres")

    def rotate(self: Any) -> None:
        self._status = "rotating"
        password = new_password()
        value = {"username": self.resource.master_username, "password": password}
        self.secretsmanager.put_secret_value(
            secret_id=self.secret.arn,
            secret_string=json.dumps(value),
            secret_binary="",
            client_request_token=new_password(),
            version_stages=["AWSCURRENT"],
        )
        if hasattr(self.resource, "moyai_address"):
            databases.change_password(self.resource, password)

    replace(MasterUserSecret, "_generate_secret_string", generate)
    replace(MasterUserSecret, "rotate_secret", rotate)
