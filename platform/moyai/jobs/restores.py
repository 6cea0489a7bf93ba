"""`restore-test`, `restore-load`: a backup put back into a database beside the live one."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping
from contextlib import closing
from typing import Any

import psycopg
from botocore.exceptions import BotoCoreError, ClientError
from psycopg.sql import SQL, Identifier, Literal

from moyai.jobs import beside, dumps, fences, guards, swaps, writes
from moyai.jobs.aws import Cloud, call_failed
from moyai.jobs.connections import Connection, connect, is_gone, lost, statement_failed
from moyai.jobs.credentials import Login, SecretStore
from moyai.jobs.data_settings import RestoreJob
from moyai.jobs.postgres_programs import ProgramFailed, program
from moyai.jobs.results import Fields, JobError
from moyai.texts import Text

_SESSION: Mapping[str, str] = {"client_min_messages": "error", "search_path": "pg_catalog"}
_CHUNK = 1 << 20
_DOING = Text("バックアップを検証することが", "verify the backup")
_SHOWN = 20


def test(job: RestoreJob, cloud: Cloud) -> Fields:
    """Load a backup into the empty database `test` beside the live one, and compare.

    `ok` (always true: else it fails), `rows` (all tables' together), `tables`, `seconds`. Raises
    `JobError`: `backup-damaged`, `backup-differs`, `not-empty`.
    """
    begin = time.monotonic()
    manifest = load(job, cloud, "test")
    return {
        "manifest": job.manifest,
        "key": manifest["key"],
        "sha256": manifest["sha256"],
        "schema_version": manifest["schema_version"],
        "rows": sum(manifest["rows"].values()),
        "tables": len(manifest["rows"]),
        "seconds": round(time.monotonic() - begin, 1),
    }


def load(job: RestoreJob, cloud: Cloud, use: str) -> dict[str, Any]:
    """Load a backup into an empty database beside the live one; its manifest, which it agrees with.

    One transaction: killed, it leaves the database empty. Raises `JobError`.
    """
    manifest = dumps.read(cloud, job.backups, job.manifest)
    login = SecretStore(cloud).read(job.database.owner_secret)
    name = beside.name(job.database.name, use)
    with closing(connect(job.database.server, login, name, _SESSION)) as connection:
        try:
            if guards.tables(connection):
                raise _not_empty(name)
            _feed(job, cloud, login, name, manifest)
            _compare(connection, manifest)
        except psycopg.Error as error:
            raise statement_failed(error, _DOING) from None
        except ProgramFailed as failure:  # it says not why; this connection goes with the server
            raise lost(_DOING, failure.code) if is_gone(connection) else failure from None
    return manifest


def _feed(
    job: RestoreJob, cloud: Cloud, login: Login, name: str, manifest: Mapping[str, Any]
) -> None:
    """Hand the dump to `pg_restore`, which reads it from a pipe: no disk has it."""
    arguments = [
        "pg_restore",
        "--format=custom",
        "--single-transaction",
        "--exit-on-error",
        "--no-password",
        f"--dbname={name}",
    ]
    digest = hashlib.sha256()
    try:
        body = cloud.client("s3").get_object(Bucket=job.backups, Key=manifest["key"])["Body"]
        with program(arguments, job.database.server, login, name, job.path) as child:
            assert child.stdin is not None
            while chunk := body.read(_CHUNK):
                digest.update(chunk)
                child.stdin.write(chunk)
    except JobError:
        # A dump that was changed is told as such, not as a program that failed.
        for chunk in iter(lambda: body.read(_CHUNK), b""):
            digest.update(chunk)
        if digest.hexdigest() == manifest["sha256"]:
            raise
    except (ClientError, BotoCoreError) as error:
        doing = Text("バックアップを読むことが", "read the backup")
        raise call_failed(error, doing) from None
    if digest.hexdigest() != manifest["sha256"]:
        raise JobError(
            "backup-damaged",
            Text(
                f"{manifest['key']} の SHA-256 が目録と違います。",
                f"the SHA-256 of {manifest['key']} is not the manifest's.",
            ),
        )


def _compare(connection: Connection, manifest: Mapping[str, Any]) -> None:
    found, wanted = dumps.count_rows(connection), manifest["rows"]
    different = sorted(
        table for table in {*found, *wanted} if found.get(table) != wanted.get(table)
    )
    version = writes.schema_version(connection)
    if not different and version == manifest["schema_version"]:
        return
    names = ", ".join(different[:_SHOWN]) or "-"
    raise JobError(
        "backup-differs",
        Text(
            f"復元した内容が目録と違います（表: {names}、スキーマの版: {version}）。",
            f"what was restored is not what the manifest says (tables: {names}; schema {version}).",
        ),
        fields={"tables": different[:_SHOWN], "schema_version": version},
    )


def _not_empty(name: str) -> JobError:
    return JobError(
        "not-empty",
        Text(f"データベース {name} が空ではありません。", f"the database {name} is not empty."),
        remedy=Text("beside-create をもう一度。", "Run beside-create again."),
    )


def prepare(job: RestoreJob, cloud: Cloud) -> Fields:
    """Load a backup into the empty database `restored`, ready to be put into the live one's place.

    Only while writes are closed: what was written since would be lost unseen. In the restored database
    they are closed by the same, and the counter goes on from the live one's. Raises `JobError` as
    `test`, and `writes-open`.
    """
    begin, login = time.monotonic(), SecretStore(cloud).read(job.database.owner_secret)
    server, live = job.database.server, job.database.name
    with closing(connect(server, login, live, _SESSION)) as connection:
        try:
            # Held to the end: no job of this database works meanwhile, and none comes between.
            connection.execute(guards.LOCK)
            with connection.transaction():
                fences.enter(connection, job.fence)
            found, known = writes.measured(connection), fences.read(connection)
            manifest = _prepare(job, cloud, login, found, known)
            connection.execute("SELECT 1")  # the lock was held all the time
        except psycopg.Error as error:
            doing = Text("復元を仕上げることが", "finish the restore")
            raise statement_failed(error, doing) from None
    return {
        "manifest": job.manifest,
        "database": beside.name(live, "restored"),
        "rows": sum(manifest["rows"].values()),
        "schema_version": manifest["schema_version"],
        "seconds": round(time.monotonic() - begin, 1),
    }


def _prepare(
    job: RestoreJob, cloud: Cloud, login: Login, found: writes.Measured, known: fences.Rows
) -> dict[str, Any]:
    """What `prepare` does with the live database locked; the manifest."""
    server, live = job.database.server, job.database.name
    if not (found.closed and found.closed_by and found.rows is not None):
        raise JobError(
            "writes-open",
            Text(
                "書き込みが止まっていません。何も変えていません。",
                "writes are not closed. Nothing was changed.",
            ),
            remedy=Text("writes-close のあとで。", "Run writes-close first."),
        )
    manifest = load(job, cloud, "restored")
    name = beside.name(live, "restored")
    with (
        closing(connect(server, login, name, _SESSION)) as connection,
        connection.transaction(),
    ):
        writes.carry_over(connection, found.closed_by, found.rows)
        fences.keep(connection, known)
        comment = SQL("COMMENT ON DATABASE {} IS {}")
        connection.execute(comment.format(Identifier(name), Literal(swaps.LOADED)))
    return manifest
