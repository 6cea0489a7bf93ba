"""`writes-close`, `-open`, `-state` and `-count`: whether a service may write, and whether it did."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass

import psycopg
from psycopg.errors import LockNotAvailable, QueryCanceled
from psycopg.sql import SQL

from moyai.jobs import fences, guards
from moyai.jobs.aws import Cloud
from moyai.jobs.connections import Connection, connect, statement_failed
from moyai.jobs.credentials import SecretStore
from moyai.jobs.data_settings import CountJob, OwnerJob, WritesJob
from moyai.jobs.object_versions import current, summary
from moyai.jobs.results import Fields, JobError
from moyai.texts import Text

_SESSION: Mapping[str, str] = {
    "client_min_messages": "error",
    "statement_timeout": "60s",
    "search_path": "pg_catalog",
}
_SHORT, _LONG = "800ms", "2500ms"
"""How long one try holds up writers. Shorter than `deadlock_timeout` (1 s), so that no transaction of
the service is the one that a deadlock ends; longer in the later tries, so that an autovacuum, which
gives way after that time, does."""
_PAUSE_SECONDS = 0.3
_SHOWN = 20
_FENCES = 10


def close(job: WritesJob, cloud: Cloud) -> Fields:
    """Let nobody but the owner write rows, once every transaction that wrote has ended.

    After it no write of the application can commit. Closed already by the same is fine. Raises
    `JobError`: `closed-by-other`, `writers` where transactions do not end in time.
    """
    with _owner(job.database, cloud) as connection:
        _refuse_others(connection, job.by)

        def work() -> None:
            fences.enter(connection, job.fence)
            guards.put_up(connection)
            guards.switch(connection, closed=True)
            guards.keep_count(connection)
            connection.execute(
                "INSERT INTO moyai.closing (closed_by) VALUES (%s) ON CONFLICT DO NOTHING",
                (job.by,),
            )

        _with_tables(connection, work, job.seconds)
        return _state(connection)


def reopen(job: WritesJob, cloud: Cloud) -> Fields:
    """Let the application write again. Open already is fine. Raises `JobError` as `close`."""
    with _owner(job.database, cloud) as connection:
        if not guards.has_objects(connection):
            with connection.transaction():
                fences.enter(connection, job.fence)
            return _state(connection)
        _refuse_others(connection, job.by)

        def work() -> None:
            fences.enter(connection, job.fence)
            guards.switch(connection, closed=False)
            connection.execute("DELETE FROM moyai.closing")

        _with_tables(connection, work, job.seconds)
        return _state(connection)


def state(job: OwnerJob, cloud: Cloud) -> Fields:
    """Whether writes are closed, since when and by whom.

    `closed`: on record, and every table refuses; `refusing`, `tables`: how many do, of how many. And what
    was done last: `fences` (the newest operations whose jobs changed data), `schema_version`, `migrated_at`.
    """
    with _owner(job, cloud, locked=False) as connection:
        version, at = schema_version(connection), None
        if version:
            row = connection.execute(
                "SELECT max(applied_at) FROM public.moyai_migration"
            ).fetchone()
            at = row[0].isoformat() if row and row[0] else None
        last = {"schema_version": version, "migrated_at": at}
        return {**_state(connection), **last, "fences": fences.latest(connection, _FENCES)}


def count(job: CountJob, cloud: Cloud) -> Fields:
    """A token that is another one after any write of the application, and maybe without one.

    `token`: `rows` (a number that only grows; None: never counted) and `objects` (SHA-256 over the
    current version of each object). It proves something where `guarded` is true, and of times after it
    where `closed` is, too: writes are counted when they begin. Raises `JobError`.
    """
    with _owner(job.database, cloud, locked=False) as connection:
        found = measured(connection)
        version = schema_version(connection)
    objects = summary(current(job.bucket, job.prefix, cloud))
    return {
        "token": {"rows": found.rows, "objects": objects.sha256},
        "closed": found.closed,
        "guarded": found.guarded,
        "schema_version": version,
        "unguarded": list(found.bare)[:_SHOWN],
        "objects": objects.count,
        "newest_object": objects.newest,
    }


def schema_version(connection: Connection) -> int:
    """The schema's version; 0 before the first migration."""
    found = connection.execute("SELECT to_regclass('public.moyai_migration') IS NOT NULL")
    if found.fetchone() != (True,):
        return 0
    row = connection.execute("SELECT coalesce(max(version), 0) FROM public.moyai_migration")
    return int((row.fetchone() or (0,))[0])


@dataclass(frozen=True, slots=True)
class Measured:
    """What a database tells of writes to it."""

    closed: bool
    closed_by: str | None
    rows: int | None
    """The counter; None where there is none."""
    bare: tuple[str, ...]
    """Tables without guards."""

    @property
    def guarded(self) -> bool:
        """Every write of the application is counted."""
        return self.rows is not None and not self.bare


def measured(connection: Connection) -> Measured:
    """Read the counter, as the owner."""
    state, rows = _state(connection), None
    if guards.has_objects(connection):
        row = connection.execute("SELECT last_value + is_called::int FROM moyai.writes").fetchone()
        rows = int(row[0]) if row else None
    by = state["closed_by"]
    return Measured(
        bool(state["closed"]), None if by is None else str(by), rows, tuple(_bare(connection))
    )


