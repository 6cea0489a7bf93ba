"""A transaction for statements of a service's own, which may have ended it: that is found out."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from contextlib import suppress
from typing import Literal

import psycopg
from psycopg.errors import error_from_result
from psycopg.pq import ExecStatus
from psycopg.sql import SQL, Identifier

from moyai.jobs.connections import Connection

Fate = Literal["undone", "ended", "unknown"]
"""Of what was run: all taken back; the transaction was ended inside, so that parts may have stayed;
the connection is lost, before or after the commit."""

_ROLES = "SELECT current_user::text, session_user::text"


class NotApplied(Exception):
    """The statements did not all run in one transaction, as the role that began it.

    `error` is the server's, None where no statement failed; `statement` which of them it was, from 1, None
    where it was none of them; `role` is the one they changed to.
    """

    def __init__(
        self,
        fate: Fate,
        error: psycopg.Error | None = None,
        role: str | None = None,
        statement: int | None = None,
    ) -> None:
        super().__init__(fate)
        self.fate: Fate = fate
        self.error = error
        self.role = role
        self.statement = statement


def apply_whole(connection: Connection, sql: str, record: Callable[[], object]) -> None:
    """Run a text and then what records it, both or neither. Raises `NotApplied`; what `record` raises
    leaves neither.

    A savepoint whose name nobody can guess is known to the transaction that was begun, and neither
    outside it nor to one that the text began.
    """
    mark = Identifier(f"moyai_{secrets.token_hex(16)}")
    fate: Fate = "undone"
    statement: int | None = None
    try:
        connection.execute("BEGIN")
        before = connection.execute(_ROLES).fetchone()
        connection.execute(SQL("SAVEPOINT {}").format(mark))
        fate = "ended"
        statement, failure = _run(connection, sql)
        if failure is not None:
            if _is_known(connection, "ROLLBACK TO SAVEPOINT {}", mark):
                fate = "undone"
            raise failure
        statement = None
        if not _is_known(connection, "RELEASE SAVEPOINT {}", mark):
            raise NotApplied("ended")
        fate = "undone"
        after = connection.execute(_ROLES).fetchone()
        if after != before:
            raise NotApplied("undone", role=" / ".join(after or ()))
        record()
        connection.execute("COMMIT")
    except psycopg.Error as error:
        what: Fate = "unknown" if connection.broken else fate
        raise NotApplied(what, error, statement=statement) from None
    finally:
        with suppress(psycopg.Error):
            connection.rollback()


def _run(connection: Connection, sql: str) -> tuple[int, psycopg.Error | None]:
    """Run a text's statements in one request; how many were begun, and the failure of the last of them.

    By libpq itself, as a cursor does not say which statement failed. The text is a service's file, reviewed
    with its release: it is not put together here.
    """
    link, begun = connection.pgconn, 0
    link.send_query(sql.encode(connection.info.encoding))
    failure: psycopg.Error | None = None
    while (result := link.get_result()) is not None:
        begun += 1
        if result.status == ExecStatus.FATAL_ERROR:
            failure = error_from_result(result, connection.info.encoding)
        elif result.status == ExecStatus.COPY_IN:
            link.put_copy_end(b"moyai: there is no client to copy from")
        elif result.status in (ExecStatus.COPY_OUT, ExecStatus.COPY_BOTH):
            while link.get_copy_data(0)[0] > 0:
                pass
    return begun, failure


def _is_known(connection: Connection, statement: str, mark: Identifier) -> bool:
    try:
        connection.execute(SQL(statement).format(mark))
    except psycopg.Error:
        if connection.broken:
            raise
        return False
    return True
