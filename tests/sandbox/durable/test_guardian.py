"""What a worker started ends with it, also where its supervisor cannot see to it."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from counting import make_plan
from workers import Fleet

from moyai.operations.database.connecting import open_engine
from moyai.operations.database.prepare import Logins
from moyai.operations.durable.living.processes import marked

_MODULE = b"moyai.operations.durable.living.guardian"


@pytest.fixture
def fleet(places: Logins, tmp_path: Path) -> Iterator[Fleet]:
    found = Fleet(places, open_engine(places.of("moyai_operator")), tmp_path)
    yield found
    found.close()


def _engines(fleet: Fleet, number: int) -> str:
    """Begin bodies with an engine each, and wait until they run; the operation."""
    plan = make_plan(fleet.folder, number, at_once=number, engine="yes", steps="1")
    operation = fleet.plan(plan)
    _until(fleet, lambda: len(list(fleet.folder.glob("*.engine"))) == number, 40)
    return operation


def _until(fleet: Fleet, wanted: object, seconds: float) -> float:
    """Wait; how long it took."""
    assert callable(wanted)
    began = time.monotonic()
    while not wanted():
        assert time.monotonic() - began < seconds, fleet.logs()[-4000:]
        time.sleep(0.02)
    return time.monotonic() - began


def _workers(fleet: Fleet) -> dict[int, str]:
    """Process id → id, in the order in which they began."""
    with fleet.engine.connect() as connection:
        rows = connection.execute(
            sa.text("SELECT pid, id FROM moyai.worker WHERE ended_at IS NULL ORDER BY started_at")
        )
        return {row.pid: row.id for row in rows}


def _guardian(worker: str) -> int:
    """Of one worker, by its command line."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                words = (entry / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if _MODULE in words and worker.encode() in words:
                return int(entry.name)
    return 0


def _supervisor(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def test_a_frozen_worker_without_supervisor_is_dead_before_another_has_its_bodies(
    fleet: Fleet,
) -> None:
    fleet.start(number=2, bodies=1)
    operation = _engines(fleet, 2)
    victim, worker = next(iter(_workers(fleet).items()))
    [code] = [one.code for one in fleet.view(operation).bodies if one.worker == worker]
    os.kill(_supervisor(victim), signal.SIGKILL)
    os.kill(victim, signal.SIGSTOP)

    def taken() -> bool:
        [body] = [one for one in fleet.view(operation).bodies if one.code == code]
        return "took over" in fleet.logs() or body.worker != worker

    took = _until(fleet, taken, 20)
    assert marked(worker) == ()
    assert took < 8, "5 s where the machine is not busy; 11 s without a guardian"
    assert "its supervisor is gone" in fleet.logs()


@pytest.mark.parametrize("supervisor", [signal.SIGKILL, signal.SIGSTOP])
def test_nothing_of_it_goes_on_where_no_other_worker_is(
    fleet: Fleet, supervisor: signal.Signals
) -> None:
    fleet.start(bodies=2)
    _engines(fleet, 2)
    [(victim, worker)] = _workers(fleet).items()
    assert len(marked(worker)) >= 3
    parent = _supervisor(victim)
    os.kill(parent, supervisor)
    os.kill(victim, signal.SIGSTOP)
    _until(fleet, lambda: not marked(worker), 30)
    _until(fleet, lambda: worker not in _workers(fleet).values(), 10)
    os.kill(parent, signal.SIGCONT)


def test_a_guardian_that_dies_is_started_again(fleet: Fleet) -> None:
    fleet.start(bodies=1)
    _engines(fleet, 1)
    [(victim, worker)] = _workers(fleet).items()
    _until(fleet, lambda: _guardian(worker), 10)
    first = _guardian(worker)
    os.kill(first, signal.SIGKILL)
    _until(fleet, lambda: _guardian(worker) not in (0, first), 20)
    second = _guardian(worker)
    os.kill(_supervisor(victim), signal.SIGKILL)
    os.kill(victim, signal.SIGSTOP)
    assert _until(fleet, lambda: not marked(worker), 20) < 20
    _until(fleet, lambda: _guardian(worker) != second, 10)
    assert second != first, "another guardian watched, and ended it"


def test_a_worker_that_nobody_watches_ends_at_once_with_all_that_it_started(fleet: Fleet) -> None:
    fleet.start(bodies=1)
    _engines(fleet, 1)
    [(victim, worker)] = _workers(fleet).items()
    _until(fleet, lambda: _guardian(worker), 10)
    os.kill(_supervisor(victim), signal.SIGSTOP)  # or it would start another
    os.kill(_guardian(worker), signal.SIGKILL)
    os.kill(_supervisor(victim), signal.SIGKILL)
    assert _until(fleet, lambda: not marked(worker), 20) < 10
    assert "nobody watches it" in fleet.logs()


def test_a_guardian_ends_with_its_worker(fleet: Fleet) -> None:
    fleet.start(bodies=1)
    fleet.ended(fleet.plan(make_plan(fleet.folder, 2)))
    [(_, worker)] = _workers(fleet).items()
    guardian = _guardian(worker)
    fleet.supervisors[0].send_signal(signal.SIGTERM)
    assert fleet.supervisors[0].wait(20) == 0
    assert guardian
    assert _guardian(worker) == 0
