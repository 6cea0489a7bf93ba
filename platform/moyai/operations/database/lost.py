"""Connections that are lost, and a server that does not answer or let in, told for people.

Knows psycopg only: errors of SQLAlchemy have psycopg's own in them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from moyai.errors import OperationFailed
from moyai.texts import Text

GONE = frozenset({"57P01", "57P02", "57P03"})
"""SQLSTATEs of a server that shuts down, crashed or starts: the connection is gone, or soon is."""
_PASSING = frozenset({"40P01", "55P03"})
"""SQLSTATEs of a statement that others were in the way of: another try may do it."""
_ROLES_LOST = frozenset({"28000", "28P01"})
"""SQLSTATEs of a login that is not there or has another password."""


@contextmanager
def telling() -> Iterator[None]:
    """Turn a server that does not answer, or is too busy, into an error for people."""
    try:
        yield
    except Exception as error:
        cause = getattr(error, "orig", None) or error
        if not isinstance(cause, psycopg.Error):
            raise
        if cause.sqlstate in _ROLES_LOST:
            raise renewed() from None
        if is_lost(cause):
            raise unreachable(cause) from None
        if is_passing(cause):
            raise _busy() from None
        raise


def is_lost(error: BaseException | None) -> bool:
    """Whether an error of psycopg means that the connection, not the statement, failed."""
    error = getattr(error, "orig", None) or error  # SQLAlchemy's errors have psycopg's in them
    if not isinstance(error, psycopg.OperationalError):
        return False
    state = error.sqlstate
    return state is None or state.startswith("08") or state in GONE


def is_passing(error: BaseException | None) -> bool:
    """Whether an error of psycopg means that others were in the way: nothing was written, another try may
    do it."""
    error = getattr(error, "orig", None) or error
    return isinstance(error, psycopg.Error) and error.sqlstate in _PASSING


def unreachable(error: Exception) -> OperationFailed:
    """For people: the operations database does not answer."""
    cause = getattr(error, "orig", None) or error
    first = (str(cause).strip().splitlines() or [type(cause).__name__])[0]
    return OperationFailed(
        Text(
            f"運用データベースに接続できません（{first}）。",
            f"the operations database cannot be reached ({first}).",
        ),
        remedy=Text(
            "サンドボックスなら moyai sandbox start を、そうでなければデータベースの状態と"
            "接続先を確かめてください。",
            "For the sandbox run moyai sandbox start; otherwise look at the database and at where "
            "operations_database points.",
        ),
    )


def renewed() -> OperationFailed:
    """For people: the logins that this machine knows are not the database's any more."""
    return OperationFailed(
        Text(
            "運用データベースにログインできません。パスワードが変わったか、ログインがありません。",
            "the operations database does not let this machine log in: its passwords were renewed "
            "elsewhere, or its logins are gone.",
        ),
        remedy=Text(
            "moyai operation prepare --new-passwords で新しくするか、ほかの機械から "
            "パスワードファイルを写してください。",
            "Run moyai operation prepare --new-passwords, or copy the password file of another "
            "machine.",
        ),
    )


def _busy() -> OperationFailed:
    return OperationFailed(
        Text(
            "ほかの処理が運用データベースの同じところで作業中のため、記録できませんでした。",
            "others are at work at the same place of the operations database: it was not put on record.",
        ),
        remedy=Text("もう一度実行してください。", "Try again."),
    )
