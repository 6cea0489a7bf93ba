from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from botocore.exceptions import ClientError
from psycopg import errors

from moyai.engine.sites import EmbeddedSite
from moyai.sandbox.postgres.instance import Instance, instances
from moyai.sandbox.postgres.roles import connect
from moyai.sandbox.processes import wait_until

MASTER = "moyai_master"
ENGINE = {"Engine": "aurora-postgresql", "MasterUsername": MASTER}


@dataclass(frozen=True)
class Server:
    """A cluster's database server as its master reaches it."""

    name: str
    host: str
    port: int
    password: str

    def connect(
        self, user: str = MASTER, password: str | None = None, database: str = "postgres"
    ) -> psycopg.Connection:
        return psycopg.connect(
            host=self.host,
            port=self.port,
            user=user,
            password=self.password if password is None else password,
            dbname=database,
            autocommit=True,
            connect_timeout=5,
        )


def secret(aws: Callable[..., Any], cluster: dict[str, Any]) -> dict[str, str]:
    value = aws("secretsmanager").get_secret_value(
        SecretId=cluster["MasterUserSecret"]["SecretArn"]
    )
    found: dict[str, str] = json.loads(value["SecretString"])
    return found


def describe(aws: Callable[..., Any], name: str) -> dict[str, Any]:
    return dict(aws("rds").describe_db_clusters(DBClusterIdentifier=name)["DBClusters"][0])


def instance_of(sandbox: EmbeddedSite, port: int) -> Instance:
    found = instances(sandbox.home / "cloud" / "postgres")
    return next(i for i in found if i.port == port)


@pytest.fixture(scope="module")
def server(aws: Callable[..., Any]) -> Iterator[Server]:
    aws("rds").create_db_cluster(
        DBClusterIdentifier="managed",
        DatabaseName="first",
        ManageMasterUserPassword=True,
        DeletionProtection=True,
        **ENGINE,
    )
    cluster = describe(aws, "managed")
    login = secret(aws, cluster)
    assert login["username"] == MASTER
    yield Server("managed", cluster["Endpoint"], cluster["Port"], login["password"])
    aws("rds").modify_db_cluster(DBClusterIdentifier="managed", DeletionProtection=False)
    aws("rds").delete_db_cluster(DBClusterIdentifier="managed", SkipFinalSnapshot=True)


def test_a_cluster_is_a_server_at_its_endpoint(aws: Callable[..., Any], server: Server) -> None:
    cluster = describe(aws, server.name)
    assert (server.host, cluster["ReaderEndpoint"]) == ("127.0.0.1", "127.0.0.1")
    with closing(server.connect()) as connection:
        version = connection.info.server_version
    assert version >= 180000


def test_members_answer_at_the_clusters_endpoint(aws: Callable[..., Any], server: Server) -> None:
    aws("rds").create_db_instance(
        DBInstanceIdentifier="member",
        DBClusterIdentifier=server.name,
        Engine="aurora-postgresql",
        DBInstanceClass="db.serverless",
    )
    found = aws("rds").describe_db_instances(DBInstanceIdentifier="member")["DBInstances"][0]
    aws("rds").delete_db_instance(DBInstanceIdentifier="member", SkipFinalSnapshot=True)
    assert found["Endpoint"]["Address"] == server.host
    assert found["Endpoint"]["Port"] == server.port


def test_the_master_is_no_superuser_but_makes_databases(server: Server) -> None:
    with closing(server.connect()) as connection:
        run = connection.execute
        row = run(
            "SELECT rolsuper, rolcreatedb, rolcreaterole, rolbypassrls, rolreplication"
            " FROM pg_roles WHERE rolname = current_user"
        ).fetchone()
        assert row == (False, True, True, False, False)
        run("CREATE ROLE body_owner LOGIN PASSWORD 'x'")
        with pytest.raises(errors.InsufficientPrivilege):
            run("CREATE DATABASE body OWNER body_owner")
        run(f"GRANT body_owner TO {MASTER} WITH SET TRUE")
        run("CREATE DATABASE body OWNER body_owner")
        with pytest.raises(errors.InsufficientPrivilege):
            run("COPY (SELECT 1) TO PROGRAM 'true'")
        with pytest.raises(errors.InsufficientPrivilege):
            run("SELECT * FROM pg_authid")


def test_a_wrong_password_is_refused(server: Server) -> None:
    for user, password in ((MASTER, "wrong"), ("rdsadmin", ""), ("nobody", "x")):
        with pytest.raises(psycopg.OperationalError, match=r"authentication failed|no password"):
            server.connect(user, password)


def test_no_role_comes_into_the_databases_that_are_there(server: Server) -> None:
    with closing(server.connect()) as connection:
        connection.execute("CREATE ROLE stranger LOGIN PASSWORD 'pw'")
    for database in ("postgres", "template1", "first"):
        with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
            server.connect("stranger", "pw", database)
        with closing(server.connect(database=database)) as connection:
            assert connection.info.dbname == database


