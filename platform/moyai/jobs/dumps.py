"""`dump`: a service's database and the list of its objects' versions, into the backups bucket.

Three objects below `backups/<service>/`, of one name: `.dump` (pg_dump's custom format), `.objects.gz`
(a JSON line for each object), and `.json`, the manifest, which is written last: what has none was not
finished.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

import psycopg
from botocore.exceptions import BotoCoreError, ClientError
from psycopg.sql import SQL

from moyai.jobs import guards, writes
from moyai.jobs.aws import Cloud, call_failed
from moyai.jobs.connections import Connection, connect, is_gone, lost, statement_failed
from moyai.jobs.credentials import Login, SecretStore
from moyai.jobs.data_settings import DumpJob
from moyai.jobs.object_versions import ObjectVersion, current, summary
from moyai.jobs.postgres_programs import ProgramFailed, Whole, program
from moyai.jobs.results import Fields, JobError
from moyai.jobs.uploads import Uploaded, upload
from moyai.texts import Text

_LOCK = "SELECT pg_advisory_lock(7703, 2)"
_TIME, _TIME_LENGTH = "%Y%m%dT%H%M%SZ", 16
FORMAT = 1
"""Of the manifest."""
_SESSION: Mapping[str, str] = {"client_min_messages": "error", "search_path": "pg_catalog"}
_DOING = Text("バックアップを取ることが", "make the backup")
_SHOWN = 100
"""Tables that a result has; the manifest has all."""


@dataclass(frozen=True, slots=True)
class _Snapshot:
    """One moment of the database."""

    name: str
    rows: dict[str, int]
    """Table → its rows."""
    schema_version: int


def dump(job: DumpJob, cloud: Cloud) -> Fields:
    """Back a subscription up; one that is there under the same id is told as it is.

    `manifest` (its key), `key`, `sha256`, `bytes`, `rows`, `schema_version`, `release`, and what
    `writes-count` tells. Raises `JobError`.
    """
    login = SecretStore(cloud).read(job.database.owner_secret)
    with closing(connect(job.database.server, login, job.database.name, _SESSION)) as connection:
        try:
            # Two tasks with one id, as after a takeover: the later finds what the earlier made.
            connection.execute(_LOCK)
            found = find(job, cloud)
            if found is not None:
                return told(*found, made=False)
            return told(*_make(job, cloud, connection, login), made=True)
        except psycopg.Error as error:
            raise statement_failed(error, _DOING) from None
        except ProgramFailed as failure:  # it says not why; this connection goes with the server
            raise lost(_DOING, failure.code) if is_gone(connection) else failure from None


def _make(
    job: DumpJob, cloud: Cloud, connection: Connection, login: Login
) -> tuple[str, dict[str, Any]]:
    """The manifest's key and the manifest, which is put last."""
    begin = datetime.now(UTC)
    base = f"{job.folder}{begin:{_TIME}}-{job.id}"
    # Before the snapshot: a write between the two makes the counts differ.
    before = writes.measured(connection)
    snapshot = _snapshot(connection)
    put = _dump(job, cloud, login, snapshot.name, f"{base}.dump")
    objects = _put_objects(job, cloud, f"{base}.objects.gz")
    manifest = {
        "format": FORMAT,
        "id": job.id,
        "service": job.service,
        "release": job.release,
        "database": job.database.name,
        "schema_version": snapshot.schema_version,
        "begun_at": begin.isoformat(timespec="seconds"),
        "key": f"{base}.dump",
        "sha256": put.sha256,
        "bytes": put.bytes,
        "rows": snapshot.rows,
        "objects": objects,
        "token": {"rows": before.rows, "objects": objects["current_sha256"]},
        "closed": before.closed,
        "guarded": before.guarded,
    }
    _put(cloud, job.backups, f"{base}.json", json.dumps(manifest, indent=1).encode())
    return f"{base}.json", manifest


