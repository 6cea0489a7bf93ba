"""The operations database of a site, opened as one of its groups; made ready at its first use."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa
from sqlalchemy.engine import URL

from moyai.errors import NOTHING_TOUCHED, OperationFailed
from moyai.operations.database.connecting import database_url, open_engine
from moyai.operations.database.logins import Logins, Prepared, login_of, logins, split_old
from moyai.operations.database.lost import telling
from moyai.operations.database.version import is_old
from moyai.operations.site.workspace import Workspace
from moyai.texts import Text


def login_url(workspace: Workspace, group: str) -> URL:
    """The URL of a group's login on a site. A site's first use of it makes the database ready.

    Raises `UsageError` and `OperationFailed` as the site does, where it cannot be made ready, and where this
    machine has no password of the group.
    """
    places = logins_of(workspace)
    split_old(places)
    if not places.has(group) and not places.passwords():
        make_ready(workspace)
    if not places.has(group):
        raise unknown(places, group)
    return places.of(group)


def logins_of(workspace: Workspace) -> Logins:
    """The logins of a site's operations database. Raises as the site does."""
    return logins(database_url(workspace.runtime.operations_database()), workspace.runtime.home)


def make_ready(workspace: Workspace, *, new_passwords: bool = False) -> Prepared:
    """Make or migrate the site's operations database. Raises as `prepare`."""
    # Migrations, and what they bring along, are needed once; commands that read start without them.
    from moyai.operations.database.prepare import prepare

    return prepare(logins_of(workspace), new_passwords=new_passwords)


def unknown(places: Logins, group: str) -> OperationFailed:
    """For people: this machine has no password of a group."""
    file = places.passfile(group)
    return OperationFailed(
        Text(
            f"この機械は、運用データベースのログイン {login_of(group)} のパスワードを持っていません。",
            f"this machine has no password of the operations database's login {login_of(group)}.",
        ),
        touched=NOTHING_TOUCHED,
        remedy=Text(
            f"このデータベースを使っている機械のパスワードファイルを {file} に写してください。どの機械にも"
            "なければ、moyai operation prepare --new-passwords で作り直せます。",
            f"Copy the password file of a machine that uses this database to {file}. Where no machine has it, "
            "moyai operation prepare --new-passwords makes new ones.",
        ),
    )


@contextmanager
def operations_engine(workspace: Workspace, group: str = "moyai_operator") -> Iterator[sa.Engine]:
    """An engine for a command, looked at once. Raises as `login_url`, and where it is too old."""
    engine = open_engine(login_url(workspace, group), pool_size=2, name="moyai")
    try:
        with telling():
            _look(engine)
        yield engine
    finally:
        engine.dispose()


def _look(engine: sa.Engine) -> None:
    with engine.connect() as connection:
        found = connection.execute(
            sa.text("SELECT to_regclass('moyai.operation') IS NOT NULL")
        ).scalar()
        version = (
            connection.execute(sa.text("SELECT version_num FROM moyai.alembic_version")).scalar()
            if found
            else None
        )
    if is_old(version):
        raise OperationFailed(
            Text(
                "運用データベースの版が古いか、用意されていません。",
                "the operations database is older than this version of Moyai, or not made ready.",
            ),
            remedy=Text(
                "moyai operation prepare を実行してください。", "Run moyai operation prepare."
            ),
        )
