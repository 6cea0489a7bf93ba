"""Bodies are carried once each, whatever happens to the workers."""

from __future__ import annotations

import os
import signal
import socket
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from datetime import time as time_of_day
from pathlib import Path

import pytest
import sqlalchemy as sa
from counting import effects, make_plan
from workers import Fleet

from moyai.audit.records import AuditRecord
from moyai.audit.verify import verify
from moyai.operations.database.audit_reading import heads, records
from moyai.operations.database.connecting import open_engine
from moyai.operations.database.prepare import Logins
from moyai.operations.database.writing import release, retry, want
from moyai.planning.fleet.plans import OperationPlan
from moyai.planning.openings import WEEK, Calendar
from moyai.registry.maintenance import MaintenanceWindow
from moyai.texts import JAPAN


@pytest.fixture
def fleet(places: Logins, tmp_path: Path) -> Iterator[Fleet]:
    found = Fleet(places, open_engine(places.of("moyai_operator")), tmp_path)
    yield found
    found.close()


def test_waves_are_carried_in_order_by_two_workers(fleet: Fleet) -> None:
    fleet.start(number=2)
    operation = fleet.plan(make_plan(fleet.folder, 20, waves=3))
    view = fleet.ended(operation)
    assert view.row.status == "done"
    fleet.counted_once(view)
    spans = {
        wave.number: [
            (one.began_at, one.ended_at) for one in view.bodies if one.wave == wave.number
        ]
        for wave in view.waves
    }
    for number in (1, 2):
        ends = [ended for _, ended in spans[number] if ended is not None]
        begins = [began for began, _ in spans[number + 1] if began is not None]
        assert max(ends) <= min(begins)


def test_a_wave_with_a_failure_holds_and_goes_on_after_a_retry(fleet: Fleet) -> None:
    fleet.start()
    plan = make_plan(fleet.folder, 6, waves=2, at_once=1, **{"100001:write-2:1": "failed"})
    operation = fleet.plan(plan)
    view = fleet.until(operation, lambda one: one.row.status == "held", 30)
    assert [one.status for one in view.bodies] == ["done", "failed", *["waiting"] * 4]
    with fleet.engine.connect() as connection:
        held = [
            body.code
            for body in view.bodies
            if any(
                (one.action, one.details.get("status")) == ("operation.wave", "held")
                for one in _told(connection, f"body:{body.code}")
            )
        ]
    assert held == ["100001", "100002"], "those of the wave that are not done"
    assert effects(fleet.folder, "100001") == ["1 write-1", "1 -write-2", "1 -write-1"]
    with fleet.engine.begin() as connection:
        retry(connection, operation, ["100001"], "operator:a@example.jp")
    view = fleet.ended(operation)
    assert {one.status for one in view.bodies} == {"done"}
    assert view.bodies[1].attempts == 2


def test_the_bodies_of_a_killed_worker_are_taken_over_at_once(fleet: Fleet) -> None:
    fleet.start(number=2, bodies=2)
    operation = fleet.plan(make_plan(fleet.folder, 8, at_once=4, seconds="0.5"))
    fleet.until(operation, lambda one: sum(b.worker is not None for b in one.bodies) >= 4, 30)
    victim = fleet.worker_pids()[0]
    os.kill(victim, signal.SIGKILL)
    killed = time.monotonic()
    view = fleet.ended(operation)
    assert view.row.status == "done"
    assert time.monotonic() - killed < 30
    fleet.counted_once(view)
    assert "took over" in fleet.logs()
    _is_witnessed(fleet, operation)


def _is_witnessed(fleet: Fleet, operation: str) -> None:
    """The federation's chain says whose bodies were given to others; each body's who carries it on."""
    with fleet.engine.connect() as connection:
        [gone] = [one for one in _told(connection, "federation") if one.action == "worker.gone"]
        codes = gone.details["codes"]
        assert isinstance(codes, tuple)
        assert codes
        carried = [
            one
            for code in codes
            for one in _told(connection, f"body:{code}")
            if one.action == "worker.carries"
        ]
    assert gone.operation == operation
    assert {one.code for one in carried} == set(codes)
    assert {one.details["worker"] for one in carried} == {gone.details["worker"]}
    assert f"worker:{gone.details['worker']}" not in {one.actor for one in carried}


