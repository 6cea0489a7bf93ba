"""Connections to a cluster, and what their failures may say.

A cluster that does not answer, or went away in the middle, as in a failover, says nothing of what was asked of
it: such a failure is marked (`results.AWAY`), for whoever may try again.

libpq's own words about a connection can hold what it was given, so only their kind is told. Of a
failed statement its error class is told, and nothing that the server says: that may quote residents' data.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import psycopg

from moyai.jobs.credentials import Login
from moyai.jobs.results import AWAY, JobError
from moyai.jobs.settings import Server
from moyai.texts import Text

Connection = psycopg.Connection[tuple[Any, ...]]
CONNECT_SECONDS = 10
CONNECTION, OTHER = "connection", "other"
"""In place of an SQLSTATE."""
_ENDED = frozenset({"57P01", "57P02", "57P03"})
"""PostgreSQL ends: shut down, crashed, or not up yet."""
_EXCEPTION = "08"
"""Class of the exceptions of a connection."""


def connect(server: Server, login: Login, database: str, settings: Mapping[str, str]) -> Connection:
    """Connect, every statement its own transaction; `settings` are the session's from its start.

    Raises `JobError` with where it was to go and the kind of failure.
    """
    options = " ".join(f"-c {name}={value}" for name, value in settings.items())
    try:
        return psycopg.connect(
            host=server.host,
            port=server.port,
            user=login.username,
            password=login.password,
            dbname=database,
            sslmode=server.sslmode,
            sslrootcert=server.sslrootcert,
            # Nothing of the surroundings decides how a job connects.
            gssencmode="disable",
            passfile="/dev/null",
            connect_timeout=CONNECT_SECONDS,
            keepalives_idle=10,
            keepalives_interval=5,
            keepalives_count=3,
            application_name="moyai-job",
            options=options,
            autocommit=True,
        )
    except psycopg.Error as error:
        raise _connect_failed(error, server, login.username, database) from None


def is_lost(error: psycopg.Error) -> bool:
    """Whether a statement failed as the connection was lost. Statements of a service's own may raise any code:
    of them only the connection tells (`is_gone`)."""
    state = error.sqlstate
    if state is None:
        return isinstance(error, (psycopg.OperationalError, psycopg.InterfaceError))
    return state in _ENDED or state.startswith(_EXCEPTION)


def is_gone(connection: Connection) -> bool:
    """Whether a connection is lost by now, asked at the server."""
    try:
        connection.execute("SELECT 1")
    except psycopg.Error:
        return connection.broken or connection.closed
    return False


def lost(doing: Text, code: str = f"sql:{CONNECTION}") -> JobError:
    """The connection was lost while something was done."""
    return JobError(
        code,
        Text(
            f"データベースへの接続が途中で切れたため、{doing.ja}できません。",
            f"cannot {doing.en}: the connection to the database was lost.",
        ),
        remedy=_CONNECT_REMEDY,
        fields={AWAY: True},
    )


def statement_failed(
    error: psycopg.Error, doing: Text, connection: Connection | None = None
) -> JobError:
    """A failed statement, by its error class; `connection`: of a service's own, which may raise any."""
    name = sqlstate_of(error)
    if is_lost(error) and (connection is None or is_gone(connection)):
        return lost(doing, f"sql:{name}")
    condition = type(error).__name__
    words = condition if name == CONNECTION else f"{condition}, SQLSTATE {name}"
    return JobError(
        f"sql:{name}",
        Text(f"{doing.ja}できません（{words}）。", f"cannot {doing.en} ({words})."),
        remedy=_REMEDIES.get(name),
    )


def sqlstate_of(error: psycopg.Error) -> str:
    """PostgreSQL's own code; `other` for one that it does not have, as a function of the service's may raise
    any; `connection` where there is none."""
    if error.sqlstate is None:
        return CONNECTION if is_lost(error) else OTHER
    try:
        psycopg.errors.lookup(error.sqlstate)
    except KeyError:
        return OTHER
    return error.sqlstate