def carry_over(connection: Connection, by: str, rows: int) -> None:
    """Close writes in a database that is to replace another, where they were closed by `by`.

    Its counter goes on beyond the other's, so that no token of before comes again. Within the caller's
    transaction, as the owner.
    """
    guards.put_up(connection)
    guards.switch(connection, closed=True)
    connection.execute("DELETE FROM moyai.closing")
    connection.execute("INSERT INTO moyai.closing (closed_by) VALUES (%s)", (by,))
    connection.execute("SELECT setval('moyai.writes', %s)", (rows + 1,))


@contextmanager
def _owner(job: OwnerJob, cloud: Cloud, *, locked: bool = True) -> Iterator[Connection]:
    login = SecretStore(cloud).read(job.owner_secret)
    with closing(connect(job.server, login, job.name, _SESSION)) as connection:
        try:
            if locked:
                connection.execute(guards.LOCK)
            yield connection
        except psycopg.Error as error:
            doing = Text(
                f"データベース {job.name} の書き込みを切り替えたり調べたり",
                f"switch or look at writes of the database {job.name}",
            )
            raise statement_failed(error, doing) from None


def _state(connection: Connection) -> dict[str, object]:
    found = guards.tables(connection)
    row = None
    if guards.has_objects(connection):
        row = connection.execute("SELECT closed_by, closed_at FROM moyai.closing").fetchone()
    refusing = sum(table.refused for table in found)
    return {
        "closed": row is not None and refusing == len(found),
        "closed_by": row[0] if row else None,
        "closed_at": row[1].isoformat() if row else None,
        "refusing": refusing,
        "tables": len(found),
        "unguarded": _bare(connection)[:_SHOWN],
    }


def _bare(connection: Connection) -> list[str]:
    return [str(table) for table in guards.tables(connection) if not table.guarded]


def _refuse_others(connection: Connection, by: str) -> None:
    """Writes that another closed are that other's to open."""
    if not guards.has_objects(connection):
        return
    row = connection.execute("SELECT closed_by FROM moyai.closing").fetchone()
    if row is not None and row[0] != by:
        raise JobError(
            "closed-by-other",
            Text(
                f"書き込みは {row[0]} が止めています（{by} ではありません）。",
                f"writes were closed by {row[0]}, not by {by}.",
            ),
            remedy=Text(
                "その作業が終わるのを待つか、その名前で開いてください。",
                "Wait for that work to end, or open them in its name.",
            ),
            fields=_state(connection),
        )


def _with_tables(connection: Connection, work: Callable[[], None], seconds: float) -> None:
    """Do work while nobody writes: one transaction, tried until the tables are free."""
    begin = time.monotonic()
    while True:
        passed = time.monotonic() - begin
        try:
            with connection.transaction():
                _lock(connection, _SHORT if passed < seconds / 2 else _LONG)
                work()
            return
        except (QueryCanceled, LockNotAvailable):
            if time.monotonic() - begin >= seconds:
                raise _writers(connection, seconds) from None
        time.sleep(_PAUSE_SECONDS)


def _lock(connection: Connection, limit: str) -> None:
    found = guards.tables(connection)
    if not found:
        return
    connection.execute(SQL("SET LOCAL statement_timeout = {}").format(limit))
    # Another order in each try: one that crosses the service's own would never get them all.
    shuffled = random.sample(found, k=len(found))
    names = SQL(", ").join(SQL("ONLY {}").format(table.identifier) for table in shuffled)
    # Readers go on; writers wait, and this waits for those that have written already.
    connection.execute(SQL("LOCK TABLE {} IN SHARE ROW EXCLUSIVE MODE").format(names))
    connection.execute("SET LOCAL statement_timeout = '60s'")


def _writers(connection: Connection, seconds: float) -> JobError:
    rows = connection.execute(
        "SELECT coalesce(a.usename, 'autovacuum'), array_agg(DISTINCT l.pid ORDER BY l.pid) "
        "FROM pg_locks l LEFT JOIN pg_stat_activity a ON a.pid = l.pid "
        "WHERE l.database = (SELECT oid FROM pg_database WHERE datname = current_database()) "
        "AND l.locktype = 'relation' AND l.granted AND l.pid <> pg_backend_pid() "
        "AND l.mode IN ('RowExclusiveLock', 'ShareUpdateExclusiveLock', 'ShareLock', "
        "'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock') "
        "GROUP BY 1 ORDER BY 1"
    ).fetchall()
    who = ", ".join(f"{role}: {' '.join(map(str, pids[:_SHOWN]))}" for role, pids in rows) or "-"
    return JobError(
        "writers",
        Text(
            f"{seconds:.0f} 秒待っても、書き込み中のトランザクションが終わりません（{who}）。"
            "書き込みの可否は変えていません。",
            f"transactions that write did not end in {seconds:.0f} seconds ({who}). "
            "Whether writes are open was not changed.",
        ),
        remedy=Text(
            "サービスの長い処理が終わるのを待って、もう一度実行してください。",
            "Wait for the service's long work to end, then run it again.",
        ),
        fields={"writers": [{"role": role, "pids": pids[:_SHOWN]} for role, pids in rows[:5]]},
    )
