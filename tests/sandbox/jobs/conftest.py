"""Bodies whose databases lie in clusters of the running sandbox; jobs run in this process or as tasks."""

from __future__ import annotations

import io
import json
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, redirect_stdout
from dataclasses import dataclass, field
from typing import Any

import boto3
import psycopg
import pytest
from tests.sample import SERVICES

from moyai.engine.sites import EmbeddedSite
from moyai.job_target import JobTarget, KnownTarget
from moyai.jobs import results, runner
from moyai.jobs.submit import JobResult, run
from moyai.sandbox.postgres.binaries import programs


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
        code = f"9{secrets.randbelow(10**9):09}"
        name = f"{service.replace('-', '_')}_{code}"
        store = self.aws("secretsmanager")
        arns = [
            store.create_secret(Name=f"moyai/{code}/{service}/{role}")["ARN"]
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
            # The sandbox gives its tasks pg_dump and pg_restore, as the image has them.
            "PATH": str(programs()),
            **self.more,
            **given,
        }

    def variables(self, **given: str) -> dict[str, str]:
        """The environment without what the sandbox itself gives to a task."""
        own = self.environment(**given)
        return {name: own[name] for name in own.keys() - {*self.cluster.site.environment(), "PATH"}}

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


@dataclass(frozen=True)
class Tasks:
    """Task definitions of jobs in the sandbox's ECS, as the stacks make them."""

    session: boto3.Session
    target: KnownTarget
    region: str
    endpoint: str

    def run(self, verb: str, environment: Mapping[str, str], **given: Any) -> JobResult:
        return run(
            self.session,
            self.target,
            verb,
            environment,
            region=self.region,
            endpoint_url=self.endpoint,
            **given,
        )


def make_tasks(site: EmbeddedSite, aws: Callable[..., Any], name: str) -> Tasks:
    region = "ap-northeast-1"
    role = aws("iam").create_role(RoleName=name, AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    subnet = aws("ec2").describe_subnets()["Subnets"][0]
    group = aws("ec2").create_security_group(
        GroupName=name, Description=name, VpcId=subnet["VpcId"]
    )["GroupId"]
    aws("logs").create_log_group(logGroupName=f"/{name}")
    cluster_arn = aws("ecs").create_cluster(clusterName=name)["cluster"]["clusterArn"]
    options = {
        "awslogs-group": f"/{name}",
        "awslogs-region": region,
        "awslogs-stream-prefix": "job",
    }
    definition = aws("ecs").register_task_definition(
        family=name,
        networkMode="awsvpc",
        requiresCompatibilities=["FARGATE"],
        cpu="256",
        memory="512",
        taskRoleArn=role,
        executionRoleArn=role,
        containerDefinitions=[
            {
                "name": "job",
                "image": "registry.example/moyai-jobs:0.1.0",
                "essential": True,
                "logConfiguration": {"logDriver": "awslogs", "options": options},
            }
        ],
    )["taskDefinition"]["taskDefinitionArn"]
    variables = site.environment()
    session = boto3.Session(
        aws_access_key_id=variables["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=variables["AWS_SECRET_ACCESS_KEY"],
        region_name=region,
    )
    target = JobTarget(
        cluster_arn=cluster_arn,
        task_definition_arn=definition,
        subnets=(subnet["SubnetId"],),
        security_groups=(group,),
        log_group=f"/{name}",
        stream_prefix="job",
    )
    return Tasks(session, target, region, variables["AWS_ENDPOINT_URL"])


@pytest.fixture(scope="session")
def tasks(sandbox: EmbeddedSite, aws: Callable[..., Any]) -> Tasks:
    return make_tasks(sandbox, aws, "jobs")
