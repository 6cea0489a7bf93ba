"""Operations on a small federation carried without workers, and their effects looked at from outside."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import psycopg
import sqlalchemy as sa
from federations import Federation
from tests.planned import create
from tests.sandbox.hands import begin, register

from moyai.engine.stacks import StackId
from moyai.engine.state.records import StackRecord
from moyai.operations.database.connecting import open_engine
from moyai.operations.database.opening import login_url, operations_engine
from moyai.operations.database.reading import debts, shown, steps
from moyai.operations.database.rows import BodyRow
from moyai.operations.database.writing import retry
from moyai.operations.durable.carrying.body import Carrying
from moyai.operations.durable.carrying.ledger import Ended, Ledger, Next, Taken
from moyai.operations.inside.jobs import Inside
from moyai.operations.kinds.site import SiteSource
from moyai.operations.kinds.table import kind_of
from moyai.operations.kinds.upgrade.change import changes_of
from moyai.operations.site.places import today
from moyai.planning.fleet.marks import parameters_of
from moyai.planning.fleet.plans import (
    Limits,
    OperationPlan,
    PlannedBody,
    PlannedWave,
)
from moyai.planning.topology import TENANT

A, B, NONE = "272027", "272043", "273813"
"""岸和田市 and 池田市 have e-application B and chat, 太子町 has nothing."""
EAPP = "eapp-b"
Between = Callable[[str | None, str | None], None]
"""Told at each boundary the step that has ended and the step that follows."""


def _nothing(ended: str | None, following: str | None) -> None:
    """Let it go on."""


class Watched(Ledger):
    """A ledger that tells of each boundary."""

    def __init__(self, ledger: Ledger, between: Between, after: Between) -> None:
        super().__init__(ledger._engine, ledger._worker)
        self._real, self._between, self._after = ledger, between, after

    def go_on(self, taken: Taken, ended: Ended | None, following: Next | None) -> str:
        names = (ended and ended.name, following and following.name)
        self._between(*names)
        answer = self._real.go_on(taken, ended, following)
        self._after(*names)
        return answer

    def hand_over(self, *given: Any) -> str:
        *_, ended, following = given
        names = (ended and ended.name, following.name)
        self._between(*names)
        answer = self._real.hand_over(*given)
        self._after(*names)
        return answer

    def finish(self, *arguments: Any, **named: Any) -> None:
        ended = named.get("ended")
        self._between(ended and ended.name, None)
        self._real.finish(*arguments, **named)


def at(step: str, act: Callable[[], object]) -> Between:
    """Do something once, before a step begins."""
    done: list[str] = []

    def between(_: str | None, following: str | None) -> None:
        if following == step and not done:
            done.append(step)
            act()

    return between


@contextmanager
def unchanged(federation: Federation) -> Iterator[None]:
    """Put tenants.yaml back afterwards."""
    before = federation.file.read_bytes()
    try:
        yield
    finally:
        federation.file.write_bytes(before)


def frozen(federation: Federation) -> None:
    """Have all bodies frozen from today on, for some days."""
    first, last = today(), today() + timedelta(days=3)
    entry = f"    - {{ first: {first}, last: {last}, reason: 点検 }}\n"
    federation.edit("freezes:\n", f"freezes:\n{entry}")


@contextmanager
def open_office(federation: Federation) -> Iterator[Office]:
    """In a process whose MOYAI_HOME is the federation's."""
    source = SiteSource(federation.file, "sandbox")
    workspace = source.session().workspace
    with operations_engine(workspace) as operator:
        worker = open_engine(login_url(workspace, "moyai_worker"))
        register(worker)
        yield Office(federation, source, operator, worker)
        worker.dispose()


