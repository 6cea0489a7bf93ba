"""`migrate`: bring a database's schema to a release's version, as the owner."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping, Set
from contextlib import closing
from functools import partial

import psycopg
from psycopg.errors import DeadlockDetected, LockNotAvailable
from psycopg.sql import SQL, Identifier

from moyai.jobs import fences, guards, own_failures
from moyai.jobs.aws import Cloud
from moyai.jobs.connections import Connection, connect, lost, statement_failed
from moyai.jobs.credentials import SecretStore
from moyai.jobs.migrations import Applied, Migration, plan, read_migrations, refuse_unapproved
from moyai.jobs.own_transaction import Fate, NotApplied, apply_whole
from moyai.jobs.results import Fields, JobError
from moyai.jobs.settings import MigrateJob
from moyai.texts import Text

_SESSION: Mapping[str, str] = {"statement_timeout": "1800s", "client_min_messages": "error"}
_LOCK_TIMEOUT = "15s"
"""How long a statement waits for a table: a running service waits behind it as long."""
_TABLE = """
BEGIN;
CREATE TABLE moyai_migration (
  version integer PRIMARY KEY CHECK (version > 0),
  name text NOT NULL,
  sha256 text NOT NULL,
  applied_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE moyai_migration IS '適用済みのスキーマ移行';
COMMENT ON COLUMN moyai_migration.version IS '適用後のスキーマ版';
COMMENT ON COLUMN moyai_migration.name IS '移行の名前';
COMMENT ON COLUMN moyai_migration.sha256 IS '移行ファイルの SHA-256';
COMMENT ON COLUMN moyai_migration.applied_at IS '適用した日時';
REVOKE ALL ON moyai_migration FROM {app};
GRANT SELECT ON moyai_migration TO {app};
COMMIT
"""
_REMEDIES: Mapping[Fate, Text] = {
    "undone": Text(
        "この移行は取り消されました。原因を除き、もう一度実行してください。",
        "This migration was rolled back. Remove the cause and run it again.",
    ),
    "ended": Text(
        "この移行の一部がデータベースに残っている場合があります（記録はありません）。"
        "確かめて取り除き、ファイルから COMMIT などを除いて、もう一度実行してください。",
        "Parts of this migration may have been kept in the database, without a record. Look for "
        "them and remove them, take COMMIT and the like out of the file, and run it again.",
    ),
    "unknown": Text(
        "接続が切れ、この移行が適用されたかどうか分かりません。もう一度実行すれば、記録に"
        "従って続きから進みます。",
        "The connection was lost: whether this migration was applied is not known. Run it again; "
        "it goes on from the record.",
    ),
}
_NAMES = """
SELECT found.name FROM unnest(%s::text[]) AS found (name)
 WHERE EXISTS (SELECT FROM pg_class WHERE relname = found.name)
    OR EXISTS (SELECT FROM pg_constraint WHERE conname = found.name)
    OR EXISTS (SELECT FROM pg_namespace WHERE nspname = found.name)
    OR EXISTS (SELECT FROM pg_type WHERE typname = found.name)
    OR EXISTS (SELECT FROM pg_proc WHERE proname = found.name)
    OR EXISTS (SELECT FROM pg_attribute WHERE attname = found.name AND attnum > 0)
"""
_RECORD = "INSERT INTO moyai_migration (version, name, sha256) VALUES (%s, %s, %s)"


def migrate(job: MigrateJob, cloud: Cloud) -> Fields:
    """Apply what is missing, each migration in a transaction with its record.

    Cut off or failed, those before it stay applied and the next run goes on. Raises `JobError`
    with what was applied.
    """
    known, fence = read_migrations(job.folder), fences.fence_of(job.fence)
    login = SecretStore(cloud).read(job.owner_secret)
    with closing(connect(job.server, login, job.name, _SESSION)) as connection:
        try:
            connection.execute(guards.LOCK)
            connection.execute(SQL("SET lock_timeout = {}").format(_LOCK_TIMEOUT))
            with connection.transaction():
                fences.enter(connection, fence)
            applied = _applied(connection, job.app)
        except psycopg.Error as error:
            doing = Text("移行の記録を読むことが", "read the record of migrations")
            raise statement_failed(error, doing) from None
        todo = plan(known, applied, job.schema_version, job.phase)
        refuse_unapproved(todo.apply, job.approved)
        done: list[dict[str, object]] = []
        for migration in todo.apply:
            done.append(_apply(connection, migration, done, fence))
        guarded = _guard(connection)
    return {
        "service": job.service,
        "schema_version": todo.version,
        "wanted": job.schema_version,
        "applied": done,
        "pending": [f"{m.version:04}_{m.name}" for m in todo.pending],
        "guarded": guarded,
    }


def _guard(connection: Connection) -> bool:
    """Guard what migrations of an older image left bare; whether all is guarded now.

    A service that writes without a pause is no reason to fail: `writes-close` makes it up.
    """
    try:
        with connection.transaction():
            guards.put_up(connection)
    except (DeadlockDetected, LockNotAvailable):
        return False
    except psycopg.Error as error:
        doing = Text("書き込みの計数を用意", "put up the counting of writes")
        raise statement_failed(error, doing) from None
    return True


def _applied(connection: Connection, app: str) -> list[Applied]:
    """The record, made where there is none."""
    found = connection.execute("SELECT to_regclass('public.moyai_migration') IS NULL").fetchone()
    if found == (True,):
        connection.execute(SQL(_TABLE).format(app=Identifier(app)))
        return []
    rows = connection.execute("SELECT version, name, sha256 FROM moyai_migration ORDER BY version")
    return [Applied(*row) for row in rows]


def _apply(
    connection: Connection,
    migration: Migration,
    done: list[dict[str, object]],
    fence: fences.Fence | None,
) -> dict[str, object]:
    begin = time.perf_counter()
    name = f"{migration.version:04}_{migration.name}"
    values = (migration.version, migration.name, migration.sha256)

    def record() -> None:
        fences.enter(connection, fence)
        connection.execute(_RECORD, values)
        # Tables that it made are guarded from the moment that anybody sees them.
        guards.put_up(connection)

    try:
        apply_whole(connection, migration.sql, record)
    except NotApplied as failure:
        if failure.fate == "unknown":
            _log(failure.error)
            failed = lost(Text(f"移行 {name} を適用", f"apply {name}"))
        else:
            failed = _failed(connection, failure, migration, name)
        raise JobError(
            failed.code,
            failed.what,
            touched=_touched(done),
            remedy=_REMEDIES[failure.fate],
            fields={"applied": done, "failed": name, **failed.fields},
        ) from None
    milliseconds = round((time.perf_counter() - begin) * 1000, 1)
    phase = "contract" if migration.contracts else "expand"
    return {
        "version": migration.version,
        "name": migration.name,
        "phase": phase,
        "ms": milliseconds,
    }


def _failed(
    connection: Connection, failure: NotApplied, migration: Migration, name: str
) -> JobError:
    """Its code and its reason; the whole error goes into the job's log."""
    if failure.error is not None:
        _log(failure.error)
        found = own_failures.told(
            failure.error, migration.sql, failure.statement, partial(_in_catalogue, connection)
        )
        words = found.words
        return JobError(
            f"sql:{found.sqlstate}",
            Text(
                f"移行 {name} を適用できません（{words.ja}）。",
                f"cannot apply {name} ({words.en}).",
            ),
            fields={"logged": True},
        )
    if failure.role is not None:
        return JobError(
            "migration-role",
            Text(
                f"移行 {name} がセッションのロールを変えました（{failure.role}）。",
                f"{name} changed the session's role ({failure.role}).",
            ),
        )
    return JobError(
        "migration-transaction",
        Text(
            f"移行 {name} が自分のトランザクションを途中で終わらせました。",
            f"{name} ended its own transaction.",
        ),
    )


def _log(error: psycopg.Error | None) -> None:
    """The whole error, into the body's own log."""
    if error is not None:
        sys.stderr.write(own_failures.log_line(error) + "\n")
        sys.stderr.flush()


def _in_catalogue(connection: Connection, names: Set[str]) -> Set[str]:
    """Those of some names that something in the database has; none where it does not answer any more."""
    try:
        rows = connection.execute(_NAMES, (list(names),)).fetchall()
    except psycopg.Error:
        return frozenset()
    return {str(row[0]) for row in rows}


def _touched(done: list[dict[str, object]]) -> Text | None:
    if not done:
        return None
    names = ", ".join(f"{row['version']:04}_{row['name']}" for row in done)
    return Text(f"適用済み: {names}", f"applied before it: {names}")
