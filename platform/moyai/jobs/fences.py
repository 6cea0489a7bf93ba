"""Which of an operation's jobs may still change a body's data: none that begins after a later one.

A worker that dies after it asked for a task leaves a task that may begin at any time, after its successor's
own. So every job that an operation asks for has a number that grows with each taking of the body and
each job since (`FENCE`: `20261126-3/2/7`), and what changes data puts it on record in the body's own
database, in the transaction that it works in. A job that finds a later one there changes nothing.

Only jobs of one operation are compared: an operation that is retried after another one is no late one. Where
the operations database was restored from a copy, claims go on above all that it ever gave before.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass

import psycopg

from moyai.jobs import beside, guards
from moyai.jobs.aws import Cloud
from moyai.jobs.connections import Connection, connect, statement_failed
from moyai.jobs.credentials import SecretStore
from moyai.jobs.results import JobError
from moyai.jobs.settings import DatabaseJob
from moyai.texts import Text

VARIABLE = "FENCE"
_WRITTEN = re.compile(r"([A-Za-z0-9.-]{1,64})/([1-9][0-9]{0,17})/([1-9][0-9]{0,17})")
_TABLE = """
CREATE SCHEMA IF NOT EXISTS moyai;
CREATE TABLE IF NOT EXISTS moyai.fence (
  operation text PRIMARY KEY,
  claim bigint NOT NULL,
  number bigint NOT NULL,
  entered_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE moyai.fence IS '一斉作業ごとに、最後に始まったジョブ';
REVOKE ALL ON moyai.fence FROM PUBLIC
"""
_ENTER = """
INSERT INTO moyai.fence AS known (operation, claim, number)
VALUES (%(operation)s, %(claim)s, %(number)s)
ON CONFLICT (operation) DO UPDATE
  SET claim = EXCLUDED.claim, number = EXCLUDED.number, entered_at = clock_timestamp()
  WHERE (known.claim, known.number) <= (EXCLUDED.claim, EXCLUDED.number)
RETURNING true
"""
_KEEP = """
INSERT INTO moyai.fence AS known (operation, claim, number, entered_at) VALUES (%s, %s, %s, %s)
ON CONFLICT (operation) DO UPDATE
  SET claim = EXCLUDED.claim, number = EXCLUDED.number, entered_at = EXCLUDED.entered_at
  WHERE (known.claim, known.number) < (EXCLUDED.claim, EXCLUDED.number)
"""
_SESSION: Mapping[str, str] = {
    "client_min_messages": "error",
    "statement_timeout": "120s",
    "search_path": "pg_catalog",
}
Rows = list[tuple[object, ...]]


@dataclass(frozen=True, slots=True)
class Fence:
    """A job's place among those of its operation in one body."""

    operation: str
    claim: int
    """Which taking of the body by a worker."""
    number: int
    """Which job since; grows within the claim."""

    def __str__(self) -> str:
        return f"{self.operation}/{self.claim}/{self.number}"


def fence_of(written: str | None) -> Fence | None:
    """A fence as it is written; None where a job is nobody's but a person's. Raises `JobError`."""
    if not written:
        return None
    found = _WRITTEN.fullmatch(written)
    if found is None:
        raise JobError(
            "wrong-variable",
            Text(
                f"変数 {VARIABLE} の値が正しくありません。",
                f"the variable {VARIABLE} has a wrong value.",
            ),
        )
    return Fence(found[1], int(found[2]), int(found[3]))


def enter(connection: Connection, fence: Fence | None) -> None:
    """Put a job on record, in the caller's transaction. As the owner, under `guards.LOCK`.

    Raises `JobError`, `superseded`, where a later one of its operation is there.
    """
    if fence is None:
        return
    if not _has_table(connection):
        connection.execute(_TABLE)
    given = {"operation": fence.operation, "claim": fence.claim, "number": fence.number}
    if connection.execute(_ENTER, given).fetchone() is None:
        raise _superseded(fence)


def enter_for(
    master: Connection, job: DatabaseJob, owner_secret: str, fence: Fence | None, cloud: Cloud
) -> None:
    """The same for what the master role does, in transactions of the owner's. Raises `JobError`.

    In the live database and in one that is to replace it: a swap that was killed leaves the live one
    shut, and the record is in the other then.
    """
    if fence is None:
        return
    login = SecretStore(cloud).read(owner_secret)
    names = [job.name, beside.name(job.name, "restored")]
    open_ones = master.execute(
        "SELECT datname FROM pg_database WHERE datname = ANY(%s) AND datallowconn ORDER BY 1",
        (names,),
    ).fetchall()
    for (name,) in open_ones:
        with closing(connect(job.server, login, str(name), _SESSION)) as connection:
            try:
                connection.execute(guards.LOCK)
                with connection.transaction():
                    enter(connection, fence)
            except psycopg.Error as error:
                doing = Text("ジョブの順序を確かめることが", "look up the order of jobs")
                raise statement_failed(error, doing) from None


def read(connection: Connection) -> Rows:
    """All that is on record, for `keep`."""
    if not _has_table(connection):
        return []
    return connection.execute(
        "SELECT operation, claim, number, entered_at FROM moyai.fence ORDER BY operation"
    ).fetchall()


def latest(connection: Connection, limit: int) -> list[dict[str, object]]:
    """The operations whose jobs changed something last: `operation`, `claim`, `entered_at` (ISO 8601)."""
    if not _has_table(connection):
        return []
    rows = connection.execute(
        "SELECT operation, claim, entered_at FROM moyai.fence ORDER BY entered_at DESC LIMIT %s",
        (limit,),
    )
    return [
        {"operation": operation, "claim": claim, "entered_at": at.isoformat()}
        for operation, claim, at in rows
    ]


def keep(connection: Connection, rows: Rows) -> None:
    """Have in a database that is to replace another what was on record there. In the caller's transaction."""
    if rows and not _has_table(connection):
        connection.execute(_TABLE)
    for row in rows:
        connection.execute(_KEEP, row)


def _has_table(connection: Connection) -> bool:
    row = connection.execute("SELECT to_regclass('moyai.fence') IS NOT NULL").fetchone()
    return row == (True,)


def _superseded(fence: Fence) -> JobError:
    return JobError(
        "superseded",
        Text(
            f"この作業（{fence}）は、より新しいジョブに引き継がれています。",
            f"this work ({fence}) was taken over by a later job.",
        ),
        touched=Text("このジョブは何も変えていません。", "This job changed nothing."),
        remedy=Text(
            f"moyai operation show {fence.operation} で、いまの状態を確かめてください。",
            f"Look at moyai operation show {fence.operation} for how it stands.",
        ),
    )
