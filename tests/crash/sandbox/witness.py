"""What sees each statement that changes a body's database: triggers that are no role's of Moyai's.

The superuser of the embedded server lays an event trigger into each database, which writes what was committed
into a table of its own. All of it is made part of the extension `plpgsql`, so that no dump has it and none of
the jobs' roles can touch it. Databases are renamed and replaced by restores: rows are kept by the database's
own number, and read while the campaign goes on.
"""

from __future__ import annotations

from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from moyai.sandbox.postgres.fleet import Fleet
from moyai.sandbox.postgres.instance import OPERATIONS, Instance
from moyai.sandbox.postgres.roles import connect

_LAY = """
CREATE SCHEMA witness;
CREATE TABLE witness.seen (
  id bigint GENERATED ALWAYS AS IDENTITY,
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  xact xid8 NOT NULL DEFAULT pg_current_xact_id(),
  login text NOT NULL,
  tag text NOT NULL,
  words text NOT NULL
);
CREATE FUNCTION witness.see() RETURNS event_trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $f$
BEGIN
  INSERT INTO witness.seen (login, tag, words)
  VALUES (session_user, tg_tag, left(current_query(), 20000));
END
$f$;
CREATE EVENT TRIGGER witness ON ddl_command_end EXECUTE FUNCTION witness.see();
ALTER EVENT TRIGGER witness ENABLE ALWAYS;
ALTER EXTENSION plpgsql ADD SCHEMA witness;
ALTER EXTENSION plpgsql ADD TABLE witness.seen;
ALTER EXTENSION plpgsql ADD FUNCTION witness.see();
ALTER EXTENSION plpgsql ADD EVENT TRIGGER witness;
"""
_DATABASES = (
    "SELECT oid::bigint, datname FROM pg_database WHERE datallowconn AND datname LIKE %s ORDER BY 1"
)
_ROWS = (
    "SELECT id, extract(epoch FROM at)::float8, xact::text, login, tag, words FROM witness.seen "
    "WHERE id > %s ORDER BY id"
)


@dataclass(frozen=True)
class Seen:
    """One statement that was committed."""

    id: int
    at: float
    """Seconds since 1970, by the server's clock."""
    xact: str
    login: str
    tag: str
    words: str
    """The whole text that the server was sent."""


@dataclass
class Witness:
    """All databases of a site's clusters."""

    folder: Path
    """The site's databases."""
    service: str
    rows: dict[tuple[str, int], list[Seen]] = field(default_factory=dict)
    """By server and the database's number: a restore brings another."""
    names: dict[tuple[str, int], str] = field(default_factory=dict)

    def look(self) -> None:
        """Lay what is not laid yet, and read what is new. A server that is away is looked at next time."""
        for server in Fleet(self.folder).all():
            if server.folder.name != OPERATIONS:
                with suppress(psycopg.Error, OSError):
                    self._look(server)

    def of(self, name: str) -> list[list[Seen]]:
        """The databases that a name meant, the oldest first, each with what was seen of it."""
        keys = sorted(key for key, known in self.names.items() if known == name)
        return [self.rows.get(key, []) for key in keys]

    def _look(self, server: Instance) -> None:
        with closing(connect(server)) as admin:
            found = admin.execute(_DATABASES, (f"%{self.service.replace('-', '%')}%",)).fetchall()
        for number, name in found:
            key = (server.folder.name, number)
            with suppress(psycopg.Error), closing(connect(server, name)) as connection:
                if key not in self.rows:
                    if connection.execute("SELECT to_regclass('witness.seen')").fetchone() == (
                        None,
                    ):
                        with connection.transaction():
                            connection.execute(_LAY)
                    self.rows[key] = []
                self.names[key] = name
                known = self.rows[key]
                last = known[-1].id if known else 0
                known += [Seen(*row) for row in connection.execute(_ROWS, (last,)).fetchall()]
