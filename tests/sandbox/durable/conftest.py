"""An operations database of its own for each test, copied from one that was made ready."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path

import psycopg
import pytest
from psycopg.sql import SQL, Identifier
from tests.logins import of_database

sys.path.insert(0, str(Path(__file__).parent))

from moyai.operations.database.connecting import database_url
from moyai.operations.database.hosts import conninfo
from moyai.operations.database.prepare import Logins, logins, prepare
from moyai.sandbox.postgres.fleet import Fleet

_NUMBERS = count(1)


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Logins]:
    """A server with a database that is made ready and that nobody uses."""
    folder = tmp_path_factory.mktemp("operations")
    fleet = Fleet(folder / "postgres")
    fleet.ensure_operations()
    places = logins(database_url(fleet.operations_url()), folder)
    prepare(places)
    with psycopg.connect(conninfo(places.url), autocommit=True) as connection:
        connection.execute("CREATE DATABASE standing")  # a template has to be nobody's
    yield places
    fleet.stop_all()


@pytest.fixture
def places(template: Logins) -> Iterator[Logins]:
    """A database for one test."""
    with _database(template) as found:
        yield found


@pytest.fixture(scope="module")
def lasting(template: Logins) -> Iterator[Logins]:
    """A database for all tests of a module, which `emptied` empties."""
    with _database(template) as found:
        yield found


@pytest.fixture
def emptied(lasting: Logins) -> Logins:
    """The same without operations and workers; what is in the audit stays, as it always does."""
    with psycopg.connect(conninfo(lasting.url), autocommit=True) as admin:
        admin.execute("SET ROLE moyai_owner")
        admin.execute("TRUNCATE moyai.operation, moyai.worker CASCADE")
    return lasting


@contextmanager
def _database(template: Logins) -> Iterator[Logins]:
    name = f"operations_{next(_NUMBERS)}"
    with psycopg.connect(conninfo(template.url.set(database="standing")), autocommit=True) as admin:
        admin.execute(SQL("CREATE DATABASE {} TEMPLATE operations").format(Identifier(name)))
        yield of_database(template, name)
        with suppress(psycopg.errors.ObjectInUse):  # a failed test holds its connections
            admin.execute(SQL("DROP DATABASE {}").format(Identifier(name)))
