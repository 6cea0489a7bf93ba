"""A worker with an older tenants.yaml begins nothing, and says so, until it has the newer one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path

import pytest
import sqlalchemy as sa
from counting import Counted, counted_kind, effects, make_plan
from persons import registry
from telling import NoQueue
from tests.planned import create
from tests.sample import lay_out
from tests.sandbox.hands import begin, register
from workers import Fleet

from moyai.errors import Refused, UsageError
from moyai.operations.database.audit_reading import newest
from moyai.operations.database.connecting import open_engine
from moyai.operations.database.files import note_file, planned_files
from moyai.operations.database.prepare import Logins
from moyai.operations.database.reading import held_back, shown
from moyai.operations.database.rows import OperationView
from moyai.operations.durable.carrying.body import Carrying
from moyai.operations.durable.carrying.ledger import Ledger
from moyai.operations.durable.conducting.approved import Approved
from moyai.operations.durable.conducting.conductor import Conductor
from moyai.operations.durable.conducting.files import Files
from moyai.operations.durable.conducting.plans import Plans
from moyai.operations.durable.knowledge import Knowledge
from moyai.operations.site.history import AppliedFile
from moyai.registry.models import Registry
from moyai.texts import same

OLD, NEW = "a" * 64, "b" * 64
CODE = "100000"
PERSON = "operator:a@example.jp"
_ALIVE = sa.text(
    "UPDATE moyai.worker SET room = 100, seen_at = clock_timestamp() + interval '1 day'"
)
_DONE = sa.text("UPDATE moyai.body SET status = 'done', ended_at = now() WHERE operation_id = :id")


@dataclass
class Worker:
    """One worker's parts, with a file that is set."""

    operator: sa.Engine
    engine: sa.Engine
    owner: sa.Engine
    folder: Path
    name: str = "w1"
    file: str | None = OLD
    """Its hash; None: it cannot be read."""
    applied: tuple[AppliedFile, ...] = ()
    log: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        register(self.engine, self.name)
        self.alive()
        self.knowledge = Knowledge(
            "sandbox", counted_kind, self._registry, history=lambda: self.applied
        )
        self.files = Files(self.engine, self.knowledge, self.name, self.log.append, 0)
        self.queue, plans = NoQueue(), Plans(self.engine)
        approved = Approved(self.engine, plans, self.knowledge)
        self.conductor = Conductor(
            self.engine, self.queue, plans, self.knowledge, approved, self.log.append, self.files
        )

    def alive(self) -> None:
        with self.owner.begin() as connection:
            connection.execute(_ALIVE)

    def _registry(self) -> Registry:
        if self.file is None:
            raise UsageError(same("it is being edited"))
        return replace(registry(), sha256=self.file, path=self.folder / "tenants.yaml")

    def plan(self, file: str) -> str:
        made = replace(make_plan(self.folder, 1), registry_sha256=file)
        with self.operator.begin() as connection:
            return create(connection, made, None)

    def view(self, operation: str) -> OperationView:
        with self.operator.connect() as connection:
            return shown(connection, operation)

    def idle(self) -> list[str]:
        with self.operator.connect() as connection:
            return [one.en for one in held_back(connection)]


@pytest.fixture
def worker(places: Logins, tmp_path: Path) -> Iterator[Worker]:
    operator, engine = (open_engine(places.of(f"moyai_{one}")) for one in ("operator", "worker"))
    owner = open_engine(places.url, role="moyai_owner")
    yield Worker(operator, engine, owner, tmp_path)
    for one in (operator, engine, owner):
        one.dispose()


def test_a_file_that_is_applied_while_a_worker_looks_holds_nothing_up(worker: Worker) -> None:
    worker.plan(OLD)
    read = worker.knowledge.registry

    def and_somebody_applies() -> Registry:
        found = read()
        if worker.file == OLD:
            worker.plan(NEW)
            worker.file = NEW
        return found

    knowledge = replace(worker.knowledge, registry=and_somebody_applies)
    files = Files(worker.engine, knowledge, worker.name, worker.log.append, 0)
    assert files.older() is None
    assert worker.idle() == []
    worker.file = OLD
    knowledge = replace(worker.knowledge, registry=read)
    assert Files(worker.engine, knowledge, worker.name, worker.log.append, 0).older() is not None


