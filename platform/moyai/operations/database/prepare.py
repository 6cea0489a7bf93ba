"""The operations database made ready: groups, logins, our schema and DBOS's. Safe to run again."""

from __future__ import annotations

import secrets
import time
from pathlib import Path

import psycopg
import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from dbos._migration import ensure_dbos_schema, run_dbos_migrations
from psycopg.sql import SQL, Identifier, Literal
from sqlalchemy.engine import URL

from moyai.engine.files import private_folder, write_private
from moyai.errors import OperationFailed
from moyai.operations.database.connecting import open_engine
from moyai.operations.database.hosts import is_local
from moyai.operations.database.logins import (
    GROUPS,
    Logins,
    Prepared,
    content_of,
    login_of,
    logins,
    split_old,
)
from moyai.operations.database.lost import unreachable
from moyai.texts import Text

__all__ = ["Logins", "logins", "prepare"]

OWNER = "moyai_owner"
BODY = "moyai_body"
"""The group of bodies' own logins (`moyai_body_271004`)."""
DBOS_SCHEMA = "dbos"
_NO_PICKLE = Path(__file__).parent / "no_pickle.sql"
"""What DBOS's tables take, beside what workers refuse to read (`moyai.operations.durable.queue.tickets`)."""
_LOCK = 7700
_TRY_LOCK = sa.text("SELECT pg_try_advisory_lock(:key)")
_TURN_SECONDS = 600.0
_POLL_SECONDS = 0.2


def prepare(places: Logins, *, new_passwords: bool = False) -> Prepared:
    """Make or migrate everything, as the login of the site's URL.

    Logins that are there keep their passwords, also those that this machine does not know, unless
    `new_passwords`: other machines need the files then. A server on this machine has no other machines: where
    none is known, all are made anew.
    Raises `OperationFailed` where the database cannot be reached or the login may not do it.
    """
    engine = open_engine(places.url, pool_size=1, name="moyai-prepare")
    try:
        with engine.connect() as pooled:
            connection = pooled.execution_options(isolation_level="AUTOCOMMIT")
            _take_turn(connection)
            raw = connection.connection.driver_connection
            assert isinstance(raw, psycopg.Connection)
            _groups(raw)
            _schemas(places.url)
            return _logins(raw, places, new_passwords)
    except sa.exc.OperationalError as error:
        raise unreachable(error) from None
    except (sa.exc.ProgrammingError, psycopg.Error) as error:
        raise _not_allowed(error) from None
    finally:
        engine.dispose()


def _take_turn(connection: sa.Connection) -> None:
    """Wait for other first uses, outside any transaction: DBOS makes indexes concurrently, which waits for
    every transaction, one that waits for this turn among them. Raises `OperationFailed`."""
    deadline = time.monotonic() + _TURN_SECONDS
    while not connection.execute(_TRY_LOCK, {"key": _LOCK}).scalar():
        if time.monotonic() >= deadline:
            raise OperationFailed(
                Text(
                    "別のコマンドが運用データベースを用意しつづけています。",
                    "another command has been making the operations database ready for too long.",
                ),
                remedy=Text(
                    "しばらくしてもう一度実行してください。", "Run it again after a while."
                ),
            )
        time.sleep(_POLL_SECONDS)


def _groups(connection: psycopg.Connection) -> None:
    """Roles that cannot log in, and the schema that belongs to one of them."""
    for name in (OWNER, *GROUPS, BODY):
        if not _has_role(connection, name):
            connection.execute(SQL("CREATE ROLE {} NOLOGIN").format(Identifier(name)))
    owner = Identifier(OWNER)
    connection.execute(SQL("GRANT {} TO CURRENT_USER WITH INHERIT FALSE, SET TRUE").format(owner))
    database = connection.info.dbname
    connection.execute(SQL("GRANT CREATE ON DATABASE {} TO {}").format(Identifier(database), owner))
    connection.execute(SQL("CREATE SCHEMA IF NOT EXISTS moyai AUTHORIZATION {}").format(owner))
    groups = SQL(", ").join(Identifier(name) for name in (*GROUPS, BODY))
    connection.execute(
        SQL("GRANT CONNECT ON DATABASE {} TO {}").format(Identifier(database), groups)
    )


