"""`database-create`, `-inspect` and `-delete`: a database and its roles, by the master role.

The master is no superuser (as on RDS). It makes roles, so it may administer them; it takes the
right to act as an owner only while it has to, and gives it back. Everything can be cut off at any
statement and run again; runs for one database wait for each other.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass

from psycopg.sql import SQL, Composable, Composed, Identifier, Literal

from moyai.jobs import beside
from moyai.jobs.aws import Cloud
from moyai.jobs.catalogue import LIMITS, READY, RESERVED_CONNECTIONS, DatabaseState, look
from moyai.jobs.connections import Connection, connect
from moyai.jobs.credentials import Login, SecretStore, new_login
from moyai.jobs.logins import unusable
from moyai.jobs.master import drop, make_shut, master_of, may_act_as, telling, together, verifier
from moyai.jobs.results import Fields, JobError
from moyai.jobs.settings import CreateJob, DatabaseJob, InspectJob
from moyai.texts import Text

_OWNER_CONNECTIONS = RESERVED_CONNECTIONS - 1


def create(job: CreateJob, cloud: Cloud) -> Fields:
    """Make a database, its roles and their secrets, or bring what is there to what it should be.

    The roles follow the secrets: a secret that holds a login is kept and the role gets its
    password; an empty or unreadable one gets a new password. Raises `JobError`.
    """
    database, store = job.database, SecretStore(cloud)
    with master_of(database, store) as master, telling(database):
        before = look(master, database.name, database.owner, database.app)
        _refuse_foreign(database, before)
        owner = _follow(
            master, store, job, _Wish(database.owner, job.owner_secret, _OWNER_CONNECTIONS), before
        )
        _follow(
            master, store, job, _Wish(database.app, job.app_secret, job.connection_limit), before
        )
        if not before.exists:
            limit = job.connection_limit + RESERVED_CONNECTIONS
            make_shut(master, database.name, database.owner, limit)
        _shut(master, job, before)
        with closing(connect(database.server, owner, database.name, {})) as connection:
            connection.execute(_grants(database))
        _shut_others(master, before.open_databases)
        after = look(master, database.name, database.owner, database.app)
    if not (after.closed and after.guarded and after.ready):
        raise JobError(
            "not-as-wanted",
            Text(
                f"データベース {database.name} は作成しましたが、権限が望む状態になりません。",
                f"the database {database.name} was made, but its privileges are not as wanted.",
            ),
            fields=after.fields(),
        )
    return {**after.fields(), "created": not before.exists}


def inspect(job: InspectJob, cloud: Cloud) -> Fields:
    """What is live of a database, and which of its secrets do not open it. Raises `JobError`."""
    database, store = job.database, SecretStore(cloud)
    with master_of(database, store, locked=False) as master, telling(database):
        state = look(master, database.name, database.owner, database.app, size=True)
    return {**state.fields(), "unusable": unusable(job, store) if state.exists else {}}


def delete(job: DatabaseJob, cloud: Cloud) -> Fields:
    """Drop a database and its roles; gone already is fine.

    Nobody is thrown out: while others than this job are connected it waits some seconds, then
    refuses with who they are. Raises `JobError`.
    """
    with master_of(job, SecretStore(cloud)) as master, telling(job):
        state = look(master, job.name, job.owner, job.app)
        _refuse_foreign(job, state)
        for name in beside.names(job.name):
            drop(master, name, job.owner, by_force=True)
        if state.exists:
            drop(master, job.name, job.owner)
        roles = [role for role in (state.app, state.owner) if role is not None]
        for role in roles:
            master.execute(SQL("DROP ROLE IF EXISTS {}").format(Identifier(role.name)))
    return {"exists": False, "dropped": state.exists, "roles_dropped": [r.name for r in roles]}


def _refuse_foreign(job: DatabaseJob, state: DatabaseState) -> None:
    """Take nothing over that somebody else made under these names."""
    if state.exists and state.database_owner != job.owner:
        raise JobError(
            "foreign-owner",
            Text(
                f"データベース {job.name} の所有者は {state.database_owner} で、{job.owner} では"
                "ありません。何も変えていません。",
                f"the database {job.name} belongs to {state.database_owner}, not to {job.owner}. "
                "Nothing was changed.",
            ),
            fields=state.fields(),
        )
    for role in (state.owner, state.app):
        if role is not None and role.powers:
            powers = ", ".join(role.powers)
            raise JobError(
                "powerful-role",
                Text(
                    f"ロール {role.name} に {powers} があります。何も変えていません。",
                    f"the role {role.name} has {powers}. Nothing was changed.",
                ),
                remedy=Text(
                    "誰が与えたのかを調べ、取り除いてからもう一度実行してください。",
                    "Find out who gave it, take it away, then run it again.",
                ),
                fields=state.fields(),
            )


@dataclass(frozen=True, slots=True)
class _Wish:
    """One of the two roles as it should be."""

    name: str
    secret: str
    connection_limit: int


def _follow(
    master: Connection, store: SecretStore, job: CreateJob, wish: _Wish, before: DatabaseState
) -> Login:
    """Make a role follow its secret. The secret comes first: a role always has one that fits."""
    database, name = job.database, wish.name
    exists = any(role is not None and role.name == name for role in (before.owner, before.app))
    # A role that is not there has no password that anybody could be using.
    login = store.find(wish.secret) if exists else None
    if login is None or login.username != name:
        login = new_login(name)
        store.write(wish.secret, login, database.server, database.name)
    verb = SQL("ALTER ROLE") if exists else SQL("CREATE ROLE")
    master.execute(
        SQL("{} {} LOGIN PASSWORD {} VALID UNTIL 'infinity' CONNECTION LIMIT {}").format(
            verb, Identifier(name), Literal(verifier(master, login)), Literal(wish.connection_limit)
        )
    )
    return login


def _shut(master: Connection, job: CreateJob, before: DatabaseState) -> None:
    """Take every privilege on the database from all but its two roles; then open it to them."""
    database = job.database
    may_act_as(master, database.owner)
    name, owner, app = map(Identifier, (database.name, database.owner, database.app))
    strangers = [r for r in before.others if r != "PUBLIC"]
    statements: list[Composable] = [
        SQL("SET LOCAL ROLE {}").format(owner),
        SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(name),
        *(SQL("REVOKE ALL ON DATABASE {} FROM {}").format(name, Identifier(r)) for r in strangers),
        SQL("REVOKE ALL ON DATABASE {} FROM {}").format(name, app),
        SQL("GRANT CONNECT ON DATABASE {} TO {}, {}").format(name, owner, app),
        SQL("ALTER DATABASE {} WITH ALLOW_CONNECTIONS true CONNECTION LIMIT {}").format(
            name, Literal(job.connection_limit + RESERVED_CONNECTIONS)
        ),
        SQL("RESET ROLE"),
        *_memberships(before),
        SQL("ALTER ROLE {} IN DATABASE {} RESET ALL").format(app, name),
        *(
            SQL("ALTER ROLE {} IN DATABASE {} SET {} TO {}").format(
                app, name, Identifier(setting), _setting(value)
            )
            for setting, value in LIMITS.items()
        ),
        SQL("REVOKE {} FROM CURRENT_USER").format(owner),
    ]
    together(master, statements)


def _memberships(before: DatabaseState) -> Iterator[Composable]:
    """Neither role belongs to another: what that one may do, it could."""
    roles = [role for role in (before.owner, before.app) if role is not None]
    for role in roles:
        for parent in role.member_of:
            yield SQL("REVOKE {} FROM {}").format(Identifier(parent), Identifier(role.name))


def _setting(value: str) -> Composable:
    """A setting's value; lists are lists of names, not one string."""
    parts = [part.strip() for part in value.split(",")]
    return SQL(", ").join(Literal(part) for part in parts)


