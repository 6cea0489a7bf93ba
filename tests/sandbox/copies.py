"""An operations database of an embedded server, put back to a copy of itself as after a lost host."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg
from psycopg.sql import SQL, Identifier

from moyai.sandbox.postgres.fleet import Fleet
from moyai.sandbox.postgres.instance import OPERATIONS
from moyai.sandbox.postgres.roles import connect


class Copies:
    """Of one database. Whoever is connected is thrown out, and comes back by himself."""

    def __init__(self, servers: Path, name: str = OPERATIONS) -> None:
        """`servers`: the folder of the embedded servers."""
        self._instance = Fleet(servers).instance(OPERATIONS)
        self._name, self._copy = Identifier(name), Identifier(f"{name}_copy")
        self._words = name

    def take(self) -> None:
        """Copy it as it is now."""
        with self._alone() as server:
            server.execute(
                SQL("CREATE DATABASE {} TEMPLATE {} OWNER {}").format(
                    self._copy, self._name, Identifier(OPERATIONS)
                )
            )

    def put_back(self) -> None:
        """Have the copy in its place; the copy stays, to be put back again."""
        with self._alone() as server:
            server.execute(SQL("DROP DATABASE {}").format(self._name))
            server.execute(
                SQL("CREATE DATABASE {} TEMPLATE {} OWNER {}").format(
                    self._name, self._copy, Identifier(OPERATIONS)
                )
            )

    def drop(self) -> None:
        """Drop the copy."""
        with self._server() as server:
            server.execute(SQL("DROP DATABASE IF EXISTS {}").format(self._copy))

    @contextmanager
    def _server(self) -> Iterator[psycopg.Connection]:
        with closing(connect(self._instance)) as server:
            yield server

    @contextmanager
    def _alone(self) -> Iterator[psycopg.Connection]:
        with self._server() as server:
            allow = SQL("ALTER DATABASE {} ALLOW_CONNECTIONS {}")
            server.execute(allow.format(self._name, SQL("false")))
            try:
                server.execute(
                    "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = %s",
                    (self._words,),
                )
                yield server
            finally:
                server.execute(allow.format(self._name, SQL("true")))