def _told(connection: sa.Connection, chain: str) -> list[AuditRecord]:
    found = list(records(connection, chain))
    assert not verify(found, heads(connection, chain))
    return found


def test_a_frozen_worker_is_killed_and_its_bodies_taken_over(fleet: Fleet) -> None:
    fleet.start(number=2, bodies=2)
    operation = fleet.plan(make_plan(fleet.folder, 8, at_once=4, seconds="0.3"))
    fleet.until(operation, lambda one: sum(b.worker is not None for b in one.bodies) >= 4, 30)
    os.kill(fleet.worker_pids()[0], signal.SIGSTOP)
    view = fleet.ended(operation)
    assert view.row.status == "done"
    fleet.counted_once(view)
    assert "no sign of life" in fleet.logs()


def test_a_body_that_is_ill_after_the_soak_holds_the_next_wave(fleet: Fleet) -> None:
    fleet.start()
    operation = fleet.plan(make_plan(fleet.folder, 4, waves=2, soak_seconds=2))
    fleet.until(operation, lambda one: one.waves[0].status == "soaking", 30)
    (fleet.folder / "100001.ill").touch()
    view = fleet.until(operation, lambda one: one.row.status == "held", 30)
    assert [one.status for one in view.bodies] == ["done", "held", "waiting", "waiting"]
    (fleet.folder / "100001.ill").unlink()
    with fleet.engine.begin() as connection:
        release(connection, operation, ["wave:1"], "operator:a@example.jp")
    view = fleet.ended(operation)
    assert [one.status for one in view.bodies] == ["done", "held", "done", "done"]


def test_pause_lets_running_bodies_end_and_resume_goes_on(fleet: Fleet) -> None:
    fleet.start()
    operation = fleet.plan(make_plan(fleet.folder, 6, at_once=2, seconds="0.2"))
    fleet.until(operation, lambda one: any(b.status == "running" for b in one.bodies), 30)
    with fleet.engine.begin() as connection:
        want(connection, operation, "pause", "operator:a@example.jp")
    view = fleet.until(
        operation,
        lambda one: (
            one.row.status == "paused" and not any(b.status == "running" for b in one.bodies)
        ),
        30,
    )
    assert any(body.status == "waiting" for body in view.bodies)
    with fleet.engine.begin() as connection:
        want(connection, operation, "run", "operator:a@example.jp")
    view = fleet.ended(operation)
    fleet.counted_once(view)


def _with_calendar(plan: OperationPlan, window: MaintenanceWindow) -> OperationPlan:
    bodies = tuple(replace(body, calendar=Calendar(window, ())) for body in plan.bodies)
    return replace(plan, bodies=bodies)


def test_a_body_that_a_pause_finds_unchanged_waits_and_is_begun_again(fleet: Fleet) -> None:
    fleet.start()
    always = MaintenanceWindow(WEEK, time_of_day(0), 24)
    operation = fleet.plan(_with_calendar(make_plan(fleet.folder, 1, seconds="0.7"), always))
    fleet.until(operation, lambda one: one.bodies[0].step == "read", 30)
    with fleet.engine.begin() as connection:
        want(connection, operation, "pause", "operator:a@example.jp")
    view = fleet.until(operation, lambda one: one.bodies[0].status == "waiting", 30)
    assert effects(fleet.folder, "100000") == []
    assert view.bodies[0].waits is not None
    with fleet.engine.begin() as connection:
        want(connection, operation, "run", "operator:a@example.jp")
    view = fleet.ended(operation)
    assert (view.row.status, view.bodies[0].attempts) == ("done", 2)
    fleet.counted_once(view)


def test_a_window_that_closes_before_anything_is_changed_lets_the_body_wait(fleet: Fleet) -> None:
    fleet.start()
    fleet.ended(fleet.plan(make_plan(fleet.folder, 1)))  # the worker works
    ends = datetime.now(JAPAN) + timedelta(seconds=6)
    begins = (ends - timedelta(hours=1)).time().replace(microsecond=0)
    window = MaintenanceWindow(WEEK, begins, 1)
    operation = fleet.plan(_with_calendar(make_plan(fleet.folder, 1, seconds="4"), window))
    view = fleet.until(
        operation, lambda one: one.bodies[0].attempts == 1 and one.bodies[0].waits is not None, 40
    )
    [body] = view.bodies
    assert body.status == "waiting"
    assert body.waits is not None
    assert "waits for the next maintenance window" in body.waits.en
    assert effects(fleet.folder, "100000") == ["1 write-1", "1 write-2", "1 write-3"], "the first"


