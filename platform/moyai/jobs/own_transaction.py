"""A transaction for statements of a service's own, which may have ended it: that is found out."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from contextlib import suppress
from typing import Literal

import psycopg
from psycopg.sql import SQL, Identifier

from moyai.jobs.connections import Connection

Fate = Literal["undone", "ended", "unknown"]
"""Of what was run: all taken back; the transaction was ended inside, so that parts may have stayed;
the connection is lost, before or after the commit."""

_ROLES = "SELECT current_user::text, session_user::text"


class NotApplied(Exception):
    """The statements did not all run in one transaction, as the role that began it.

    `error` is the server's, None where no statement failed; `role` is the one they changed to.
    """

    def __init__(
        self, fate: Fate, error: psycopg.Error | None = None, role: str | None = None
    ) -> None:
        super().__init__(fate)
        self.fate: Fate = fate
        self.error = error
        self.role = role


def apply_whole(connection: Connection, sql: str, record: Callable[[], object]) -> None:
    """Run a text and then what records it, both or neither. Raises `NotApplied`.

    A savepoint whose name nobody can guess is known to the transaction that was begun, and neither
    outside it nor to one that the text began.
    """
    mark = Identifier(f"moyai_{secrets.token_hex(16)}")
    fate: Fate = "undone"
    try:
        connection.execute("BEGIN")
        before = connection.execute(_ROLES).fetchone()
        connection.execute(SQL("SAVEPOINT {}").format(mark))
        fate = "ended"
        try:
            # A service's file, reviewed with its release: it is not put together here.
            connection.execute(SQL(sql))
        except psycopg.Error:
            if _is_known(connection, "ROLLBACK TO SAVEPOINT {}", mark):
                fate = "undone"
            raise
        if not _is_known(connection, "RELEASE SAVEPOINT {}", mark):
            raise NotApplied("ended")
        fate = "undone"
        after = connection.execute(_ROLES).fetchone()
        if after != before:
            raise NotApplied("undone", role=" / ".join(after or ()))
        record()
        connection.execute("COMMIT")
    except psycopg.Error as error:
        raise NotApplied("unknown" if connection.broken else fate, error) from None
    finally:
        with suppress(psycopg.Error):
            connection.rollback()


def _is_known(connection: Connection, statement: str, mark: Identifier) -> bool:
    try:
        connection.execute(SQL(statement).format(mark))
    except psycopg.Error:
        if connection.broken:
            raise
        return False
    return True
