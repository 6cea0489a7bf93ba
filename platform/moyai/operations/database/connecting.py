"""Connections to the operations database: by group, on TCP or a socket, with lost ones told apart.

A URL never has a password: libpq finds it in the password file that the URL or `Logins` names.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import URL, make_url

from moyai.errors import UsageError
from moyai.operations.database.hosts import guarded
from moyai.operations.database.lost import is_lost
from moyai.texts import Text

_CONNECT_SECONDS = 5
_SESSION = {
    # A worker that freezes in a transaction must not hold its locks for good.
    "idle_in_transaction_session_timeout": "60s",
    "lock_timeout": "15s",
}


def database_url(text: str) -> URL:
    """A PostgreSQL URL for psycopg, with TLS where the way leaves this machine.

    Raises `UsageError` for another, for one with a password, without a database, or with less than TLS.
    """
    try:
        url = make_url(text)
    except sa.exc.ArgumentError:
        url = None
    if url is None or not url.drivername.startswith("postgres"):
        raise UsageError(
            Text(
                "operations_database は PostgreSQL の URL（postgresql://…）で書いてください。",
                "operations_database has to be a URL of PostgreSQL: postgresql://…",
            )
        )
    if url.password is not None or any("password" in key.casefold() for key in url.query):
        raise UsageError(
            Text(
                "operations_database の URL にパスワードを書かないでください。",
                "the URL of operations_database must not have a password in it.",
            ),
            remedy=Text(
                "パスワードはパスワードファイル（passfile=… または ~/.pgpass）に置いてください。",
                "Put it into a password file (passfile=… or ~/.pgpass).",
            ),
        )
    if not url.database:
        raise UsageError(
            Text(
                "operations_database の URL にデータベース名がありません。",
                "the URL of operations_database names no database.",
            ),
            remedy=Text("末尾に /名前 を付けてください。", "Add /NAME at its end."),
        )
    _refuse_doubt(url)
    return guarded(url.set(drivername="postgresql+psycopg"))


def _refuse_doubt(url: URL) -> None:
    """Raises `UsageError` for settings of which whoever reads the URL would take others than libpq does."""
    if any(not isinstance(value, str) for value in url.query.values()):
        raise UsageError(
            Text(
                "operations_database の URL に同じ指定が2度あります。",
                "the URL of operations_database says the same setting twice.",
            ),
            remedy=Text(
                "複数のホストは host=a,b&port=5432,5432 と書いてください。",
                "Write several hosts as host=a,b&port=5432,5432.",
            ),
        )
    if {"user", "dbname"} & set(url.query):  # libpq would take them for every group's login
        raise UsageError(
            Text(
                "operations_database の URL の ? より後に、user や dbname は書けません。",
                "the URL of operations_database must not have user or dbname behind its ?.",
            ),
            remedy=Text(
                "postgresql://ユーザー@ホスト/データベース の形で書いてください。",
                "Write postgresql://USER@HOST/DATABASE.",
            ),
        )


def open_engine(
    url: URL, *, role: str | None = None, pool_size: int = 4, name: str = "moyai"
) -> sa.Engine:
    """An engine whose sessions take a role, and whose lost connections are seen as lost."""
    options = " ".join(f"-c {key}={value}" for key, value in _SESSION.items())
    if role is not None:
        options += f" -c role={role}"
    engine = sa.create_engine(
        url,
        pool_size=pool_size,
        # The connection that was given back last: what few can do, few have done, with what each keeps.
        pool_use_lifo=True,
        max_overflow=pool_size,
        pool_pre_ping=False,
        connect_args={
            "connect_timeout": _CONNECT_SECONDS,
            "application_name": name,
            "options": options,
            "keepalives_idle": 5,
            "keepalives_interval": 2,
            "keepalives_count": 3,
        },
    )
    tell_lost_ones(engine)
    return engine


def tell_lost_ones(engine: sa.Engine) -> None:
    """Have every lost connection of an engine counted as lost.

    On a Unix socket psycopg says "connection is bad" with no SQLSTATE, which neither SQLAlchemy nor
    DBOS takes for a lost connection: a thread would end with it, and its row stay PENDING for good.
    """
    sa.event.listen(engine, "handle_error", _judge)


def _judge(context: Any) -> None:
    error = context.original_exception
    if is_lost(error):
        context.is_disconnect = True
