"""The bodies' PostgreSQL ends and comes back while an upgrade is at it: the body goes on by itself, once.

Each time a job of the step is in the middle of something: it waits for a table when the server is shut down at
once, and kept down for some seconds.
"""

from __future__ import annotations

import json
import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field

import psycopg
import pytest
from office import EAPP, A, B, Office, at
from psycopg.sql import SQL, Identifier, Literal

from moyai.jobs import beside, swaps
from moyai.operations.database.rows import BodyRow
from moyai.operations.inside import away
from moyai.sandbox.postgres.instance import Instance
from moyai.texts import Text

DOWN_SECONDS = 4.0
_WAITING = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'procedure'::regclass"


def _server(office: Office, code: str) -> Instance:
    port = office.outputs(code)["database_port"]
    found = (Instance(one.parent) for one in office.federation.home.rglob("instance.json"))
    return next(one for one in found if one.port == port and one.identity() is not None)


@dataclass
class Outage:
    """Of the server of one body, once a job waits for a table."""

    office: Office
    code: str
    seconds: float = DOWN_SECONDS
    thread: threading.Thread | None = None
    troubles: list[BaseException] = field(default_factory=list)

    def begin(self) -> None:
        """From here on the table is locked."""
        ready = threading.Event()
        self.thread = threading.Thread(target=self._run, args=(ready,))
        self.thread.start()
        assert ready.wait(30)

    def end(self) -> None:
        assert self.thread is not None, "the step was reached"
        self.thread.join(60)
        assert self.troubles == []

    def _run(self, ready: threading.Event) -> None:
        try:
            with suppress(psycopg.OperationalError):
                self._lock(ready)
        except BaseException as error:
            self.troubles.append(error)

    def _lock(self, ready: threading.Event) -> None:
        server = _server(self.office, self.code)
        with self.office.sql(self.code, "owner") as owner, owner.transaction(force_rollback=True):
            owner.execute("LOCK TABLE procedure IN ACCESS EXCLUSIVE MODE")
            ready.set()
            deadline = time.monotonic() + 60
            while owner.execute(_WAITING).fetchone() == (0,):
                if time.monotonic() > deadline:
                    raise AssertionError("no job waits for the table")
                time.sleep(0.02)
            _shut_down(server, self.seconds)


