"""By which tenants.yaml operations were planned, in order, and which one a command has."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC

import sqlalchemy as sa

from moyai.errors import NOTHING_TOUCHED, Refused
from moyai.operations.site.history import AppliedFile
from moyai.texts import Text, in_japan

_OLDER = "MY008"
"""SQLSTATE: the file is older than the newest; its moment is the error's detail."""
_KNOWN = sa.text(
    "SELECT sha256, checkout, at FROM (SELECT * FROM moyai.planned_file WHERE site = :site "
    "ORDER BY number DESC LIMIT 500) newest ORDER BY number"
)
_NEWEST = sa.text("SELECT coalesce(max(number), 0) FROM moyai.planned_file WHERE site = :site")
_NOTE = sa.text("SELECT moyai.note_file(:site, :sha256, :checkout, :follows, :actor)")


def planned_files(connection: sa.Connection, site: str) -> tuple[AppliedFile, ...]:
    """The files of a site, oldest first: the newest 500."""
    return tuple(
        AppliedFile(row.sha256, row.checkout, row.at.astimezone(UTC).isoformat())
        for row in connection.execute(_KNOWN, {"site": site})
    )


def newest_number(connection: sa.Connection, site: str) -> int:
    """Grows with each other file; 0: none is known."""
    return int(connection.execute(_NEWEST, {"site": site}).scalar_one())


def note_file(
    connection: sa.Connection,
    site: str,
    sha256: str,
    commit: str | None,
    actor: str,
    *,
    follows: bool,
) -> None:
    """Say which file operations are planned by from now on. `follows`: it is the newest though it was there
    before. Raises `Refused` for one that was there before the newest."""
    given = {"site": site, "sha256": sha256, "checkout": commit, "follows": follows}
    with telling_older():
        connection.execute(_NOTE, {**given, "actor": actor})


@contextmanager
def telling_older() -> Iterator[None]:
    """What the database says of an older file, for people."""
    try:
        yield
    except sa.exc.DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) != _OLDER:
            raise
        diagnostics = getattr(error.orig, "diag", None)
        raise older_file(getattr(diagnostics, "message_detail", None)) from None


def older_file(at: str | None) -> Refused:
    """What who would plan by an older file is told. `at`: when a newer one was used, as ISO 8601."""
    when = in_japan(at) if at else "?"
    return Refused(
        Text(
            f"この tenants.yaml は、{when} に計画または適用に使われたものより古い内容です。",
            f"this tenants.yaml is older than the one that was planned or applied by at {when}.",
        ),
        touched=NOTHING_TOUCHED,
        remedy=Text(
            "新しいファイルを取り込んでください。意図して内容を戻したのなら、担当者が "
            "moyai operation newest で、これが最新だと記録してから計画してください。",
            "Bring the file up to date. Where it was put back on purpose, an operator says that it is the "
            "newest with moyai operation newest; then plan.",
        ),
    )
