"""Bodies whose databases lie in clusters of the running sandbox; jobs run in this process or as tasks."""

from __future__ import annotations

import io
import itertools
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import pytest

from moyai.engine.sites import EmbeddedSite
from moyai.jobs import results, runner

SERVICES = Path(__file__).resolve().parents[3] / "stacks" / "services"
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Cluster:
    """A PostgreSQL cluster of the sandbox, and the AWS beside it."""

    aws: Callable[..., Any]
    site: EmbeddedSite
    host: str
    port: int
    master_secret: str

    def master(self, database: str = "postgres") -> psycopg.Connection[Any]:
        return self.connect(self.secret(self.master_secret), database)

    def connect(self, login: Mapping[str, str], database: str) -> psycopg.Connection[Any]:
        return psycopg.connect(
            host=self.host,
            port=self.port,
            user=login["username"],
            password=login["password"],
            dbname=database,
            autocommit=True,
        )

    def secret(self, arn: str) -> dict[str, str]:
        value = self.aws("secretsmanager").get_secret_value(SecretId=arn)["SecretString"]
        return json.loads(value)

    def may_connect(self, login: Mapping[str, str], database: str) -> bool:
        try:
            self.connect(login, database).close()
        except psycopg.OperationalError as error:
            if "permission denied for database" not in str(error):
                raise
            return False
        return True

    def body(self, service: str = "eapp-b") -> Body:
        """A body that nobody else has, with empty secrets and a bucket."""
        code = f"9{next(_numbers):05}"
        name = f"{service.replace('-', '_')}_{code}"
        secrets = self.aws("secretsmanager")
        arns = [
            secrets.create_secret(Name=f"moyai/{code}/{service}/{role}")["ARN"]
            for role in ("owner", "app")
        ]
        bucket = f"jobs-{code}-documents"
        self.aws("s3").create_bucket(
            Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "ap-northeast-1"}
        )
        return Body(self, service, name, arns[0], arns[1], bucket)


@dataclass(frozen=True)
class Body:
    """One body's subscription of one service."""

    cluster: Cluster
    service: str
    name: str
    owner_secret: str
    app_secret: str
    bucket: str
    more: dict[str, str] = field(default_factory=dict)

    @property
    def owner(self) -> str:
        return f"{self.name}_owner"

    @property
    def app(self) -> str:
        return f"{self.name}_app"

    def environment(self, **given: str) -> dict[str, str]:
        return {
            **self.cluster.site.environment(),
            "DATABASE_HOST": self.cluster.host,
            "DATABASE_PORT": str(self.cluster.port),
            "DATABASE_NAME": self.name,
            "DATABASE_SSLMODE": "disable",
            "DATABASE_CONNECTION_LIMIT": "8",
            "OWNER_ROLE": self.owner,
            "APP_ROLE": self.app,
            "MASTER_SECRET": self.cluster.master_secret,
            "OWNER_SECRET": self.owner_secret,
            "APP_SECRET": self.app_secret,
            "SERVICE": self.service,
            "RELEASE": "1.0.0",
            "SCHEMA_VERSION": "1",
            "SERVICES_DIR": str(SERVICES),
            "DOCUMENTS_BUCKET": self.bucket,
            "OBJECT_PREFIX": f"{self.service}/",
            **self.more,
            **given,
        }

    def run(self, verb: str, **given: str) -> tuple[int, dict[str, Any]]:
        """Run the inside half here: exit code and result."""
        output = io.StringIO()
        with redirect_stdout(output):
            code = runner.run([verb], self.environment(**given))
        found = results.find(output.getvalue().splitlines())
        assert found is not None
        return code, found

    def done(self, verb: str, **given: str) -> dict[str, Any]:
        """Run a job that must end well."""
        code, result = self.run(verb, **given)
        assert (code, result["ok"]) == (0, True), result
        return result

    def login(self, role: str) -> dict[str, str]:
        return self.cluster.secret(self.owner_secret if role == "owner" else self.app_secret)

    def as_app(self) -> psycopg.Connection[Any]:
        return self.cluster.connect(self.login("app"), self.name)

    def as_owner(self) -> psycopg.Connection[Any]:
        return self.cluster.connect(self.login("owner"), self.name)


def make_cluster(site: EmbeddedSite, aws: Callable[..., Any], name: str) -> Cluster:
    made = aws("rds").create_db_cluster(
        DBClusterIdentifier=name,
        Engine="aurora-postgresql",
        MasterUsername="moyai_master",
        ManageMasterUserPassword=True,
    )["DBCluster"]
    return Cluster(aws, site, made["Endpoint"], made["Port"], made["MasterUserSecret"]["SecretArn"])


@pytest.fixture(scope="session")
def cluster(sandbox: EmbeddedSite, aws: Callable[..., Any]) -> Cluster:
    return make_cluster(sandbox, aws, "jobs")


@pytest.fixture
def body(cluster: Cluster) -> Body:
    return cluster.body()


@pytest.fixture
def created(body: Body) -> Iterator[Body]:
    body.done("database-create")
    yield body
    body.done("database-delete")


def rows(connection: psycopg.Connection[Any], query: str) -> list[Any]:
    """All rows of a query on a connection that is closed afterwards."""
    with closing(connection):
        return connection.execute(query).fetchall()  # type: ignore[arg-type]  # a test's own words