def find(job: DumpJob, cloud: Cloud) -> tuple[str, dict[str, Any]] | None:
    """The manifest with the job's id, and its key; None where there is none. Raises `JobError`."""
    client, begin = cloud.client("s3"), len(job.folder) + _TIME_LENGTH
    try:
        pages = client.get_paginator("list_objects_v2")
        for page in pages.paginate(Bucket=job.backups, Prefix=job.folder):
            for one in page.get("Contents", ()):
                # An id may end like another one.
                if one["Key"][begin:] == f"-{job.id}.json":
                    return one["Key"], read(cloud, job.backups, one["Key"])
    except (ClientError, BotoCoreError) as error:
        raise call_failed(error, Text("バックアップを探すことが", "look for the backup")) from None
    return None


def read(cloud: Cloud, bucket: str, key: str) -> dict[str, Any]:
    """A manifest. Raises `JobError` where it cannot be read or is none."""
    try:
        text = cloud.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
    except (ClientError, BotoCoreError) as error:
        raise call_failed(error, Text(f"{key} を読むことが", f"read {key}")) from None
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        raise JobError(
            "wrong-manifest",
            Text(f"{key} はバックアップの目録ではありません。", f"{key} is no backup's manifest."),
        )
    return found


def told(key: str, manifest: Mapping[str, Any], *, made: bool) -> dict[str, Any]:
    """A manifest as fields of a result, which has no room for very many tables."""
    rows = dict(sorted(manifest["rows"].items())[:_SHOWN])
    return {
        **manifest,
        "manifest": key,
        "made": made,
        "rows": rows,
        "tables": len(manifest["rows"]),
        "rows_total": sum(manifest["rows"].values()),
    }


def count_rows(connection: Connection) -> dict[str, int]:
    """Every table's rows, by its name. In the caller's transaction, as the owner."""
    counts = {}
    for table in guards.tables(connection):
        query = SQL("SELECT count(*) FROM ONLY {}").format(table.identifier)
        row = connection.execute(query).fetchone()
        assert row is not None
        counts[str(table)] = int(row[0])
    return counts


def _snapshot(connection: Connection) -> _Snapshot:
    """A snapshot that stays as long as the connection's transaction."""
    connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
    row = connection.execute("SELECT pg_export_snapshot()").fetchone()
    assert row is not None
    return _Snapshot(row[0], count_rows(connection), writes.schema_version(connection))


def _dump(job: DumpJob, cloud: Cloud, login: Login, snapshot: str, key: str) -> Uploaded:
    arguments = [
        "pg_dump",
        "--format=custom",
        "--no-password",
        "--lock-wait-timeout=60s",
        f"--snapshot={snapshot}",
    ]
    server, name = job.database.server, job.database.name
    with program(arguments, server, login, name, job.path) as child:
        return upload(Whole(child), job.backups, key, cloud)


def _put_objects(job: DumpJob, cloud: Cloud, key: str) -> dict[str, Any]:
    """Put the list of objects that are there, and tell what is in it."""
    text = io.BytesIO()
    with gzip.GzipFile(fileobj=text, mode="wb", mtime=0) as lines:

        def listed() -> Iterator[ObjectVersion]:
            for one in current(job.bucket, job.prefix, cloud):
                if not one.deleted:
                    lines.write(json.dumps(asdict(one)).encode() + b"\n")
                yield one

        found = summary(listed())
    content = text.getvalue()
    _put(cloud, job.backups, key, content)
    return {
        "key": key,
        "sha256": hashlib.sha256(content).hexdigest(),
        "count": found.count,
        "bytes": found.bytes,
        "current_sha256": found.sha256,
    }


def _put(cloud: Cloud, bucket: str, key: str, content: bytes) -> None:
    try:
        cloud.client("s3").put_object(Bucket=bucket, Key=key, Body=content)
    except (ClientError, BotoCoreError) as error:
        raise call_failed(error, Text(f"{key} を書くことが", f"write {key}")) from None