def test_a_worker_whose_file_was_superseded_begins_nothing_until_it_has_the_newer(
    worker: Worker,
) -> None:
    first = worker.plan(OLD)
    worker.conductor.look()
    assert [body[0] for body in worker.queue.bodies] == [first]
    second = worker.plan(NEW)
    assert worker.view(first).bodies[0].status == "running"
    for _ in range(2):
        worker.conductor.look()
    assert [body[0] for body in worker.queue.bodies] == [first]
    view = worker.view(second)
    assert view.row.status == "held"
    assert view.row.reason is not None
    assert "older than the one that was planned or applied by" in view.row.reason.en
    assert view.bodies[0].waits == view.row.reason
    assert worker.idle() == [view.row.reason.en]
    assert [one.startswith("begins nothing") for one in worker.log] == [True]
    with worker.owner.begin() as connection:
        connection.execute(_DONE, {"id": first})
    worker.file = NEW
    worker.conductor.look()
    worker.conductor.look()
    assert worker.view(second).row.status == "running"
    assert worker.queue.bodies[-1][0] == second
    assert worker.idle() == []


def test_who_has_the_newer_file_conducts(worker: Worker) -> None:
    other = Worker(worker.operator, worker.engine, worker.owner, worker.folder, "w2", NEW)
    with worker.operator.begin() as connection:
        note_file(connection, "sandbox", OLD, None, PERSON, follows=False)
    operation = worker.plan(NEW)
    assert worker.conductor.look() is False
    assert worker.view(operation).row.status == "planned"
    other.conductor.look()
    assert (worker.queue.bodies, len(other.queue.bodies)) == ([], 1)


def test_a_file_that_was_applied_since_counts_too(worker: Worker) -> None:
    worker.plan(OLD)
    assert worker.files.older() is None
    worker.applied = (AppliedFile(NEW, None, "2999-01-01T00:00:00+00:00"),)
    again = Files(worker.engine, worker.knowledge, "w1", worker.log.append, 0)
    assert again.older() is not None
    worker.applied = (AppliedFile(NEW, None, "2000-01-01T00:00:00+00:00"),)
    again = Files(worker.engine, worker.knowledge, "w1", worker.log.append, 0)
    assert again.older() is None


def test_while_the_file_cannot_be_read_it_is_as_it_was_found_last(worker: Worker) -> None:
    worker.plan(OLD)
    worker.plan(NEW)
    assert worker.files.older() is not None
    worker.file = None
    assert worker.files.older() is not None


def test_a_body_that_was_begun_by_a_file_that_is_older_by_now_waits(worker: Worker) -> None:
    operation = worker.plan(OLD)
    assert begin(worker.engine, operation, CODE)
    ledger = Ledger(worker.engine, "w1")
    taken = ledger.take(operation, CODE, 1)
    assert taken is not None
    worker.plan(NEW)
    plan = worker.view(operation).plan
    body = plan.body(CODE)
    Carrying(ledger, Counted(), plan, body, taken, hindered=worker.files.older).run()
    [found] = worker.view(operation).bodies
    assert (found.status, effects(worker.folder, CODE)) == ("waiting", [])
    assert found.waits is not None
    assert "older" in found.waits.en


def test_nothing_is_planned_by_an_older_file_unless_a_person_says_that_it_is_the_newest(
    worker: Worker,
) -> None:
    for file in (OLD, NEW, NEW):
        worker.plan(file)
    with pytest.raises(Refused, match="older than the one") as refused:
        worker.plan(OLD)
    assert "moyai operation newest" in str(refused.value.remedy)
    with worker.operator.begin() as connection:
        note_file(connection, "sandbox", OLD, None, PERSON, follows=True)
        [record] = newest(connection, "federation", 1)
        known = [one.sha256 for one in planned_files(connection, "sandbox")]
    assert (record.actor, record.action) == (PERSON, "file.newest")
    assert known == [OLD, NEW, OLD]
    worker.plan(OLD)
    with worker.operator.connect() as connection:
        assert planned_files(connection, "elsewhere") == ()


def test_a_worker_goes_on_once_it_is_given_the_newer_file(places: Logins, tmp_path: Path) -> None:
    file = lay_out(tmp_path / "project")
    old = file.read_text(encoding="utf-8")
    new = f"{old}# changed\n"
    before, after = (sha256(one.encode()).hexdigest() for one in (old, new))
    fleet = Fleet(places, open_engine(places.of("moyai_operator")), tmp_path, file=file)
    try:
        fleet.start()
        first = fleet.plan(replace(make_plan(tmp_path, 2), registry_sha256=before))
        assert fleet.ended(first).row.status == "done"
        second = fleet.plan(replace(make_plan(tmp_path, 2), registry_sha256=after))
        held = fleet.until(second, lambda one: one.row.status == "held", 30)
        assert [one.attempts for one in held.bodies] == [0, 0]
        with fleet.engine.connect() as connection:
            assert held_back(connection) == (held.row.reason,)
        file.write_text(new, encoding="utf-8")
        assert fleet.ended(second).row.status == "done"
        with fleet.engine.connect() as connection:
            assert held_back(connection) == ()
        assert "its tenants.yaml is the newest" in fleet.logs()
    finally:
        fleet.close()