def _connect_failed(error: psycopg.Error, server: Server, role: str, database: str) -> JobError:
    said = str(error)
    code, kind = next(
        (found for words, found in _KINDS.items() if words in said),
        ("connect", Text("原因不明", "of unknown cause")),
    )
    place = f"{role}@{server.host}:{server.port}/{database}"
    return JobError(
        code,
        Text(f"{place} に接続できません: {kind.ja}。", f"cannot connect to {place}: {kind.en}."),
        remedy=_CONNECT_REMEDY,
        fields={AWAY: True} if code in _AWAY else None,
    )


_AWAY = frozenset(
    {
        "starting",
        "stopping",
        "recovering",
        "refused",
        "timeout",
        "unreachable",
        "no-resolver",
        "closed",
    }
)
"""Kinds that say that the cluster does not answer now."""
_CONNECT_REMEDY = Text(
    "データベースのクラスターが動いているか（サンドボックスなら moyai sandbox status、AWS なら RDS の"
    "クラスターの状態とイベント、ジョブのセキュリティグループ）を確かめて、もう一度実行してください。",
    "See whether the database's cluster runs (for the sandbox: moyai sandbox status; on AWS: the cluster's "
    "state and events in RDS, and the job's security groups), then run it again.",
)
_REMEDIES: Mapping[str, Text] = {
    "42501": Text(
        "マスターロールに CREATEDB と CREATEROLE があるか確かめてください。",
        "See that the master role has CREATEDB and CREATEROLE.",
    ),
    "55P03": Text(
        "ほかの作業が終わるのを待って、もう一度実行してください。",
        "Wait for the other work to end, then run it again.",
    ),
}
_CLOSED = Text("接続が切られました", "the connection was closed")
_KINDS: Mapping[str, tuple[str, Text]] = {
    "password authentication failed": (
        "wrong-password",
        Text("パスワードが合いません", "the password is wrong"),
    ),
    "is not permitted to log in": (
        "no-login",
        Text("ロールに LOGIN 属性がありません", "the role has no LOGIN"),
    ),
    "permission denied for database": (
        "not-permitted",
        Text("このデータベースへの CONNECT 権限がありません", "CONNECT is not granted to the role"),
    ),
    "is not currently accepting connections": (
        "not-accepting",
        Text("データベースが接続を受け付けていません", "the database takes no connections"),
    ),
    "does not exist": (
        "no-database",
        Text("データベースまたはロールがありません", "there is no such database or role"),
    ),
    "too many connections": (
        "too-many-connections",
        Text("接続数が上限に達しています", "its connections are used up"),
    ),
    "remaining connection slots": (
        "too-many-connections",
        Text("接続数が上限に達しています", "the cluster's connections are used up"),
    ),
    "in recovery mode": (
        "recovering",
        Text("サーバーが復旧中です", "the server is recovering"),
    ),
    "not yet accepting connections": (
        "starting",
        Text("サーバーが起動中です", "the server is starting up"),
    ),
    "database system is not accepting connections": (
        "recovering",
        Text("サーバーが復旧中です", "the server is recovering"),
    ),
    "starting up": ("starting", Text("サーバーが起動中です", "the server is starting up")),
    "shutting down": ("stopping", Text("サーバーが停止中です", "the server is shutting down")),
    "certificate": (
        "certificate",
        Text("サーバー証明書を確かめられません", "the server's certificate cannot be verified"),
    ),
    "does not support SSL": (
        "no-tls",
        Text("サーバーが TLS を使えません", "the server has no TLS"),
    ),
    "no pg_hba.conf entry": (
        "no-hba-entry",
        Text("この接続方法は許されていません", "this way of connecting is not allowed"),
    ),
    "Connection refused": ("refused", Text("接続を拒まれました", "the connection was refused")),
    "timeout expired": ("timeout", Text("時間内に応答がありません", "no answer in time")),
    "No route to host": ("unreachable", Text("経路がありません", "there is no route to it")),
    "Network is unreachable": ("unreachable", Text("経路がありません", "there is no route to it")),
    "Temporary failure in name resolution": (
        "no-resolver",
        Text("名前解決のサーバーが応答しません", "names cannot be resolved now"),
    ),
    "could not translate host name": (
        "no-host",
        Text("ホスト名を解決できません", "the host's name cannot be resolved"),
    ),
    "server closed the connection": ("closed", _CLOSED),
    "Connection reset": ("closed", _CLOSED),
    "connection has been closed unexpectedly": ("closed", _CLOSED),
    "unexpected eof": ("closed", _CLOSED),
}
