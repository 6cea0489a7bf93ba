"""`health`: whether a service can work, tried with its own role's credentials and its task role."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import psycopg
from botocore.exceptions import BotoCoreError, ClientError
from psycopg.sql import SQL

from moyai.jobs.aws import Cloud, call_failed
from moyai.jobs.connections import Connection, connect, statement_failed
from moyai.jobs.credentials import SecretStore
from moyai.jobs.migrations import Migration, read_migrations
from moyai.jobs.probes import read_probes
from moyai.jobs.results import AWAY, Fields, JobError
from moyai.jobs.settings import HealthJob
from moyai.service_probes import Probe
from moyai.texts import Lang, Text, document_of

_SESSION: Mapping[str, str] = {"client_min_messages": "error"}
_PERMISSION_DENIED = "42501"
_SHOWN = 3
"""Failed checks that are told with their reasons; all are in the result."""


class _NotHealthy(Exception):
    def __init__(self, code: str, why: Text) -> None:
        super().__init__(why.en)
        self.code = code
        self.why = why


@dataclass
class _Report:
    """Named checks as they come: ok or failed with its reason, each with its time."""

    checks: list[dict[str, Any]] = field(default_factory=list)

    def run(self, name: str, check: Callable[[], Any]) -> Any:
        """Run one check; its value, or None where it failed."""
        begin = time.perf_counter()
        value, found = None, {}
        try:
            value = check()
        except JobError as error:
            if AWAY in error.fields:
                raise  # nothing was learnt of the service
            found = {"code": error.code, "reason": document_of(error.what)}
        except _NotHealthy as error:
            found = {"code": error.code, "reason": document_of(error.why)}
        milliseconds = round((time.perf_counter() - begin) * 1000, 1)
        self.checks.append({"name": name, "ok": not found, "ms": milliseconds, **found})
        return value

    @property
    def failed(self) -> list[dict[str, Any]]:
        return [check for check in self.checks if not check["ok"]]

    def why(self) -> Text:
        """The first that failed, each with its reason, and how many more there are."""
        shown = self.failed[:_SHOWN]
        more = len(self.failed) - len(shown)

        def line(lang: Lang, rest: str) -> str:
            told = [f"{check['name']}: {check['reason'][lang]}" for check in shown]
            return " / ".join([*told, rest] if more else told)

        return Text(line("ja", f"ほか {more} 件"), line("en", f"{more} more"))


def check(job: HealthJob, cloud: Cloud) -> Fields:
    """Try everything, whatever failed before it; all checks are in the result.

    Raises `JobError` `unhealthy` where one failed; of a database that does not answer, that alone.
    """
    migrations, probes = read_migrations(job.folder), read_probes(job.folder)
    report = _Report()
    connection = report.run("connect", lambda: _connect(job, cloud))
    if connection is not None:
        with closing(connection):
            _check_database(job, connection, migrations, probes, report)
    _check_objects(job, cloud, report)
    fields = {"service": job.service, "checks": report.checks}
    if report.failed:
        why = report.why()
        raise JobError(
            "unhealthy",
            Text(
                f"サービス {job.service} の検査に合格しないものがあります: {why.ja}",
                f"the service {job.service} is not healthy: {why.en}",
            ),
            fields=fields,
        )
    return fields


def _connect(job: HealthJob, cloud: Cloud) -> Connection:
    login = SecretStore(cloud).read(job.app_secret)
    return connect(job.server, login, job.name, _SESSION)


def _check_database(
    job: HealthJob,
    connection: Connection,
    migrations: tuple[Migration, ...],
    probes: tuple[Probe, ...],
    report: _Report,
) -> None:
    report.run("schema-version", lambda: _schema_version(connection, migrations, job))
    probe = uuid.uuid4()
    for one in probes:
        report.run(one.name, partial(_probe, connection, one, probe))
    report.run("cannot-create", lambda: _denied(connection, "CREATE TABLE moyai_intruder (a int)"))
    report.run(
        "cannot-alter",
        lambda: _denied(connection, "ALTER TABLE moyai_migration ADD COLUMN intruder int"),
    )
    report.run("own-database-only", lambda: _own_database_only(connection))


def _schema_version(
    connection: Connection, migrations: tuple[Migration, ...], job: HealthJob
) -> None:
    """What the release needs is applied; only a contract step may still be pending or none ahead."""
    try:
        row = connection.execute("SELECT coalesce(max(version), 0) FROM moyai_migration").fetchone()
    except psycopg.Error as error:
        raise statement_failed(error, Text("スキーマの版を確認", "look up the schema")) from None
    version, wanted = int(row[0]) if row else 0, job.schema_version
    missing = migrations[version:wanted]
    ahead = migrations[wanted:version]
    if version > len(migrations) or wanted > len(migrations):
        fits = False
    else:
        fits = all(m.contracts for m in missing) and not any(m.contracts for m in ahead)
    if not fits:
        raise _NotHealthy(
            "schema-version",
            Text(
                f"スキーマの版は {version} で、リリースが要るのは {wanted} です。",
                f"the schema's version is {version}, the release needs {wanted}.",
            ),
        )


def _probe(connection: Connection, probe: Probe, number: uuid.UUID) -> None:
    try:
        # The service's own file, as migrations are.
        cursor = connection.execute(SQL(probe.sql), {"probe": number})
        rows = cursor.fetchmany(2) if cursor.description else []
    except psycopg.Error as error:
        doing = Text(f"{probe.name} を実行", f"run {probe.name}")
        raise statement_failed(error, doing, connection) from None
    if probe.expect == "rows" and not rows:
        raise _NotHealthy("no-rows", Text("行がありません。", "there is no row."))
    if probe.expect == "probe" and [row[0] for row in rows] != [number]:
        raise _NotHealthy(
            "not-read-back",
            Text("書いた値を読み戻せません。", "what was written is not read back."),
        )


def _denied(connection: Connection, statement: str) -> None:
    """The statement must be refused for want of a privilege, and for nothing else."""
    try:
        connection.execute(SQL("BEGIN; {}").format(SQL(statement)))
    except psycopg.Error as error:
        if error.sqlstate == _PERMISSION_DENIED:
            return
        raise statement_failed(error, Text("権限を確認", "try a privilege")) from None
    finally:
        with suppress(psycopg.Error):  # it may be lost
            connection.rollback()
    raise _NotHealthy(
        "too-much-power",
        Text(
            "アプリケーションのロールが、許されていない文を実行できます。",
            "the application role can run a statement that it must not.",
        ),
    )


def _own_database_only(connection: Connection) -> None:
    try:
        rows = connection.execute(
            "SELECT datname FROM pg_database WHERE datallowconn AND datname <> 'rdsadmin' "
            "AND datname <> current_database() AND has_database_privilege(oid, 'CONNECT') "
            "ORDER BY 1 LIMIT 10"
        ).fetchall()
    except psycopg.Error as error:
        raise statement_failed(error, Text("権限を確認", "look up privileges")) from None
    if rows:
        names = ", ".join(row[0] for row in rows)
        raise _NotHealthy(
            "open-neighbour",
            Text(
                f"ほかのデータベースにも接続できます: {names}",
                f"other databases can be connected to: {names}",
            ),
        )


def _check_objects(job: HealthJob, cloud: Cloud, report: _Report) -> None:
    client = cloud.client("s3")
    place = {"Bucket": job.bucket, "Key": f"{job.prefix}.moyai/health/{uuid.uuid4()}"}
    content = uuid.uuid4().bytes
    written = report.run(
        "write-object",
        lambda: _call(
            Text("オブジェクトを書くことが", "write an object"),
            lambda: client.put_object(**place, Body=content),
        ),
    )
    if written is None:
        return
    report.run("read-object", lambda: _read_object(client, place, content))
    report.run(
        "delete-object",
        lambda: _call(
            Text("オブジェクトを消すことが", "delete an object"),
            lambda: client.delete_object(**place),
        ),
    )


def _read_object(client: Any, place: Mapping[str, str], content: bytes) -> None:
    doing = Text("オブジェクトを読むことが", "read an object")
    found = _call(doing, lambda: client.get_object(**place)["Body"].read())
    if found != content:
        raise _NotHealthy(
            "not-read-back",
            Text("書いた内容を読み戻せません。", "what was written is not read back."),
        )


def _call(doing: Text, call: Callable[[], Any]) -> Any:
    try:
        return call()
    except (ClientError, BotoCoreError) as error:
        raise call_failed(error, doing) from None
