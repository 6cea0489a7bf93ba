"""Connections to a cluster, and what their failures may say.

libpq's own words about a connection can hold what it was given, so only their kind is told. Of a
failed statement its error class is told, and nothing that the server says: that may quote residents' data.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import psycopg

from moyai.jobs.credentials import Login
from moyai.jobs.results import JobError
from moyai.jobs.settings import Server
from moyai.texts import Text

Connection = psycopg.Connection[tuple[Any, ...]]
CONNECT_SECONDS = 10
CONNECTION, OTHER = "connection", "other"
"""In place of an SQLSTATE."""


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


def statement_failed(error: psycopg.Error, doing: Text) -> JobError:
    """A failed statement, by its error class."""
    name = sqlstate_of(error)
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
        return CONNECTION
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
    )


_CONNECT_REMEDY = Text(
    "クラスターの状態と、ジョブのセキュリティグループを確かめて、もう一度実行してください。",
    "Look at the cluster's state and at the job's security groups, then run it again.",
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
    "could not translate host name": (
        "no-host",
        Text("ホスト名を解決できません", "the host's name cannot be resolved"),
    ),
    "server closed the connection": (
        "closed",
        Text("接続が切られました", "the connection was closed"),
    ),
}
