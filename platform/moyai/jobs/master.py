"""The master role at work: its session, and what it may do for as long as it has to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager

import psycopg
from psycopg.errors import ObjectInUse
from psycopg.sql import SQL, Composable, Identifier, Literal

from moyai.jobs.connections import Connection, connect, statement_failed
from moyai.jobs.credentials import Login, SecretStore
from moyai.jobs.results import JobError
from moyai.jobs.settings import DatabaseJob
from moyai.texts import Text

_SESSION: Mapping[str, str] = {
    "lock_timeout": "120s",
    "statement_timeout": "300s",
    "client_min_messages": "error",
}
_LOCK = "SELECT pg_advisory_lock(7702, hashtext(%s))"
"""Of the maintenance database: one job at a time for each database of a cluster."""


@contextmanager
def master_of(job: DatabaseJob, store: SecretStore, *, locked: bool = True) -> Iterator[Connection]:
    """A session of the master role; `locked`: no other job works on that database. Raises `JobError`."""
    login = store.read(job.master_secret)
    connection = connect(job.server, login, job.maintenance_database, _SESSION)
    with closing(connection):
        if locked:
            with telling(job):
                connection.execute(_LOCK, (job.name,))
        yield connection


@contextmanager
def telling(job: DatabaseJob) -> Iterator[None]:
    """Turn what PostgreSQL says into a `JobError` without its words."""
    try:
        yield
    except psycopg.Error as error:
        doing = Text(
            f"データベース {job.name} とロールを望む状態に",
            f"bring the database {job.name} and its roles to what is wanted",
        )
        raise statement_failed(error, doing) from None


def make_shut(master: Connection, name: str, owner: str, connection_limit: int) -> None:
    """Make an empty database, shut: until PUBLIC has lost its CONNECT nobody can look in."""
    may_act_as(master, owner)
    # Copying files needs checkpoints, which are dear on a server that waits for its disks; on one
    # that does not, it takes two thirds of the time and leaves no 7 MB in the write-ahead log.
    quick = master.execute("SELECT current_setting('fsync') = 'off'").fetchone() == (True,)
    master.execute(
        SQL(
            "CREATE DATABASE {} OWNER {} TEMPLATE template0 ENCODING 'UTF8' STRATEGY {} "
            "ALLOW_CONNECTIONS false CONNECTION LIMIT {}"
        ).format(
            Identifier(name),
            Identifier(owner),
            SQL("file_copy" if quick else "wal_log"),
            Literal(connection_limit),
        )
    )


def drop(master: Connection, name: str, owner: str, *, by_force: bool = False) -> bool:
    """Drop a database of an owner; whether it was there.

    While others are connected it waits some seconds, then refuses with who they are; `by_force` ends
    sessions of the owner first. Raises `JobError`.
    """
    query = "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = %s"
    if master.execute(query, (name,)).fetchone() != (owner,):
        return False
    may_act_as(master, owner)
    master.execute(SQL("SET ROLE {}").format(Identifier(owner)))
    how = SQL(" WITH (FORCE)" if by_force else "")
    try:
        # PostgreSQL itself gives connections five seconds to end.
        master.execute(SQL("DROP DATABASE {}{}").format(Identifier(name), how))
    except ObjectInUse:
        raise _still_used(master, name) from None
    finally:
        master.execute("RESET ROLE")
    return True


def _still_used(master: Connection, name: str) -> JobError:
    rows = master.execute(
        "SELECT usename, count(*) FROM pg_stat_activity WHERE datname = %s GROUP BY 1 ORDER BY 1",
        (name,),
    ).fetchall()
    who = ", ".join(f"{role}: {count}" for role, count in rows)
    return JobError(
        "in-use",
        Text(
            f"データベース {name} は使われています（{who}）。削除していません。",
            f"the database {name} is in use ({who}). It was not dropped.",
        ),
        remedy=Text(
            "サービスを止めてから、もう一度実行してください。",
            "Stop the service, then run it again.",
        ),
    )


def may_act_as(master: Connection, owner: str) -> None:
    """Let the master `SET ROLE` to an owner; `REVOKE {owner} FROM CURRENT_USER` takes it back."""
    master.execute(
        SQL("GRANT {} TO CURRENT_USER WITH INHERIT FALSE, SET TRUE").format(Identifier(owner))
    )


def verifier(master: Connection, login: Login) -> str:
    """The SCRAM verifier of a password: only that goes to the server, so that no log of statements has a
    password."""
    name, password = login.username.encode(), login.password.encode()
    return master.pgconn.encrypt_password(password, name, b"scram-sha-256").decode()


def together(master: Connection, statements: list[Composable]) -> None:
    """Run statements in one transaction and one round trip."""
    whole = [SQL("BEGIN"), *statements, SQL("COMMIT")]
    try:
        master.execute(SQL("; ").join(whole))
    except psycopg.Error:
        master.rollback()
        raise
