"""What bodies take of memory is measured by kind, and bounds how many are in hand."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from counting import make_plan
from workers import Fleet

from moyai.operations.database.connecting import open_engine
from moyai.operations.database.prepare import Logins
from moyai.operations.database.rows import OperationView
from moyai.operations.durable.limits import memory
from moyai.operations.durable.limits.measuring import LEAST_BYTES, Measuring

MIB = 1 << 20


@pytest.fixture
def fleet(places: Logins, tmp_path: Path) -> Iterator[Fleet]:
    found = Fleet(places, open_engine(places.of("moyai_operator")), tmp_path)
    yield found
    found.close()


@pytest.fixture
def measuring(places: Logins) -> Iterator[Measuring]:
    found = Measuring(open_engine(places.of("moyai_worker")), "nobody")
    yield found
    found.engine.dispose()


def measured(engine: sa.Engine) -> dict[str, int]:
    with engine.connect() as connection:
        rows = connection.execute(sa.text("SELECT code, bytes FROM moyai.measure"))
        return {row.code: row.bytes for row in rows}


def test_what_a_kind_allocates_below_a_worker_is_on_record(fleet: Fleet) -> None:
    fleet.start()
    plan = make_plan(fleet.folder, 2, at_once=2, megabytes="150", steps="1")
    fleet.ended(fleet.plan(plan), 90)
    _until(fleet, lambda: len(measured(fleet.engine)) == 2)
    found = measured(fleet.engine)
    assert all(150 * MIB <= one <= 260 * MIB for one in found.values()), found


def test_a_worker_takes_no_more_bodies_than_have_room_by_measure(fleet: Fleet) -> None:
    worker = open_engine(fleet.places.of("moyai_worker"))
    with worker.begin() as connection:
        connection.execute(
            sa.text("SELECT moyai.measured('counted', 'x', :bytes)"), {"bytes": 1 << 50}
        )
    worker.dispose()
    fleet.start(bodies=4)
    operation = fleet.plan(make_plan(fleet.folder, 40, seconds="0.5", steps="1"))
    _until(fleet, lambda: _room(fleet) == 1)  # it has read what was measured
    view = fleet.until(operation, lambda one: _count(one, "running") <= 1, 30)
    wanted = _count(view, "done") + 4
    while _count(view, "done") < wanted:
        view = fleet.view(operation)
        assert _count(view, "running") <= 1
        assert _count(view, "waiting") > 0, "there was more to take"


def _count(view: OperationView, status: str) -> int:
    return sum(body.status == status for body in view.bodies)


def _room(fleet: Fleet) -> int | None:
    with fleet.engine.connect() as connection:
        found: int | None = connection.execute(sa.text("SELECT room FROM moyai.worker")).scalar()
    return found


def _until(fleet: Fleet, wanted: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not wanted():
        assert time.monotonic() < deadline, fleet.logs()
        time.sleep(0.05)


def test_memory_of_the_process_itself_counts_from_what_it_has_idle(measuring: Measuring) -> None:
    measuring.look()
    with measuring.carrying("heavy", "1"), measuring.carrying("heavy", "2"):
        kept = b"x" * (200 * MIB)
        measuring.look()
        assert 190 * MIB <= measuring.used_bytes <= 260 * MIB
        del kept
        measuring._written_at = 0
        measuring.look()
    found = measured(measuring.engine)
    assert found.keys() == {"1", "2"}
    assert all(90 * MIB <= one <= 130 * MIB for one in found.values())


def test_bodies_of_two_kinds_at_once_measure_neither(measuring: Measuring) -> None:
    measuring.look()
    measuring._written_at = 0
    with measuring.carrying("heavy", "1"), measuring.carrying("light", "2"):
        measuring.look()
    assert measured(measuring.engine) == {}


def test_a_high_water_stays_until_it_is_of_another_day(
    places: Logins, measuring: Measuring
) -> None:
    owner = open_engine(places.url, role="moyai_owner")
    with owner.begin() as connection:
        connection.execute(
            sa.text(
                "INSERT INTO moyai.measure (kind, code, bytes, at) VALUES "
                "('k', 'today', 1000000000, now()), ('k', 'before', 1000000000, now() - interval '25 hours')"
            )
        )
    owner.dispose()
    measuring.look()
    measuring._written_at = 0
    with measuring.carrying("k", "today"), measuring.carrying("k", "before"):
        measuring.look()
    assert measured(measuring.engine) == {"today": 1000000000, "before": LEAST_BYTES}
    assert measuring.body_bytes == memory.BODY_BYTES, "no operation is at work"


def test_what_bodies_in_hand_have_not_taken_yet_is_theirs(monkeypatch: pytest.MonkeyPatch) -> None:
    each = 256 * MIB
    monkeypatch.setattr(memory, "available_bytes", lambda: memory.RESERVE_BYTES + 8 * each)
    assert memory.capacity(100, 0, each) == 8
    assert memory.capacity(100, 4, each) == 8, "four have begun, and have taken nothing by now"
    assert memory.capacity(100, 4, each, 4 * each) == 12, "four have taken what they take"
    assert memory.capacity(3, 0, each) == 3
    assert memory.capacity(100, 0, 1 << 60) == 1
