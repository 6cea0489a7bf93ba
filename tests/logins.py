"""Databases of a test's own on a server whose logins are known."""

from __future__ import annotations

from moyai.engine.files import private_folder, write_private
from moyai.operations.database.logins import Logins, content_of


def of_database(known: Logins, name: str) -> Logins:
    """The logins of another database of the same server."""
    places = Logins(known.url.set(database=name), known.folder / name)
    private_folder(places.folder)
    for group, password in known.passwords().items():
        write_private(places.passfile(group), content_of(places.url, group, password))
    return places
