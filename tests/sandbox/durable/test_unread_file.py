"""While tenants.yaml cannot be read, nobody can say what is approved: operations stand as they were."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

from counting import Counted, counted_kind, effects, make_plan
from telling import Office
from tests.planned import create
from tests.sandbox.hands import begin, conduct, register

from moyai.errors import MoyaiError, UsageError
from moyai.operations.database.connecting import open_engine
from moyai.operations.database.prepare import Logins
from moyai.operations.database.reading import shown
from moyai.operations.database.rows import BodyRow
from moyai.operations.database.writing import approve
from moyai.operations.durable.carrying.body import Carrying
from moyai.operations.durable.carrying.ledger import Ledger
from moyai.operations.durable.conducting.approved import Approved
from moyai.operations.durable.conducting.conductor import Conductor
from moyai.operations.durable.conducting.plans import Plans
from moyai.operations.durable.knowledge import Knowledge
from moyai.operations.durable.queue.dbos_queue import VERSION, BodyQueue
from moyai.operations.kinds.kind import Look, Result, Step, TakenBack, Unreadable, Work
from moyai.planning.fleet.plans import OperationPlan, PlannedBody, plan_sha256
from moyai.registry.models import Registry
from moyai.registry.operation_settings import Notifications
from moyai.texts import same

CODE = "100000"
NOW = datetime.now(UTC).replace(microsecond=0)


class _Queue:
    version = VERSION


def _unreadable() -> Registry:
    raise UsageError(same("it is being edited"))


@dataclass(frozen=True)
class Blinded:
    """A step during which tenants.yaml is saved badly, and mended after a moment."""

    counted: Step
    troubles: list[str]
    """What is asked of it while nobody can say."""

    name = property(lambda self: self.counted.name)
    title = property(lambda self: self.counted.title)
    only_reads = property(lambda self: self.counted.only_reads)

    def do(self, work: Work) -> Result:
        self._read("do")
        return self.counted.do(work)

    def look(self, work: Work) -> Result | Look:
        self._read("look")
        return self.counted.look(work)

    def undo(self, work: Work, error: MoyaiError) -> TakenBack:
        self._read("undo")
        return self.counted.undo(work, error)

    def _read(self, what: str) -> None:
        if what in self.troubles:
            self.troubles.remove(what)
            raise Unreadable


@dataclass(frozen=True)
class Blinding(Counted):
    """The step `write-2` is blinded."""

    troubles: list[str] = field(default_factory=list)

    def steps(self, plan: OperationPlan, body: PlannedBody) -> tuple[Step, ...]:
        return tuple(
            cast("Step", Blinded(step, self.troubles)) if step.name == "write-2" else step
            for step in super().steps(plan, body)
        )


def _carried(places: Logins, plan: OperationPlan, troubles: list[str]) -> BodyRow:
    """The one body of a plan, carried to its end."""
    operator, worker = (open_engine(places.of(f"moyai_{one}")) for one in ("operator", "worker"))
    with operator.begin() as connection:
        operation = create(connection, plan, None)
    register(worker)
    assert begin(worker, operation, CODE)
    ledger = Ledger(worker, "w1")
    taken = ledger.take(operation, CODE, 1)
    assert taken is not None
    Carrying(ledger, Blinding(troubles=troubles), plan, plan.body(CODE), taken).run()
    with operator.connect() as connection:
        [body] = shown(connection, operation).bodies
    operator.dispose()
    worker.dispose()
    return body


def test_a_step_waits_for_a_file_that_cannot_be_read_and_is_done_once(
    places: Logins, tmp_path: Path
) -> None:
    troubles = ["do", "look", "do"]
    assert _carried(places, make_plan(tmp_path, 1), troubles).status == "done"
    assert effects(tmp_path, CODE) == ["1 write-1", "1 write-2", "1 write-3"]
    assert troubles == []


def test_a_body_is_taken_back_once_the_file_can_be_read_again(
    places: Logins, tmp_path: Path
) -> None:
    troubles = ["undo"]
    plan = make_plan(tmp_path, 1, **{f"{CODE}:write-3:1": "failed"})
    assert _carried(places, plan, troubles).status == "failed"
    assert effects(tmp_path, CODE)[-2:] == ["1 -write-2", "1 -write-1"]
    assert troubles == []


def test_an_approval_does_not_lapse_while_the_file_cannot_be_read(
    places: Logins, tmp_path: Path
) -> None:
    plan = replace(make_plan(tmp_path, 1), approval_seconds=3600)
    operator, worker = (open_engine(places.of(f"moyai_{one}")) for one in ("operator", "worker"))
    said: list[str] = []
    with operator.begin() as connection:
        operation = create(connection, plan, None)
        approve(connection, operation, "plan", "a@example.jp", plan_sha256(plan), "signature", NOW)
    conduct(worker, operation, "running")
    plans, knowledge = Plans(worker), Knowledge("sandbox", counted_kind, _unreadable)
    approved = Approved(worker, plans, knowledge)
    queue = cast("BodyQueue", _Queue())
    conductor = Conductor(worker, queue, plans, knowledge, approved, said.append)
    for _ in range(2):
        conductor.look()
    with operator.connect() as connection:
        view = shown(connection, operation)
    assert view.row.status == "running"
    assert view.bodies[0].status == "waiting"
    assert said == [f"{operation} waits: it is being edited"]
    operator.dispose()
    worker.dispose()


def test_bodies_say_that_the_file_cannot_be_read_and_no_more_once_it_can(
    places: Logins, tmp_path: Path
) -> None:
    engines = [open_engine(places.of(f"moyai_{one}")) for one in ("operator", "worker")]
    office = Office(
        *engines, open_engine(places.url, role="moyai_owner"), tmp_path, Notifications()
    )
    plan = replace(make_plan(tmp_path, 4, waves=2, at_once=1), approval_seconds=3600)
    operation = office.plan(plan)
    with office.operator.begin() as connection:
        approve(connection, operation, "plan", "a@example.jp", plan_sha256(plan), "signature", NOW)
    office.trouble = UsageError(same("it is being edited"))
    office.conductor.look()
    waits = "SELECT waits->>'en' FROM moyai.body ORDER BY position"
    told = [row[0] for row in office.rows(waits)]
    assert ["it is being edited" in str(one) for one in told] == [True, True, False, False]
    office.trouble = None
    office.conductor.look()
    assert "edited" not in str(office.rows(waits))
    for engine in (*engines, office.owner):
        engine.dispose()