def test_passwords_are_kept_as_verifiers_and_in_no_log(
    sandbox: EmbeddedSite, server: Server
) -> None:
    instance = instance_of(sandbox, server.port)
    with closing(connect(instance)) as connection:
        row = connection.execute(
            "SELECT rolpassword FROM pg_authid WHERE rolname = %s", (MASTER,)
        ).fetchone()
        with pytest.raises(errors.UndefinedObject):
            connection.execute("ALTER ROLE absent PASSWORD 'planted-marker'")
    assert row is not None
    assert str(row[0]).startswith("SCRAM-SHA-256$")
    log = instance.log.read_text()
    assert server.password not in log
    assert "planted-marker" not in log


def test_a_protected_cluster_is_not_deleted(aws: Callable[..., Any], server: Server) -> None:
    with pytest.raises(ClientError, match="protected"):
        aws("rds").delete_db_cluster(DBClusterIdentifier=server.name, SkipFinalSnapshot=True)
    with closing(server.connect()) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_a_name_is_given_once_and_not_to_the_provider(
    aws: Callable[..., Any], server: Server
) -> None:
    create = aws("rds").create_db_cluster
    with pytest.raises(ClientError, match="already exists"):
        create(DBClusterIdentifier=server.name, ManageMasterUserPassword=True, **ENGINE)
    with pytest.raises(ClientError, match="reserved"):
        create(
            DBClusterIdentifier="reserved",
            Engine="aurora-postgresql",
            MasterUsername="rdsadmin",
            ManageMasterUserPassword=True,
        )


def test_a_server_that_was_killed_comes_back_with_its_data(
    sandbox: EmbeddedSite, server: Server
) -> None:
    instance = instance_of(sandbox, server.port)
    with closing(server.connect()) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
        identity = instance.identity()
        assert identity is not None
        os.kill(identity.pid, signal.SIGKILL)
    assert wait_until(lambda: instance.is_ready() and instance.identity() != identity, 20)
    with closing(server.connect()) as connection:
        assert connection.execute("SELECT answer FROM kept").fetchone() == (42,)


def test_rotating_the_managed_password_changes_it(aws: Callable[..., Any], server: Server) -> None:
    aws("rds").modify_db_cluster(
        DBClusterIdentifier=server.name, RotateMasterUserPassword=True, ApplyImmediately=True
    )
    password = secret(aws, describe(aws, server.name))["password"]
    assert password != server.password
    with closing(server.connect(password=password)) as connection:
        assert connection.info.user == MASTER
        connection.execute(f"ALTER ROLE {MASTER} PASSWORD '{server.password}'")


def test_a_given_password_works_and_a_deleted_cluster_leaves_nothing(
    aws: Callable[..., Any], sandbox: EmbeddedSite
) -> None:
    rds = aws("rds")
    rds.create_db_cluster(DBClusterIdentifier="plain", MasterUserPassword="first-word", **ENGINE)
    cluster = describe(aws, "plain")
    server = Server("plain", cluster["Endpoint"], cluster["Port"], "first-word")
    instance = instance_of(sandbox, server.port)
    with closing(server.connect()) as connection:
        assert connection.info.user == MASTER
    rds.modify_db_cluster(DBClusterIdentifier="plain", MasterUserPassword="second-word")
    with pytest.raises(psycopg.OperationalError, match="authentication failed"):
        server.connect()
    server.connect(password="second-word").close()
    identity = instance.identity()
    assert identity is not None
    rds.delete_db_cluster(DBClusterIdentifier="plain", SkipFinalSnapshot=True)
    assert not identity.is_alive()
    assert wait_until(lambda: not instance.folder.exists(), 5)


def test_a_stopped_cluster_starts_again_where_it_was(aws: Callable[..., Any]) -> None:
    rds = aws("rds")
    rds.create_db_cluster(DBClusterIdentifier="resting", MasterUserPassword="some-word", **ENGINE)
    cluster = describe(aws, "resting")
    cluster = describe(aws, "resting")
    server = Server("resting", cluster["Endpoint"], cluster["Port"], "some-word")
    rds.stop_db_cluster(DBClusterIdentifier="resting")
    with pytest.raises(psycopg.OperationalError, match="refused"):
        server.connect()
    rds.start_db_cluster(DBClusterIdentifier="resting")
    server.connect().close()
    rds.delete_db_cluster(DBClusterIdentifier="resting", SkipFinalSnapshot=True)


def test_a_cluster_of_another_engine_is_only_recorded(aws: Callable[..., Any]) -> None:
    aws("rds").create_db_cluster(
        DBClusterIdentifier="other",
        Engine="aurora-mysql",
        MasterUsername="admin",
        MasterUserPassword="some-word",
    )
    assert describe(aws, "other")["Endpoint"].endswith("amazonaws.com")


def test_the_operations_database_is_one_of_its_own(sandbox: EmbeddedSite, tmp_path: Path) -> None:
    url = sandbox.operations_database()
    assert "password" not in url
    with closing(psycopg.connect(url)) as connection:
        row = connection.execute(
            "SELECT current_database(), current_setting('fsync'), rolsuper"
            " FROM pg_roles WHERE rolname = current_user"
        ).fetchone()
    assert row == ("operations", "on", False)
