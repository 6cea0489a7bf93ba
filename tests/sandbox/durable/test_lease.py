"""A lease is kept while its session lives, and who lives is not killed while it may come back."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator

import psycopg
import pytest

from moyai.operations.database.prepare import Logins
from moyai.operations.durable import takeover
from moyai.operations.durable.lease import Lease, conninfo
from moyai.operations.durable.processes import MARK, host_id
from moyai.operations.durable.takeover import Takeover

_FULL = """
CREATE FUNCTION moyai.full() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'no room' USING ERRCODE = '53100'; END $$;
CREATE TRIGGER full_disk BEFORE UPDATE ON moyai.worker
  FOR EACH ROW EXECUTE FUNCTION moyai.full();
"""


@pytest.fixture
def worker(places: Logins) -> Iterator[psycopg.Connection]:
    given = conninfo(places.of("moyai_worker"))
    with psycopg.connect(given, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO moyai.worker (id, lease, host, supervisor_pid, pid, version) "
            "VALUES ('w1', 11, %s, 1, 1, 'moyai-1')",
            (host_id(),),
        )
        yield connection


def _owner(places: Logins, statement: str) -> None:
    with psycopg.connect(conninfo(places.url), autocommit=True) as connection:
        connection.execute("SET ROLE moyai_owner")
        connection.execute(statement)


@pytest.mark.usefixtures("worker")
def test_a_lease_whose_touch_finds_no_room_on_the_disk_is_kept(places: Logins) -> None:
    beats: list[float] = []
    lease = Lease(places.of("moyai_worker"), "w1", 11, lambda: None)
    lease.beat = lambda: beats.append(time.monotonic())
    assert lease.start(10)
    _owner(places, _FULL)
    time.sleep(1.2)
    before = len(beats)
    time.sleep(2.5)
    assert len(beats) >= before + 2
    _owner(places, "DROP TRIGGER full_disk ON moyai.worker")
    lease.end()


@pytest.fixture
def living() -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(["/bin/sleep", "60"], env={**os.environ, MARK: "w1"})
    yield process
    process.kill()
    process.wait()


def test_what_lives_is_ended_only_when_its_lease_stays_free(
    worker: psycopg.Connection, living: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(takeover, "_SERVER_UP_SECONDS", 0)
    taker = Takeover("w2", host_id(), lambda _workers: None)
    assert taker.look(worker) == ()
    assert living.poll() is None
    worker.execute("UPDATE moyai.worker SET free_since = NULL")  # as its own touch does
    assert taker.look(worker) == ()
    time.sleep(2.2)
    assert taker.look(worker) == ("w1",)
    assert living.wait(5) == -9


def test_what_is_dead_is_taken_at_once(
    worker: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(takeover, "_SERVER_UP_SECONDS", 0)
    taken: list[str] = []
    assert Takeover("w2", host_id(), taken.extend).look(worker) == ("w1",)
    assert taken == ["w1"]