@dataclass
class Office:
    """The federation, its operations database, and what carries bodies."""

    federation: Federation
    source: SiteSource
    operator: sa.Engine
    worker: sa.Engine

    def told_back(self, operation: str, code: str) -> dict[str, list[str]]:
        """What a report says of the steps of a body's last attempt."""
        found = self.federation.ok("operation", "report", operation, "-o", "json").json()
        [body] = [one for one in found["bodies"] if one["code"] == code]
        return {
            one: body[one] for one in ("taken_back", "stays", "not_known", "nothing_to_take_back")
        }

    def plan(
        self,
        release: str,
        *codes: str,
        service: str = EAPP,
        risks: tuple[str, ...] = (),
        soak: int = 0,
    ) -> str:
        """Put an upgrade on record."""
        changes = changes_of(self.source.session(), codes, service, release, today())
        bodies = tuple(
            PlannedBody(code, code, 1, changes[code].sha256, changes[code].texts, 60, None, risks)
            for code in codes
        )
        given: dict[str, Any] = {"service": service, "release": release, "soak_seconds": soak}
        given |= parameters_of(changes[code].marks for code in codes)
        return self.put("upgrade", f"{service} {release}", given, bodies)

    def put(
        self, kind: str, subject: str, given: dict[str, Any], bodies: tuple[PlannedBody, ...]
    ) -> str:
        """Put an operation on record."""
        waves = (PlannedWave(1, "all", Limits(1, 0, "soft"), 0),)
        who, now = "keikaku@jimukyoku.example.jp", datetime.now(UTC)
        plan = OperationPlan(kind, subject, given, "sandbox", "", who, now, waves, bodies, 0, 0)
        with self.operator.begin() as connection:
            return create(connection, plan, None)

    def carry(
        self,
        operation: str,
        code: str,
        between: Between = _nothing,
        after: Between = _nothing,
        cleared: Iterable[str] = (),
    ) -> BodyRow:
        """Begin a body where it waits, else take it over, and carry it to its end."""
        if self.body(operation, code).status == "waiting":
            assert begin(self.worker, operation, code)
        body, plan = self.body(operation, code), self.planned(operation)
        ledger = Ledger(self.worker, "w1")
        taken = ledger.take(operation, code, body.attempts)
        assert taken is not None
        Carrying(
            Watched(ledger, between, after),
            kind_of(plan.kind, self.source),
            plan,
            plan.body(code),
            taken,
            frozenset(cleared),
        ).run()
        return self.body(operation, code)

    def bring(self, code: str, release: str) -> None:
        """Have a body run a release, where it does not yet."""
        if self.record(code).releases[EAPP] != release:
            assert self.carry(self.plan(release, code), code).status == "done"

    def again(self, operation: str, code: str) -> None:
        """Have a body begun again, as `moyai operation retry`."""
        with self.operator.begin() as connection:
            retry(connection, operation, [code], "operator:keikaku@jimukyoku.example.jp")

    def planned(self, operation: str) -> OperationPlan:
        with self.operator.connect() as connection:
            return shown(connection, operation).plan

    def body(self, operation: str, code: str) -> BodyRow:
        with self.operator.connect() as connection:
            return next(one for one in shown(connection, operation).bodies if one.code == code)

    def steps(self, operation: str, code: str) -> list[tuple[int, str, str]]:
        with self.operator.connect() as connection:
            return [
                (one.attempt, one.step, one.status) for one in steps(connection, operation, code)
            ]

    def owed(self) -> set[tuple[str, str]]:
        with self.operator.connect() as connection:
            return {(one.code, one.subject) for one in debts(connection)}

    def record(self, code: str) -> StackRecord:
        return self.source.session().state.record(StackId(TENANT, code))

    def inside(self) -> Inside:
        workspace = self.source.session().workspace
        return Inside(workspace.site, workspace.runtime.environment())

    def all_outputs(self, code: str) -> dict[str, Any]:
        return dict(self.source.session().state.outputs(StackId(TENANT, code)))

    def outputs(self, code: str, service: str = EAPP) -> dict[str, Any]:
        return dict(self.all_outputs(code)["services"][service])

    def aws(self, service: str) -> Any:
        given = self.source.session().workspace.runtime.environment()
        return boto3.session.Session().client(
            service,
            endpoint_url=given["AWS_ENDPOINT_URL"],
            aws_access_key_id=given["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=given["AWS_SECRET_ACCESS_KEY"],
            region_name=given["AWS_REGION"],
        )

    def image(self, code: str, service: str = EAPP) -> str:
        """The release of the image that the service's task definition has, as AWS tells it."""
        ecs = self.aws("ecs")
        arns = ecs.list_task_definitions(
            familyPrefix=f"osaka-{code}-{service}", sort="DESC", status="ACTIVE"
        )["taskDefinitionArns"]
        newest = next(arn for arn in arns if f"/osaka-{code}-{service}:" in arn)
        found = ecs.describe_task_definition(taskDefinition=newest)["taskDefinition"]
        return str(found["containerDefinitions"][0]["image"]).rpartition(":")[2]

    @contextmanager
    def sql(self, code: str, role: str = "app", service: str = EAPP) -> Iterator[Any]:
        """A connection as the application or as the owner."""
        about = self.outputs(code, service)
        secret = self.aws("secretsmanager").get_secret_value(SecretId=about[f"{role}_secret_arn"])
        login = json.loads(secret["SecretString"])
        with closing(
            psycopg.connect(
                host=about["database_host"],
                port=about["database_port"],
                dbname=about["database"],
                user=login["username"],
                password=login["password"],
                autocommit=True,
            )
        ) as connection:
            yield connection

    def write(self, code: str, procedure: str) -> None:
        """A row of the application's. Raises where writes are closed."""
        with self.sql(code) as app:
            app.execute(
                "INSERT INTO procedure (code, title, section, form) VALUES (%s, 'a', 'b', '{}') "
                "ON CONFLICT DO NOTHING",
                (procedure,),
            )

    def delete(self, code: str, procedure: str) -> None:
        with self.sql(code) as app:
            app.execute("DELETE FROM procedure WHERE code = %s", (procedure,))

    def procedures(self, code: str) -> set[str]:
        with self.sql(code) as app:
            return {row[0] for row in app.execute("SELECT code FROM procedure").fetchall()}

    def revisions(self, code: str, service: str = EAPP) -> int:
        """How many task definitions the service ever had."""
        ecs, name = self.aws("ecs"), f"/osaka-{code}-{service}:"
        found = [
            arn
            for status in ("ACTIVE", "INACTIVE")
            for arn in ecs.list_task_definitions(status=status)["taskDefinitionArns"]
        ]
        return len([arn for arn in found if name in arn])

    def locks(self) -> list[str]:
        """Locks of stacks that are held."""
        return [str(path) for path in self.federation.home.glob("**/.pulumi/locks/**/*.json")]

    def schema(self, code: str, service: str = EAPP) -> list[int]:
        """Versions on record in the body's database, one a migration that was applied."""
        with self.sql(code, service=service) as app:
            rows = app.execute("SELECT version FROM moyai_migration ORDER BY applied_at, version")
            return [row[0] for row in rows.fetchall()]

    def is_open(self, code: str, service: str = EAPP) -> bool:
        """Whether the application can write."""
        table = {EAPP: "procedure", "chat": "workspace"}[service]
        with self.sql(code, service=service) as app:
            try:
                app.execute(f"DELETE FROM {table} WHERE false")
            except psycopg.errors.ReadOnlySqlTransaction:
                return False
        return True

    def databases(self, code: str, service: str = EAPP) -> set[str]:
        with self.sql(code, service=service) as app:
            name = self.outputs(code, service)["database"]
            rows = app.execute(
                "SELECT datname FROM pg_database WHERE datname LIKE %s", (f"{name}%",)
            )
            return {row[0].removeprefix(name) for row in rows.fetchall()}

    def backups(self, code: str, operation: str, service: str = EAPP) -> list[str]:
        """The attempts of which there is a backup's manifest."""
        found = self.aws("s3").list_objects_v2(
            Bucket=f"osaka-{code}-backups-123456789012", Prefix=f"backups/{service}/"
        )
        keys = (one["Key"] for one in found.get("Contents", ()))
        head = f"-{operation}-"
        return sorted(
            key.partition(head)[2].removesuffix(".json")
            for key in keys
            if head in key and key.endswith(".json")
        )

    def put_object(self, code: str, service: str = EAPP) -> None:
        """The application writes an object."""
        bucket = self.outputs(code, service)["documents_bucket"]
        self.aws("s3").put_object(Bucket=bucket, Key=f"{service}/late", Body=b"late")
