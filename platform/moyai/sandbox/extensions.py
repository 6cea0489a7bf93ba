"""Everything that is changed in moto, in one place.

moto records resources; the embedded cloud also gives some of them a body: an RDS cluster of a
PostgreSQL engine is a PostgreSQL server. Each change names what it rests on, and
`tests/sandbox/cloud/test_moto_contract.py` fails where a new moto no longer has that.
"""

from __future__ import annotations

import copy
import json
from types import SimpleNamespace
from typing import Any

import moto.kms.utils
import moto.s3.models
from moto.core.common_models import BaseModel
from moto.ec2.models.elastic_network_interfaces import NetworkInterface
from moto.ecs.models import EC2ContainerServiceBackend
from moto.rds.exceptions import RDSClientError
from moto.rds.models import DBCluster, DBInstanceClustered, MasterUserSecret, RDSBackend

from moyai.sandbox.backends import master_password
from moyai.sandbox.databases import (
    POSTGRES_ENGINES,
    ClusterDatabases,
    managed_secret,
    new_password,
)
from moyai.sandbox.keeping.objects import Body
from moyai.sandbox.postgres.fleet import is_reserved
from moyai.sandbox.tasks import TaskRunner, forget_old, is_job

_KEY_ID_SIGNS = 40


def extend(databases: ClusterDatabases, tasks: TaskRunner) -> None:
    """Change moto in this process. Called once, before the first request."""
    _forget_instances()
    _give_clusters_databases(databases)
    _show_addresses()
    _make_master_passwords(databases)
    _run_jobs(tasks)
    _keep_objects()
    _decrypt_with_regional_keys()


def _replace(owner: Any, name: str, new: Any) -> Any:
    """Put something in place of an attribute; what was there before. AttributeError where a new
    moto has nothing of that name."""
    old = getattr(owner, name)
    setattr(owner, name, new)
    return old


def _forget_instances() -> None:
    """moto keeps every object ever made in a list of its class, deleted ones too; a cloud that runs
    for weeks must not. Only moto's own dashboard and its reset read those lists."""

    def new(cls: type, *_args: Any, **_kwargs: Any) -> Any:
        return object.__new__(cls)

    _replace(BaseModel, "__new__", new)


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

    _replace(RDSBackend, "create_db_cluster", create_db_cluster)
    _replace(RDSBackend, "delete_db_cluster", delete_db_cluster)
    _replace(RDSBackend, "modify_db_cluster", modify_db_cluster)
    _replace(RDSBackend, "start_db_cluster", start_db_cluster)
    _replace(RDSBackend, "stop_db_cluster", stop_db_cluster)
    _replace(RDSBackend, "restore_db_cluster_from_snapshot", restore)


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

    old_endpoint = _replace(DBCluster, "endpoint", property(endpoint))
    old_reader = _replace(DBCluster, "reader_endpoint", property(reader_endpoint))
    old_address = _replace(DBInstanceClustered, "address", property(address))
    old_instance = _replace(DBInstanceClustered, "endpoint", property(instance_endpoint))


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

    _replace(MasterUserSecret, "_generate_secret_string", generate)
    _replace(MasterUserSecret, "rotate_secret", rotate)


def _run_jobs(runner: TaskRunner) -> None:
    """Tasks of the jobs' image are run; `describe_tasks` tells how far they are."""

    def run_task(self: Any, cluster: str, definition: str, *rest: Any, **more: Any) -> Any:
        tasks = old_run(self, cluster, definition, *rest, **more)
        found = self.describe_task_definition(definition)
        if is_job(found.container_definitions[0].get("image") or ""):
            for name in self.tasks:
                forget_old(self.tasks[name])
            for task in tasks:
                runner.submit(task, found)
        return tasks

    def stop_task(self: Any, cluster: str, task: str, reason: str) -> Any:
        name = self._get_cluster(cluster).name
        number = task.rpartition("/")[2]
        for found in self.tasks.get(name, {}).values():
            if found.id == number and getattr(found, "moyai_job", False):
                if found.last_status != "STOPPED":
                    runner.stop(found, reason or "Task stopped by user")
                return found
        return old_stop(self, cluster, task, reason)

    # moto names an interface only in a network that has DNS host names, but reads the name always.
    NetworkInterface.private_dns_name = ""

    def requirements(definition: Any) -> Any:
        # On Fargate a container need not say its memory; moto adds it up all the same.
        sized = copy.copy(definition)
        sized.container_definitions = [
            container if "memoryReservation" in container else {"memory": 0, **container}
            for container in definition.container_definitions
        ]
        return old_requirements(sized)

    old_run = _replace(EC2ContainerServiceBackend, "run_task", run_task)
    old_stop = _replace(EC2ContainerServiceBackend, "stop_task", stop_task)
    old_requirements = _replace(
        EC2ContainerServiceBackend,
        "_calculate_task_resource_requirements",
        staticmethod(requirements),
    )


def _keep_objects() -> None:
    """Contents of S3 objects go into the object store instead of unnamed temporary files."""
    _replace(moto.s3.models, "tempfile", SimpleNamespace(SpooledTemporaryFile=Body))


def _decrypt_with_regional_keys() -> None:
    """Ciphertexts name their key in 40 signs. moto keeps 36, which cuts a multi-Region key's id, so
    that neither the key nor its replica could decrypt what the key encrypted."""
    utils = moto.kms.utils
    cut = utils.KEY_ID_LEN
    header = utils.CIPHERTEXT_HEADER_FORMAT.replace(f"{cut}s", f"{_KEY_ID_SIGNS}s", 1)
    _replace(utils, "HEADER_LEN", utils.HEADER_LEN - cut + _KEY_ID_SIGNS)
    _replace(utils, "CIPHERTEXT_HEADER_FORMAT", header)

    def deserialize(ciphertext_blob: bytes) -> Any:
        found = old(ciphertext_blob)
        return found._replace(key_id=found.key_id.rstrip("\0"))

    old = _replace(utils, "_deserialize_ciphertext_blob", deserialize)
