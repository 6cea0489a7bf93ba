"""`restore-swap`: put a restored database into the live one's place, by the master role.

Two renames in one transaction: a crash leaves the one or the other. The database that was replaced is
kept, shut to everybody, until it is dropped (`beside-drop` of `before`).
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing

from psycopg.sql import SQL, Composed, Identifier, Literal

from moyai.jobs import beside, databases, fences, sequences
from moyai.jobs.aws import Cloud
from moyai.jobs.catalogue import DatabaseState, look
from moyai.jobs.connections import Connection, connect
from moyai.jobs.credentials import SecretStore
from moyai.jobs.data_settings import SwapJob
from moyai.jobs.master import master_of, telling
from moyai.jobs.results import Fields, JobError
from moyai.jobs.settings import CreateJob
from moyai.texts import Text

_SHOWN = 20
LOADED = "moyai: restored, and compared with its manifest"
"""The comment on a database that may be put into place; its owner writes it."""
_SESSION: Mapping[str, str] = {"client_min_messages": "error", "search_path": "pg_catalog"}
_END_SESSIONS = """
SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
 WHERE datname = ANY(%s) AND pid <> pg_backend_pid() AND usename = ANY(%s)
"""


def swap(job: SwapJob, cloud: Cloud) -> Fields:
    """Make the database `restored` the live one, and the live one `before`.

    `sequences`: those that go on from where the live one's were, as these had given more numbers.
    Done already (`before` is there and `restored` is not) is fine. It ends with what `database-create`
    does, which gives the database its privileges and limits. Raises `JobError`: `not-loaded`,
    `before-kept`.
    """
    database, names = (
        job.database,
        {use: beside.name(job.database.name, use) for use in beside.USES},
    )
    live, restored, before = database.name, names["restored"], names["before"]
    with master_of(database, SecretStore(cloud)) as master, telling(database):
        there = {
            name: look(master, name, database.owner, database.app)
            for name in (live, restored, before)
        }
        fences.enter_for(master, database, job.owner_secret, job.fence, cloud)
        limit = _limit(there[live], there[before])
        wanted = there[restored].exists or not there[before].exists
        moved: tuple[str, ...] = ()
        if wanted:
            _refuse(there, live, restored, before)
            moved = _exchange(master, job, restored, before, cloud)
    made = databases.create(
        CreateJob(database, job.owner_secret, job.app_secret, connection_limit=limit), cloud
    )
    return {
        "swapped": wanted,
        "kept": before,
        "sequences": list(moved[:_SHOWN]),
        "ready": made["ready"],
        "closed": made["closed"],
    }


def state(job: SwapJob, cloud: Cloud) -> Fields:
    """How far a restore has come: `loaded` (a database is ready to be put into place), `kept` (what was
    replaced is there), `restored` (it was replaced by the backup of the job). Raises `JobError`.
    """
    database = job.database
    with master_of(database, SecretStore(cloud), locked=False) as master, telling(database):
        found = {
            use: look(master, beside.name(database.name, use), database.owner, database.app)
            for use in ("restored", "before")
        }
    before = found["before"]
    return {
        "loaded": found["restored"].comment == LOADED,
        "kept": before.exists,
        "restored": before.comment == _replaced_by(job),
    }


def _replaced_by(job: SwapJob) -> str:
    return f"moyai: replaced by {job.manifest}"


def _refuse(there: dict[str, DatabaseState], live: str, restored: str, before: str) -> None:
    if there[before].exists:
        raise JobError(
            "before-kept",
            Text(
                f"前の復元で置き換えたデータベース {before} がまだあります。何も変えていません。",
                f"the database {before}, which a restore replaced, is still kept. Nothing was changed.",
            ),
            remedy=Text(
                "要らなければ削除して（beside-drop、before）から、もう一度実行してください。",
                "Drop it if it is not wanted (beside-drop of before), then run it again.",
            ),
        )
    if not (there[live].exists and there[restored].comment == LOADED):
        raise JobError(
            "not-loaded",
            Text(
                f"データベース {restored} に復元し終えたものがありません。何も変えていません。",
                f"the database {restored} holds nothing that was restored to its end. "
                "Nothing was changed.",
            ),
            remedy=Text("restore-load からもう一度。", "Begin again with restore-load."),
        )


def _limit(live: DatabaseState, before: DatabaseState) -> int:
    """The application's connections, as its role has them."""
    role = live.app or before.app
    return max(role.connection_limit, 1) if role else 1


def _exchange(
    master: Connection, job: SwapJob, restored: str, before: str, cloud: Cloud
) -> tuple[str, ...]:
    """The sequences that were moved."""
    database = job.database
    live, roles = Identifier(database.name), [database.owner, database.app]
    app, given = Identifier(database.app), SQL(", ").join(map(Identifier, roles))
    # A rename wants the owner's rights and CREATEDB at once; ending sessions wants their roles'.
    master.execute(SQL("GRANT {} TO CURRENT_USER WITH INHERIT TRUE, SET TRUE").format(given))
    try:
        # The application first: while it could come, it could take numbers.
        master.execute(SQL("REVOKE CONNECT ON DATABASE {} FROM {}").format(live, app))
        master.execute(_END_SESSIONS, ([database.name], [database.app]))
        # One that was killed further down has left it shut.
        master.execute(SQL("ALTER DATABASE {} WITH ALLOW_CONNECTIONS true").format(live))
        moved = _go_on_from(job, restored, cloud)
        master.execute(SQL("ALTER DATABASE {} WITH ALLOW_CONNECTIONS false").format(live))
        master.execute(_END_SESSIONS, ([database.name, restored], roles))
        statements: list[Composed] = [
            SQL("ALTER DATABASE {} RENAME TO {}").format(live, Identifier(before)),
            SQL("ALTER DATABASE {} RENAME TO {}").format(Identifier(restored), live),
            SQL("COMMENT ON DATABASE {} IS {}").format(
                Identifier(before), Literal(_replaced_by(job))
            ),
        ]
        with master.transaction():
            for statement in statements:
                master.execute(statement)
    except BaseException:
        if not master.broken:
            # The one that is called so now, whichever it is.
            master.execute(SQL("ALTER DATABASE {} WITH ALLOW_CONNECTIONS true").format(live))
            master.execute(SQL("GRANT CONNECT ON DATABASE {} TO {}").format(live, app))
        raise
    finally:
        if not master.broken:
            master.execute(SQL("REVOKE {} FROM CURRENT_USER").format(given))
    return moved


def _go_on_from(job: SwapJob, restored: str, cloud: Cloud) -> tuple[str, ...]:
    """Numbers that the live database gave are not given again. Raises `JobError`."""
    login, server = SecretStore(cloud).read(job.owner_secret), job.database.server
    with closing(connect(server, login, job.database.name, _SESSION)) as connection:
        live = sequences.read(connection)
    with closing(connect(server, login, restored, _SESSION)) as connection:
        return sequences.carry_over(live, connection)