def test_stop_takes_running_bodies_back_after_the_step_in_hand(fleet: Fleet) -> None:
    fleet.start()
    operation = fleet.plan(make_plan(fleet.folder, 4, at_once=1, seconds="0.3"))
    fleet.until(operation, lambda one: one.bodies[0].step == "write-2", 30)
    with fleet.engine.begin() as connection:
        want(connection, operation, "stop", "operator:a@example.jp")
    view = fleet.ended(operation)
    assert view.row.status == "cancelled"
    assert {one.status for one in view.bodies} == {"cancelled"}
    there = effects(fleet.folder, "100000")
    assert "1 write-1" in there
    assert "1 -write-1" in there
    assert "1 write-3" not in there


def test_a_cancelled_body_that_is_half_way_is_held_in_sight(fleet: Fleet) -> None:
    fleet.start()
    plan = make_plan(fleet.folder, 2, at_once=2, tolerance=2, **{"100000:write-2:1": "held"})
    operation = fleet.plan(plan)
    view = fleet.ended(operation)
    assert [one.status for one in view.bodies] == ["held", "done"]
    with fleet.engine.begin() as connection:
        retry(connection, operation, ["100000"], "operator:a@example.jp")
        want(connection, operation, "cancel", "operator:a@example.jp")
    view = fleet.until(operation, lambda one: one.row.status == "cancelled", 30)
    [left, _] = view.bodies
    assert left.status == "held"
    assert left.error is not None
    assert "it is half-way" in left.error["what"]["en"]


def test_an_operation_that_a_worker_does_not_know_holds_up_no_other(fleet: Fleet) -> None:
    strange = replace(make_plan(fleet.folder, 1), kind="stranger")
    fleet.plan(strange)
    operation = fleet.plan(make_plan(fleet.folder, 3))
    fleet.start()
    assert fleet.ended(operation).row.status == "done"
    assert fleet.logs().count("is not known here") == 1


def test_a_worker_leaves_another_site_s_operations_alone(fleet: Fleet) -> None:
    elsewhere = fleet.plan(replace(make_plan(fleet.folder, 2), site="production"))
    operation = fleet.plan(make_plan(fleet.folder, 2))
    fleet.start()
    assert fleet.ended(operation).row.status == "done"
    view = fleet.view(elsewhere)
    assert view.row.status == "planned"
    assert {body.status for body in view.bodies} == {"waiting"}


def test_a_worker_whose_supervisor_is_dead_ends_after_what_it_has_in_hand(fleet: Fleet) -> None:
    fleet.start(bodies=2)
    operation = fleet.plan(make_plan(fleet.folder, 6, at_once=2, seconds="0.5"))
    fleet.until(operation, lambda one: sum(b.worker is not None for b in one.bodies) >= 2, 30)
    [orphan] = fleet.worker_pids()
    fleet.supervisors[0].kill()
    fleet.start(bodies=2)
    view = fleet.ended(operation)
    fleet.counted_once(view)
    assert len({body.worker for body in view.bodies}) == 2
    fleet.until(operation, lambda _view: not _runs(orphan), 15)
    assert "its supervisor is gone" in fleet.logs()


def _runs(pid: int) -> bool:
    """Not where it only waits to be reaped."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes() != b""
    except FileNotFoundError:
        return False


def test_steps_know_where_to_ask_for_leave_and_no_log_has_the_token(fleet: Fleet) -> None:
    fleet.start()
    fleet.ended(fleet.plan(make_plan(fleet.folder, 1, environ="yes")))
    host, port, token = (fleet.folder / "place").read_text().split(":")
    assert (host, len(token)) == ("127.0.0.1", 32)
    with fleet.engine.connect() as connection:
        rows = connection.execute(
            sa.text("SELECT content FROM moyai.audit UNION ALL SELECT result::text FROM moyai.step")
        )
        assert not any(token in str(row) for row in rows)
    assert token not in fleet.logs()
    with socket.create_connection((host, int(port)), 5) as connection_to_worker:
        connection_to_worker.sendall(f"{token}\n2\n".encode())
        assert int(connection_to_worker.recv(10)) in (1, 2)