def _grants(database: DatabaseJob) -> Composed:
    """What the owner grants inside: the application reads and writes rows, and makes nothing.

    The comment comes last: with it the database counts as made to the end.
    """
    given = {
        "app": Identifier(database.app),
        "owner": Identifier(database.owner),
        "name": Identifier(database.name),
        "ready": Literal(READY),
    }
    return SQL(
        """
        BEGIN;
        REVOKE ALL ON SCHEMA public FROM PUBLIC;
        REVOKE ALL ON SCHEMA public FROM {app};
        GRANT USAGE ON SCHEMA public TO {app};
        ALTER DEFAULT PRIVILEGES FOR ROLE {owner} REVOKE EXECUTE ON ROUTINES FROM PUBLIC;
        ALTER DEFAULT PRIVILEGES FOR ROLE {owner} REVOKE USAGE ON TYPES FROM PUBLIC;
        ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA public
          GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {app};
        ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA public
          GRANT USAGE, SELECT, UPDATE ON SEQUENCES TO {app};
        ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA public
          GRANT EXECUTE ON ROUTINES TO {app};
        ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA public
          GRANT USAGE ON TYPES TO {app};
        COMMENT ON DATABASE {name} IS {ready};
        COMMIT
        """
    ).format(**given)


def _shut_others(master: Connection, open_databases: tuple[str, ...]) -> None:
    """Close `postgres` and `template1` too, where the master owns them, as on RDS."""
    for name in set(open_databases) & {"postgres", "template1"}:
        owned = master.execute(
            "SELECT pg_has_role(datdba, 'USAGE') FROM pg_database WHERE datname = %s", (name,)
        ).fetchone()
        if owned != (True,):
            continue
        statements: list[Composable] = [
            # Two jobs that change one row of the catalogue at once would fail.
            SQL("SELECT pg_advisory_xact_lock(7702, 0)"),
            SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(Identifier(name)),
        ]
        together(master, statements)
