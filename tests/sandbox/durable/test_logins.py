"""A machine has the passwords that its groups need, and gives them to a server that proves itself alone."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy.engine import URL

from moyai.operations.database.connecting import database_url
from moyai.operations.database.hosts import conninfo, is_local
from moyai.operations.database.logins import GROUPS, Logins
from moyai.operations.database.prepare import logins, prepare
from moyai.sandbox.postgres.fleet import Fleet
from moyai.sandbox.postgres.instance import OPERATIONS


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    """A server of this module's own: its logins are renewed, and in the end it asks for no password."""
    found = Fleet(tmp_path_factory.mktemp("server") / "postgres")
    found.ensure_operations()
    yield found
    found.stop_all()


@pytest.fixture
def machine(fleet: Fleet, tmp_path: Path) -> Logins:
    return logins(database_url(fleet.operations_url()), tmp_path)


def _who(url: URL) -> str:
    with psycopg.connect(conninfo(url)) as connection:
        row = connection.execute("SELECT current_user").fetchone()
    assert row is not None
    return str(row[0])


def test_each_group_has_a_file_of_its_own(machine: Logins) -> None:
    made = prepare(machine)
    assert made.unknown == ()
    assert set(made.written) == set(GROUPS)
    for group, file in made.written.items():
        assert _who(machine.of(group)) == f"{group}_login"
        assert file.stat().st_mode & 0o777 == 0o600
        others = [password for one, password in machine.passwords().items() if one != group]
        assert not any(one in file.read_text() for one in others)


def test_a_machine_of_operators_keeps_what_it_has_and_renews_nothing(
    machine: Logins, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepare(machine)
    before = machine.passwords()
    for group in ("moyai_worker", "moyai_auditor"):
        machine.passfile(group).unlink()
    made = prepare(machine)
    assert made.unknown == ("moyai_worker", "moyai_auditor")
    assert machine.passwords() == {"moyai_operator": before["moyai_operator"]}
    assert _who(machine.of("moyai_operator")) == "moyai_operator_login"
    monkeypatch.setattr("moyai.operations.database.prepare.is_local", lambda _url: False)
    machine.passfile("moyai_operator").unlink()
    assert set(prepare(machine).unknown) == set(GROUPS), "elsewhere other machines have them"
    monkeypatch.undo()
    assert is_local(machine.url)
    assert prepare(machine).unknown == ()
    assert machine.passwords().keys() == before.keys()
    assert machine.passwords()["moyai_worker"] != before["moyai_worker"]


def test_a_site_of_the_version_before_goes_on_with_its_passwords(machine: Logins) -> None:
    prepare(machine)
    known = machine.passwords()
    for group in GROUPS:
        machine.passfile(group).unlink()
    lines = (f"*:*:*:{group}_login:{password}\n" for group, password in known.items())
    machine.old_passfile.write_text("".join(lines))
    prepare(machine)
    assert machine.passwords() == known
    assert _who(machine.of("moyai_worker")) == "moyai_worker_login"


def test_a_server_that_asks_for_no_password_is_not_believed(machine: Logins, fleet: Fleet) -> None:
    prepare(machine)
    [rules] = fleet.instance(OPERATIONS).folder.rglob("pg_hba.conf")
    rules.write_text("host all all 127.0.0.1/32 trust\n" + rules.read_text())
    server = fleet.instance(OPERATIONS).identity()
    assert server is not None
    server.send(signal.SIGHUP)
    anybody = machine.url.set(username="moyai_worker_login")
    deadline = time.monotonic() + 10
    while not _is_let_in(anybody):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    with pytest.raises(psycopg.OperationalError, match="scram-sha-256"):
        _who(machine.of("moyai_worker"))


def _is_let_in(url: URL) -> bool:
    try:
        return _who(url) == "moyai_worker_login"
    except psycopg.OperationalError:
        return False
