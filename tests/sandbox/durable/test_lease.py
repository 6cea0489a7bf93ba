"""A lease is kept while its session lives, and who lives is not killed while it may come back."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator

import psycopg
import pytest

from moyai.operations.database.hosts import conninfo
from moyai.operations.database.prepare import Logins
from moyai.operations.durable.living import takeover
from moyai.operations.durable.living.lease import Lease
from moyai.operations.durable.living.processes import MARK, Seen, host_id
from moyai.operations.durable.living.takeover import Takeover

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
            "SELECT moyai.register_worker('w1', 11, %s, 1, 1, 'moyai-1')",
            (host_id(),),
        )
        yield connection


def _owner(places: Logins, statement: str) -> None:
    with psycopg.connect(conninfo(places.url), autocommit=True) as connection:
        connection.execute("SET ROLE moyai_owner")
        connection.execute(statement)


@pytest.mark.usefixtures("worker")
def test_a_lease_whose_touch_finds_no_room_on_the_disk_is_kept(places: Logins) -> None:
    beats = threading.Semaphore(0)
    lease = Lease(places.of("moyai_worker"), "w1", 11, lambda: None)
    lease.beat = beats.release
    assert lease.start(10)
    _owner(places, _FULL)
    while beats.acquire(blocking=False):
        pass
    assert all(beats.acquire(timeout=10) for _ in range(3))
    assert _is_held(places)
    _owner(places, "DROP TRIGGER full_disk ON moyai.worker")
    lease.end()
    assert not _is_held(places)


@pytest.mark.usefixtures("worker")
def test_a_clock_that_is_set_back_is_no_older_database(places: Logins) -> None:
    beats, ended = threading.Semaphore(0), threading.Event()
    lease = Lease(places.of("moyai_worker"), "w1", 11, ended.set)
    lease.beat = beats.release
    assert lease.start(10)
    _owner(places, "UPDATE moyai.worker SET seen_at = seen_at - interval '1 hour'")
    assert all(beats.acquire(timeout=10) for _ in range(4))
    assert not ended.is_set()
    lease.end()


def _is_held(places: Logins) -> bool:
    with psycopg.connect(conninfo(places.url), autocommit=True) as connection:
        row = connection.execute("SELECT pg_try_advisory_lock(7701, 11)").fetchone()
    return row == (False,)


@pytest.fixture
def living() -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(["/bin/sleep", "60"], env={**os.environ, MARK: "w1"})
    yield process
    process.kill()
    process.wait()


def test_what_lives_is_ended_only_when_its_lease_stays_free(
    places: Logins,
    worker: psycopg.Connection,
    living: subprocess.Popen[bytes],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(takeover, "_SERVER_UP_SECONDS", 0)
    taker = Takeover("w2", host_id(), lambda _workers: None)
    assert taker.look(worker) == ()
    assert living.poll() is None
    _owner(places, "UPDATE moyai.worker SET free_since = NULL")  # as its own touch does
    assert taker.look(worker) == ()
    _owner(places, "UPDATE moyai.worker SET free_since = free_since - interval '2 seconds'")
    assert taker.look(worker) == ("w1",)
    assert living.wait(5) == -9


def test_what_is_dead_is_taken_at_once(
    worker: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(takeover, "_SERVER_UP_SECONDS", 0)
    taken: list[str] = []
    assert Takeover("w2", host_id(), taken.extend).look(worker) == ("w1",)
    assert taken == ["w1"]


def test_what_cannot_be_seen_is_not_known_dead(
    places: Logins, worker: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(takeover, "_SERVER_UP_SECONDS", 0)
    monkeypatch.setattr(takeover, "look", lambda *_: Seen((), False))
    taker = Takeover("w2", host_id(), lambda _workers: None)
    assert taker.look(worker) == ()
    _owner(places, "UPDATE moyai.worker SET free_since = free_since - interval '15 seconds'")
    assert taker.look(worker) == (), "as on another host: lease and grace"
    _owner(places, "UPDATE moyai.worker SET free_since = free_since - interval '10 seconds'")
    assert taker.look(worker) == ("w1",)


def test_a_supervisors_word_counts_where_nothing_can_be_seen(
    worker: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(takeover, "_SERVER_UP_SECONDS", 0)
    monkeypatch.setattr(takeover, "look", lambda *_: Seen((), False))
    worker.execute("SELECT moyai.worker_ended('w1')")
    assert Takeover("w2", host_id(), lambda _workers: None).look(worker) == ("w1",)


_LOOK = """
import ctypes, os, signal
from moyai.operations.durable.living.processes import host_id, look
DUMPABLE, libc = 4, ctypes.CDLL(None)
before = host_id()
if os.geteuid() == 0:  # root sees everything
    os.setuid(61234)
    libc.prctl(DUMPABLE, 1, 0, 0, 0)
    assert host_id() != before, "another user, another host"
assert look("w1").is_all
reading, writing = os.pipe()
child = os.fork()
if child == 0:
    libc.prctl(DUMPABLE, 0, 0, 0, 0)  # its environment is nobody's to read
    os.write(writing, b".")
    signal.pause()
os.read(reading, 1)
seen, older = look("w1"), look("w1", -121.0)
os.kill(child, signal.SIGKILL)
os.waitpid(child, 0)
assert not seen.is_all
assert older.is_all, "it is older than such a worker"
assert look("w1").is_all
"""


def test_a_process_of_ones_own_that_says_nothing_of_itself_is_noticed() -> None:
    subprocess.run([sys.executable, "-c", _LOOK], check=True, timeout=60)
