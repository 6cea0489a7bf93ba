"""The look at a wave after its soak, which may take as long as it wants: no session waits in a transaction."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import sqlalchemy as sa
from counting import Counted, make_plan, unanswered
from tests.planned import create
from tests.sample import SAMPLE

from moyai.operations.database.connecting import open_engine
from moyai.operations.database.prepare import Logins
from moyai.operations.database.reading import debts, shown
from moyai.operations.database.rows import OperationView
from moyai.operations.durable.conducting.gates import Gates
from moyai.operations.durable.conducting.plans import Plans
from moyai.operations.durable.knowledge import Knowledge
from moyai.operations.inside import away
from moyai.operations.kinds.kind import Kind, Unreadable
from moyai.planning.fleet.plans import OperationPlan, PlannedBody
from moyai.registry.load import require
from moyai.texts import text_of

_NAME = "moyai-gates"
_STATES = "SELECT state FROM pg_stat_activity WHERE application_name = :name"


@dataclass(frozen=True)
class Seen(Counted):
    """Sees at each look in which states the sessions of who looks are."""

    auditor: sa.Engine = field(kw_only=True)
    states: list[str] = field(default_factory=list)

    def is_well(self, plan: OperationPlan, body: PlannedBody) -> None:
        with self.auditor.connect() as connection:
            self.states.extend(connection.execute(sa.text(_STATES), {"name": _NAME}).scalars())
        super().is_well(plan, body)


@pytest.fixture
def seen(places: Logins) -> Iterator[Seen]:
    engine = open_engine(places.of("moyai_worker"))  # a login sees its own sessions' states
    yield Seen(auditor=engine)
    engine.dispose()


@pytest.fixture
def worker(places: Logins) -> Iterator[sa.Engine]:
    engine = open_engine(places.of("moyai_worker"), name=_NAME)
    yield engine
    engine.dispose()


def _soaked(places: Logins, worker: sa.Engine, folder: Path) -> tuple[str, sa.Engine]:
    operator = open_engine(places.of("moyai_operator"))
    with operator.begin() as connection:
        operation = create(connection, make_plan(folder, 2), None)
    owner = open_engine(places.url, role="moyai_owner")
    with owner.begin() as connection:
        connection.execute(sa.text("UPDATE moyai.body SET status = 'done'"))
        connection.execute(
            sa.text("UPDATE moyai.wave SET status = 'soaking', soak_until = clock_timestamp()")
        )
    owner.dispose()
    return operation, operator


@dataclass(frozen=True)
class Blind(Counted):
    """One body is not well, and of the other nobody can say: tenants.yaml was saved badly meanwhile."""

    def is_well(self, plan: OperationPlan, body: PlannedBody) -> None:
        if body.code == "100000":
            raise Unreadable
        super().is_well(plan, body)


@dataclass(frozen=True)
class Away(Counted):
    """The database of one body does not answer."""

    def is_well(self, plan: OperationPlan, body: PlannedBody) -> None:
        if body.code == "100001":
            raise away.waited_for(unanswered())
        super().is_well(plan, body)


def _looked(
    places: Logins, worker: sa.Engine, folder: Path, kind: Kind, *, looks: int = 1
) -> OperationView:
    operation, operator = _soaked(places, worker, folder)
    knowledge = Knowledge("sandbox", lambda _name: kind, lambda: require(SAMPLE))
    gates = Gates(worker, Plans(worker), knowledge)
    for _ in range(looks):
        gates.look({operation: (1,)})
    with operator.connect() as connection:
        view = shown(connection, operation)
    operator.dispose()
    return view


def test_a_look_is_put_on_record_and_no_session_stands_in_a_transaction_meanwhile(
    places: Logins, worker: sa.Engine, tmp_path: Path, seen: Seen
) -> None:
    view = _looked(places, worker, tmp_path, seen)
    assert seen.states
    assert {*seen.states} == {"idle"}
    assert view.waves[0].healthy_at is not None
    assert {body.status for body in view.bodies} == {"done"}


def test_a_body_that_is_not_well_is_held(places: Logins, worker: sa.Engine, tmp_path: Path) -> None:
    (tmp_path / "100001.ill").touch()
    view = _looked(places, worker, tmp_path, Counted())
    assert view.waves[0].healthy_at is None
    assert [body.status for body in view.bodies] == ["done", "held"]


def test_a_body_that_a_gate_holds_leaves_a_debt_once(
    places: Logins, worker: sa.Engine, tmp_path: Path
) -> None:
    (tmp_path / "100001.ill").touch()
    view = _looked(places, worker, tmp_path, Counted())
    with worker.connect() as connection:
        [owed] = debts(connection)
    error = view.bodies[1].error
    assert error is not None
    assert (owed.code, owed.operation) == ("100001", view.row.id)
    assert owed.reason == text_of(error["what"])
    assert "stays as it is" in error["touched"]["en"], "nothing of it was taken back"


def test_while_the_site_cannot_be_read_no_body_is_held_and_none_is_found_well(
    places: Logins, worker: sa.Engine, tmp_path: Path
) -> None:
    (tmp_path / "100001.ill").touch()
    view = _looked(places, worker, tmp_path, Blind())
    assert view.waves[0].healthy_at is None
    assert [body.status for body in view.bodies] == ["done", "done"]


def test_a_body_whose_database_does_not_answer_is_looked_at_again_and_held_after_a_while(
    places: Logins, worker: sa.Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    view = _looked(places, worker, tmp_path, Away(), looks=5)
    assert view.waves[0].healthy_at is None
    assert [body.status for body in view.bodies] == ["done", "done"]
    monkeypatch.setattr(away, "AWAY_SECONDS", 0.0)
    tmp_path.joinpath("again").mkdir()
    view = _looked(places, worker, tmp_path / "again", Away(), looks=away.LEAST_TRIES + 1)
    assert [body.status for body in view.bodies] == ["done", "held"]
    assert view.bodies[1].error is not None
    assert "has not answered since 20" in view.bodies[1].error["what"]["en"]
