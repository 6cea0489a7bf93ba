"""The operations database made ready: groups, logins, our schema and DBOS's. Safe to run again."""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping
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
from moyai.operations.database.logins import Logins, is_prepared, logins
from moyai.operations.database.lost import unreachable
from moyai.texts import Text

__all__ = ["Logins", "is_prepared", "logins", "prepare"]

OWNER = "moyai_owner"
GROUPS = ("moyai_worker", "moyai_operator", "moyai_auditor")
"""What a process is: each has a login of its own, `<group>_login`, that owns nothing."""
BODY = "moyai_body"
"""The group of bodies' own logins (`moyai_body_271004`)."""
DBOS_SCHEMA = "dbos"
_NO_PICKLE = Path(__file__).parent / "no_pickle.sql"
"""What DBOS's tables take, beside what workers refuse to read (`moyai.operations.durable.tickets`)."""
_LOCK = 7700
_TRY_LOCK = sa.text("SELECT pg_try_advisory_lock(:key)")
_TURN_SECONDS = 600.0
_POLL_SECONDS = 0.2


def prepare(places: Logins, *, new_passwords: bool = False) -> None:
    """Make or migrate everything, as the login of the site's URL.

    Where logins are there and this machine has no password file of them, they get new passwords, as they do
    with `new_passwords`: other machines need the file then.
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
            _logins(raw, places, {} if new_passwords else _known(places.passfile))
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
    f"GRANT USAGE ON SCHEMA {DBOS_SCHEMA} TO moyai_worker, moyai_operator",
    f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {DBOS_SCHEMA} TO moyai_worker",
    f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA {DBOS_SCHEMA} TO moyai_worker",
    f"GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA {DBOS_SCHEMA} TO moyai_worker",
)


def _logins(connection: psycopg.Connection, places: Logins, known: Mapping[str, str]) -> None:
    """A login for each group; passwords are made where this machine does not know them."""
    lines: dict[str, str] = {}
    for group in GROUPS:
        login = f"{group}_login"
        password = known.get(login) or secrets.token_urlsafe(32)
        if not _has_role(connection, login):
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
        lines[login] = password
    private_folder(places.passfile.parent)
    text = "".join(f"*:*:*:{login}:{password}\n" for login, password in lines.items())
    write_private(places.passfile, text.encode())


def _known(passfile: Path) -> Mapping[str, str]:
    try:
        lines = passfile.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return {}
    return {line.split(":")[3]: line.split(":", 4)[4] for line in lines if line.count(":") >= 4}


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
