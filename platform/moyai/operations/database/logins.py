"""Where the passwords of the operations database's logins are: a libpq password file for each group, 0600.

A line is of one server, one database, one login: a machine of operators needs no worker's password, and no
password goes to another server. Imports no migrations: commands that only read open the database by it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.engine import URL

from moyai.operations.database.hosts import bound, places_of

GROUPS = ("moyai_worker", "moyai_operator", "moyai_auditor")
"""What a process is: each has a login of its own, `<group>_login`, that owns nothing."""
_FIELD = re.compile(r"(?:[^:\\]|\\.)*")


@dataclass(frozen=True, slots=True)
class Logins:
    """The logins of one database, as this machine knows them."""

    url: URL
    """Of who owns the database."""
    folder: Path
    """Where the password files are."""

    def of(self, group: str) -> URL:
        """The URL of a group's login. The server has to ask for its password, and prove that it knows it."""
        given = {"passfile": str(self.passfile(group)), "require_auth": "scram-sha-256"}
        return bound(self.url.set(username=login_of(group)).update_query_dict(given))

    def passfile(self, group: str) -> Path:
        """The password file of a group: lines of host, port, database, login and password."""
        return self.folder / f"pgpass.{group}"

    def has(self, group: str) -> bool:
        """Whether this machine has a group's password for this database; whether it is right shows when it is
        used."""
        return lines_of(self.url, group, "")[0].rpartition(":")[0] in {
            line.rpartition(":")[0] for line in _lines(self.passfile(group))
        }

    def passwords(self) -> Mapping[str, str]:
        """Group → password, of the groups of which this machine has a file, whichever server it is of."""
        found = {group: _password(self.passfile(group), group) for group in GROUPS}
        return {group: password for group, password in found.items() if password}

    @property
    def old_passfile(self) -> Path:
        """The one file that versions before had for all groups and servers."""
        return self.folder / "pgpass"


@dataclass(frozen=True, slots=True)
class Prepared:
    """What this machine knows of the logins afterwards."""

    written: Mapping[str, Path]
    """Group → its password file."""
    unknown: tuple[str, ...]
    """Groups whose logins were there before with passwords that this machine does not have."""


def logins(url: URL, home: Path) -> Logins:
    """The logins of a site's operations database; `home` is the site's folder on this machine."""
    return Logins(url, home / "operations")


def login_of(group: str) -> str:
    """The login of a group."""
    return f"{group}_login"


def lines_of(url: URL, group: str, password: str) -> tuple[str, ...]:
    """The lines of a group's password file, one for each name that libpq looks the server up by.

    A server on this machine may have another port after each start.
    """
    login = login_of(group)
    return tuple(
        ":".join((*(_escaped(one) for one in (host, port, str(url.database), login)), password))
        for host, port in places_of(url)
    )


def split_old(places: Logins) -> None:
    """Give each group a file of its own out of the one of the version before, where that is there."""
    from moyai.engine.files import write_private

    old = places.old_passfile
    if not old.exists():
        return
    for group in GROUPS:
        password = _password(old, group)
        if password and not places.passfile(group).exists():
            write_private(places.passfile(group), content_of(places.url, group, password))
    old.unlink(missing_ok=True)


def content_of(url: URL, group: str, password: str) -> bytes:
    """A group's whole password file."""
    return "".join(f"{line}\n" for line in lines_of(url, group, password)).encode()


def _password(file: Path, group: str) -> str | None:
    for line in _lines(file):
        fields = [found[0] for found in _FIELD.finditer(line) if found[0]]
        if len(fields) == 5 and fields[3] == login_of(group):
            return fields[4]
    return None


def _lines(file: Path) -> Iterator[str]:
    try:
        yield from file.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return


def _escaped(field: str) -> str:
    return field.replace("\\", "\\\\").replace(":", "\\:")
