"""The operations database for a command that only reads: opened without the site where it is known by now."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from moyai.operations.database.lost import telling
from moyai.operations.database.version import is_old
from moyai.operations.database.whereabouts import remember, remembered
from moyai.operations.site.places import find_registry_file, home_folder

_CONNECT_SECONDS = 5


@dataclass(frozen=True, slots=True)
class Reader:
    """Where to read."""

    conninfo: str

    def connect(self) -> psycopg.Connection[Any]:
        """A connection on which each statement is a transaction of its own. Raises `psycopg.Error`."""
        return psycopg.connect(
            self.conninfo,
            autocommit=True,
            connect_timeout=_CONNECT_SECONDS,
            application_name="moyai",
        )


@contextmanager
def open_reader(file: Path | None, site: str) -> Iterator[Reader]:
    """Open it; nothing is started. Raises as `open_office` does."""
    path = find_registry_file(file)
    home = home_folder(path.parent, os.environ)
    known = remembered(home, site, path)
    reader = None if known is None else Reader(known)
    if reader is None or not _answers(reader):
        reader = _learnt(path, site)
        remember(home, site, path, reader.conninfo)
    with telling():
        yield reader


def _answers(reader: Reader) -> bool:
    """Whether the database is there and new enough; why not is told by who opens the site."""
    try:
        with reader.connect() as connection:
            found = connection.execute("SELECT version_num FROM moyai.alembic_version").fetchone()
    except psycopg.Error:
        return False
    return found is not None and not is_old(found[0])


def _learnt(path: Path, site: str) -> Reader:
    from moyai.operations.database.hosts import conninfo
    from moyai.operations.database.opening import login_url, operations_engine
    from moyai.operations.site.workspace import open_workspace

    workspace = open_workspace(path, site)
    with operations_engine(workspace):
        url = login_url(workspace, "moyai_operator")
        return Reader(conninfo(url))
