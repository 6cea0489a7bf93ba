"""Where the passwords of the operations database's logins are. Imports no migrations: commands that only read
open the database by it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.engine import URL


@dataclass(frozen=True, slots=True)
class Logins:
    """Where the passwords of a database's logins are: a libpq password file, 0600."""

    url: URL
    passfile: Path

    def of(self, group: str) -> URL:
        """The URL of a group's login."""
        return self.url.set(username=f"{group}_login").update_query_dict(
            {"passfile": str(self.passfile)}
        )


def logins(url: URL, home: Path) -> Logins:
    """The logins of a site's operations database; `home` is the site's folder on this machine."""
    return Logins(url, home / "operations" / "pgpass")


def is_prepared(places: Logins) -> bool:
    """Whether this machine has logins; whether they are right shows when they are used."""
    return places.passfile.exists()
