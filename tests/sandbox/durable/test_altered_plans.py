"""Who changes a plan on record, its hash and its approvals', begins nothing by that: it is held, and said."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest
import sqlalchemy as sa
from counting import Counted, counted_kind, effects, make_plan
from persons import APPROVER, PLANNER, Signer, registry
from telling import NoQueue
from tests.sandbox.hands import register

from moyai.approvals.subjects import (
    APPROVAL_NAMESPACE,
    PLAN,
    PLAN_NAMESPACE,
    approval_line,
    signed_line,
)
from moyai.operations.database.connecting import open_engine
from moyai.operations.database.prepare import Logins
from moyai.operations.database.reading import shown
from moyai.operations.database.rows import OperationView
from moyai.operations.database.writing import approve, create_as, next_id, want
from moyai.operations.durable.carrying.body import Carrying
from moyai.operations.durable.carrying.ledger import Ledger
from moyai.operations.durable.conducting.approved import Approved
from moyai.operations.durable.conducting.conductor import Conductor
from moyai.operations.durable.conducting.on_record import OnRecord
from moyai.operations.durable.conducting.plans import Plans
from moyai.operations.durable.knowledge import Knowledge
from moyai.planning.fleet.plans import OperationPlan, plan_sha256

PERSON = "operator:a@example.jp"
_ROOM = sa.text("UPDATE moyai.worker SET room = 9, seen_at = clock_timestamp() + interval '1 day'")
_EDIT = sa.text(
    "UPDATE moyai.operation SET plan = :plan, plan_sha256 = coalesce(:sha256, plan_sha256)"
)
_APPROVALS = sa.text("UPDATE moyai.approval SET plan_sha256 = :sha256")
_KNOWLEDGE = Knowledge("sandbox", counted_kind, registry)


class Worker:
    """What one worker reads and begins."""

    def __init__(self, engine: sa.Engine) -> None:
        self.engine, self.queue = engine, NoQueue()
        self.plans, self.on_record = Plans(engine), OnRecord(engine)
        approved = Approved(engine, self.plans, _KNOWLEDGE)
        self.conductor = Conductor(
            *(engine, self.queue, self.plans, _KNOWLEDGE, approved), on_record=self.on_record
        )

    def carry(self) -> None:
        while self.queue.bodies:
            operation, code, attempt = self.queue.bodies.pop()
            taken = Ledger(self.engine, "w1").take(operation, code, attempt)
            known = self.plans.of(operation)
            altered = partial(self.on_record.altered_now, operation, known)
            if taken is not None:
                Carrying(
                    *(Ledger(self.engine, "w1"), Counted(), known.plan, known.body(code), taken),
                    hindered=altered,
                    altered=altered,
                ).run()


class Desk:
    """An operation that is signed and approved, and who is master of its database."""

    def __init__(self, operator: sa.Engine, worker: sa.Engine, owner: sa.Engine, folder: Path):
        self.operator, self.worker, self.owner, self.folder = operator, worker, owner, folder
        register(worker)
        with owner.begin() as connection:
            connection.execute(_ROOM)

    def plan(self, approval_seconds: int = 3600, kind: str | None = None) -> str:
        made = make_plan(self.folder, 3, at_once=1)
        self.made = replace(
            made,
            kind=kind or made.kind,
            planned_by=PLANNER,
            approval_seconds=approval_seconds,
        )
        digest = plan_sha256(self.made)
        with self.operator.begin() as connection:
            self.operation = next_id(connection)
            line = signed_line(self.operation, digest, PLAN)
            signature = Signer(PLANNER).sign(line, PLAN_NAMESPACE)
            create_as(connection, self.operation, self.made, signature)
        return self.operation

    def approve(self) -> None:
        digest, now = plan_sha256(self.made), datetime.now(UTC).replace(microsecond=0)
        line = approval_line(self.operation, digest, PLAN, now)
        signature = Signer(APPROVER).sign(line, APPROVAL_NAMESPACE)
        with self.operator.begin() as connection:
            approve(connection, self.operation, "plan", APPROVER, digest, signature, now)

    def edit(self, plan: OperationPlan, *, hashes: bool = True) -> None:
        sha256 = plan_sha256(plan) if hashes else None
        text = self._text().replace(*self._changed(plan))
        with self.owner.begin() as connection:
            connection.execute(_EDIT, {"plan": text, "sha256": sha256})
            if hashes:
                connection.execute(_APPROVALS, {"sha256": sha256})

    def _text(self) -> str:
        with self.owner.connect() as connection:
            return str(connection.execute(sa.text("SELECT plan FROM moyai.operation")).scalar_one())

    def _changed(self, plan: OperationPlan) -> tuple[str, str]:
        now = json.loads(self._text())["bodies"][2]["name"]
        return f'"name":"{now}"', f'"name":"{plan.bodies[2].name}"'

    def view(self) -> OperationView:
        with self.operator.connect() as connection:
            return shown(connection, self.operation)

    def reason(self) -> str:
        found = self.view().row.reason
        return "" if found is None else found.en

    def happenings(self) -> list[str]:
        with self.operator.connect() as connection:
            found = connection.execute(sa.text("SELECT event FROM moyai.happening ORDER BY id"))
            return [str(row[0]) for row in found]


@pytest.fixture
def desk(places: Logins, tmp_path: Path) -> Iterator[Desk]:
    engines = (
        open_engine(places.of("moyai_operator")),
        open_engine(places.of("moyai_worker")),
        open_engine(places.url, role="moyai_owner"),
    )
    yield Desk(*engines, tmp_path)
    for one in engines:
        one.dispose()


def other(made: OperationPlan) -> OperationPlan:
    """As nobody signed it."""
    first, second, third = made.bodies
    return replace(made, bodies=(first, second, replace(third, name="someone else")))


def test_a_plan_that_is_changed_while_its_worker_runs_begins_nothing_more(desk: Desk) -> None:
    worker = Worker(desk.worker)
    desk.plan()
    desk.approve()
    worker.conductor.look()
    worker.carry()
    desk.edit(other(desk.made))
    for _ in range(3):
        worker.conductor.look()
        worker.carry()
    view = desk.view()
    assert (view.row.status, [one.attempts for one in view.bodies]) == ("held", [1, 0, 0])
    assert "not the one that was approved or read before" in desk.reason()
    assert "as it was read before, the signature of who planned it, the approvals" in desk.reason()
    assert view.bodies[1].waits == view.row.reason
    assert desk.happenings() == ["wave_held"]
    desk.edit(desk.made)
    worker.conductor.look()
    worker.conductor.look()
    assert [one.attempts for one in desk.view().bodies] == [1, 1, 0]


@pytest.mark.parametrize(
    ("hashes", "misfits"),
    [
        (True, "what does not fit it: the signature of who planned it, the approvals of it"),
        (False, "what does not fit it: the hash on record of it, the signature of who"),
    ],
)
def test_a_worker_that_never_read_the_plan_before_says_the_same(
    desk: Desk, hashes: bool, misfits: str
) -> None:
    first = Worker(desk.worker)
    desk.plan()
    desk.approve()
    first.conductor.look()
    first.carry()
    desk.edit(other(desk.made), hashes=hashes)
    second = Worker(desk.worker)
    second.conductor.look()
    assert (desk.view().row.status, second.queue.bodies) == ("held", [])
    assert misfits in desk.reason()
    assert "run out" not in desk.reason()


def test_one_that_was_never_begun_stays_planned_and_operators_are_told(desk: Desk) -> None:
    desk.plan()
    desk.approve()
    desk.edit(other(desk.made), hashes=False)
    worker = Worker(desk.worker)
    for _ in range(2):
        worker.conductor.look()
    assert desk.view().row.status == "planned"
    assert "the hash on record of it" in desk.reason()
    assert desk.happenings() == ["stalled"]


def test_a_kind_that_needs_no_approval_is_held_too(desk: Desk) -> None:
    worker = Worker(desk.worker)
    desk.plan(approval_seconds=0)
    worker.conductor.look()
    worker.carry()
    desk.edit(other(desk.made))
    worker.conductor.look()
    assert [one.attempts for one in desk.view().bodies] == [1, 0, 0]
    assert desk.view().row.status == "held"


def test_a_body_that_was_begun_before_the_change_is_not_changed_by_it(desk: Desk) -> None:
    worker = Worker(desk.worker)
    desk.plan()
    desk.approve()
    worker.conductor.look()
    desk.edit(other(desk.made))
    worker.conductor.look()
    worker.carry()
    body = desk.view().bodies[0]
    assert (body.status, effects(desk.folder, body.code)) == ("waiting", [])
    assert body.waits is not None
    assert "not the one that was approved" in body.waits.en


def test_it_can_be_cancelled_by_workers_that_know_only_the_changed_plan(desk: Desk) -> None:
    Worker(desk.worker).conductor.look()
    desk.plan()
    desk.edit(other(desk.made))
    with desk.operator.begin() as connection:
        want(connection, desk.operation, "cancel", PERSON)
    worker = Worker(desk.worker)
    for _ in range(2):
        worker.conductor.look()
    view = desk.view()
    assert (view.row.status, {one.status for one in view.bodies}) == ("cancelled", {"cancelled"})