def _schemas(url: URL) -> None:
    """Alembic's migrations, then DBOS's, as the owner."""
    engine = open_engine(url, role=OWNER, pool_size=1, name="moyai-prepare")
    try:
        with engine.begin() as connection:
            config = Config()
            config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
        ensure_dbos_schema(engine, DBOS_SCHEMA)
        run_dbos_migrations(engine, DBOS_SCHEMA, use_listen_notify=False)
        with engine.begin() as connection:
            guard = _NO_PICKLE.read_text(encoding="utf-8")
            connection.exec_driver_sql(guard.replace("%", "%%"))
            for statement in _GRANTS:
                connection.execute(sa.text(statement))
    finally:
        engine.dispose()


_GRANTS = (
    "GRANT SELECT ON moyai.alembic_version TO moyai_worker, moyai_operator, moyai_auditor",
    # So that who only reads the audit misses what was asked for and noted down, too; and what is
    # said otherwise. Nothing signed, no words.
    "GRANT SELECT (key, sha256) ON moyai.line_note TO moyai_auditor",
    "GRANT SELECT (id, operation_id, action, actor, signed_at, codes) ON moyai.steering TO moyai_auditor",
    "GRANT SELECT (kind, wanted, released, status) ON moyai.operation TO moyai_auditor",
    "GRANT SELECT (operation_id, number, status) ON moyai.wave TO moyai_auditor",
    "GRANT SELECT (done_at, result) ON moyai.step TO moyai_auditor",
    f"GRANT USAGE ON SCHEMA {DBOS_SCHEMA} TO moyai_worker, moyai_operator",
    f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {DBOS_SCHEMA} TO moyai_worker",
    f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA {DBOS_SCHEMA} TO moyai_worker",
    f"GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA {DBOS_SCHEMA} TO moyai_worker",
)


def _logins(connection: psycopg.Connection, places: Logins, new_passwords: bool) -> Prepared:
    """A login for each group; passwords are made where there is none."""
    private_folder(places.folder)
    split_old(places)
    known = places.passwords()
    renewed = new_passwords or (not known and is_local(places.url))
    written: dict[str, Path] = {}
    unknown: list[str] = []
    for group in GROUPS:
        is_new = not _has_role(connection, login_of(group))
        password = None if new_passwords else known.get(group)
        if password is None and not (is_new or renewed):
            unknown.append(group)
            continue
        password = password or secrets.token_urlsafe(32)
        _login(connection, group, password, is_new)
        write_private(places.passfile(group), content_of(places.url, group, password))
        written[group] = places.passfile(group)
    return Prepared(written, tuple(unknown))


def _login(connection: psycopg.Connection, group: str, password: str, is_new: bool) -> None:
    login = login_of(group)
    if is_new:
        connection.execute(SQL("CREATE ROLE {} LOGIN").format(Identifier(login)))
    verifier = connection.pgconn.encrypt_password(
        password.encode(), login.encode(), b"scram-sha-256"
    ).decode()
    connection.execute(
        SQL("ALTER ROLE {} PASSWORD {}").format(Identifier(login), Literal(verifier))
    )
    connection.execute(
        SQL("GRANT {} TO {} WITH INHERIT TRUE").format(Identifier(group), Identifier(login))
    )


def _has_role(connection: psycopg.Connection, name: str) -> bool:
    found = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (name,)).fetchone()
    return found is not None


def _not_allowed(error: Exception) -> OperationFailed:
    cause = getattr(error, "orig", None) or error
    state = getattr(cause, "sqlstate", None)
    return OperationFailed(
        Text(
            f"運用データベースを用意できません（PostgreSQL {state}）。",
            f"the operations database cannot be made ready (PostgreSQL {state}).",
        ),
        touched=Text(
            "途中までのものは残り、もう一度実行すれば続きから進みます。",
            "What was made stays; run again, it goes on from there.",
        ),
        remedy=Text(
            "operations_database のロールには、データベースの所有と CREATEROLE が要ります。",
            "The role of operations_database has to own the database, and needs CREATEROLE.",
        ),
    )