def _shut_down(server: Instance, seconds: float) -> None:
    """At once, and again as often as it is started, for so long."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        identity = server.identity()
        if identity is not None:
            identity.send(signal.SIGQUIT)
            identity.wait_gone(10)
        time.sleep(0.05)


@contextmanager
def _watched(office: Office, operation: str, code: str) -> Iterator[list[Text]]:
    """Why the body waits, as it is in sight meanwhile."""
    seen: list[Text] = []
    over = threading.Event()

    def look() -> None:
        while not over.wait(0.1):
            waits = office.body(operation, code).waits
            if waits is not None and waits not in seen:
                seen.append(waits)

    with ThreadPoolExecutor(1) as pool:
        done = pool.submit(look)
        try:
            yield seen
        finally:
            over.set()
            done.result(10)


def _carry(office: Office, operation: str, code: str, step: str) -> BodyRow:
    """Carry a body whose server ends within a step, and see that it waits for that in sight."""
    outage = Outage(office, code)
    with _watched(office, operation, code) as seen:
        body = office.carry(operation, code, at(step, outage.begin))
    outage.end()
    assert len(seen) == 1, seen
    assert "the body's database has not answered since 20" in seen[0].en
    assert "団体のデータベースが 20" in seen[0].ja
    assert body.waits is None
    return body


def _once(office: Office, operation: str, code: str) -> None:
    """Nothing of it is doubled, and nothing is left."""
    names = [name for _, name, _ in office.steps(operation, code)]
    assert len(names) == len(set(names))
    versions = office.schema(code)
    assert versions == sorted(set(versions))
    assert office.backups(code, operation) == ["1"]
    assert office.databases(code) == {""}
    assert office.is_open(code)
    assert office.locks() == []


@pytest.mark.parametrize(
    ("step", "release"),
    [("backup", "1.1.0"), ("migrate-expand", "1.2.0"), ("health-after", "1.3.0")],
)
def test_a_server_that_ends_in_a_step_is_waited_for_and_the_step_is_done_once(
    office: Office, step: str, release: str
) -> None:
    before = len(office.schema(A))
    operation = office.plan(release, A)
    body = _carry(office, operation, A, step)
    assert (body.status, body.error) == ("done", None)
    assert (office.image(A), office.record(A).releases["eapp-b"]) == (release, release)
    assert len(office.schema(A)) > before or release == "1.1.0"
    _once(office, operation, A)


def test_a_server_that_ends_on_the_way_back_is_waited_for_and_the_way_back_goes_on(
    office: Office,
) -> None:
    office.bring(B, "1.1.0")
    office.write(B, "bad")
    operation = office.plan("1.2.0", B)
    body = _carry(office, operation, B, "-close-writes")
    assert body.status == "failed", "as it would have"
    assert body.error is not None
    assert "0004_known_codes" in body.error["what"]["en"]
    assert "Taken back: stack update, close writes." in body.error["touched"]["en"]
    assert (office.image(B), office.schema(B)) == ("1.1.0", [1, 2, 3])
    _once(office, operation, B)
    office.delete(B, "bad")


def test_a_server_that_ends_while_data_are_put_back_is_waited_for(office: Office) -> None:
    office.bring(B, "1.2.0")
    office.write(B, "fragile")
    operation = office.plan("1.3.0", B)
    server = _server(office, B)
    with _watched(office, operation, B) as seen:
        body = office.carry(
            operation, B, at("-migrate-contract", lambda: _shut_down_aside(server, 0.3))
        )
    assert seen, "the server was gone for a while"
    assert body.error is not None
    assert body.status == "failed", body.error["what"]["en"]
    assert office.procedures(B) >= {"fragile"}
    assert (office.image(B), office.schema(B)) == ("1.2.0", [1, 2, 3, 4])
    _once(office, operation, B)
    office.delete(B, "fragile")


def _shut_down_aside(server: Instance, after: float) -> None:
    def run() -> None:
        time.sleep(after)
        _shut_down(server, DOWN_SECONDS)

    threading.Thread(target=run, daemon=True).start()


def test_a_database_that_a_restore_left_shut_is_restored_all_the_same(office: Office) -> None:
    office.bring(B, "1.2.0")
    office.write(B, "fragile")
    operation = office.plan("1.3.0", B)
    about = office.outputs(B)

    def shut() -> None:
        office.inside().restore_reopen(office.all_outputs(B), EAPP)
        restored = beside.name(about["database"], "restored")
        with office.sql(B, "owner") as owner:
            comment = SQL("COMMENT ON DATABASE {} IS {}")
            owner.execute(comment.format(Identifier(restored), Literal(swaps.LOADED)))
        secrets = office.aws("secretsmanager")
        login = json.loads(
            secrets.get_secret_value(SecretId=about["master_secret_arn"])["SecretString"]
        )
        server = f"host={about['database_host']} port={about['database_port']} dbname=postgres"
        given = {"user": login["username"], "password": login["password"], "autocommit": True}
        with closing(psycopg.connect(server, **given)) as master:
            owner, name = Identifier(about["owner_role"]), Identifier(about["database"])
            master.execute(SQL("GRANT {} TO CURRENT_USER WITH SET TRUE").format(owner))
            master.execute(SQL("SET ROLE {}").format(owner))
            master.execute(SQL("ALTER DATABASE {} WITH ALLOW_CONNECTIONS false").format(name))
            master.execute("RESET ROLE")
            master.execute(SQL("REVOKE {} FROM CURRENT_USER").format(owner))

    body = office.carry(operation, B, at("-migrate-contract", shut))
    assert body.error is not None
    assert body.status == "failed", body.error["what"]["en"]
    assert office.procedures(B) >= {"fragile"}
    assert (office.image(B), office.schema(B)) == ("1.2.0", [1, 2, 3, 4])
    _once(office, operation, B)
    office.delete(B, "fragile")


def test_a_server_that_stays_away_fails_the_body_with_words_of_what_to_do(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(away, "AWAY_SECONDS", 2.0)
    monkeypatch.setattr(away, "_LONGEST_PAUSE_SECONDS", 0.5)
    office.bring(B, "1.2.0")
    operation = office.plan("1.3.0", B)
    outage = Outage(office, B, seconds=12.0)
    body = office.carry(operation, B, at("backup", outage.begin))
    outage.end()
    assert body.error is not None
    what, remedy = body.error["what"], body.error["remedy"]
    assert "has not answered since 20" in what["en"]
    assert "OperationalError" not in what["en"]
    assert "the job dump failed: cannot " in what["en"]
    assert "moyai sandbox status" in remedy["en"]
    assert "RDS" in remedy["ja"]
    assert body.status in ("failed", "held")
    office.again(operation, B)
    assert office.carry(operation, B).status == "done"
    assert office.is_open(B)


@pytest.fixture
def office(own_office: Office) -> Office:
    return own_office
