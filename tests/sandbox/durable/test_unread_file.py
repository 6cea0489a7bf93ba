"""While tenants.yaml cannot be read, nobody can say what is approved: operations stand as they were."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

from counting import counted_kind, make_plan
from tests.sandbox.hands import conduct

from moyai.errors import UsageError
from moyai.operations.database.connecting import open_engine
from moyai.operations.database.prepare import Logins
from moyai.operations.database.reading import shown
from moyai.operations.database.writing import approve, create
from moyai.operations.durable.approved import Approved
from moyai.operations.durable.conductor import Conductor
from moyai.operations.durable.knowledge import Knowledge
from moyai.operations.durable.plans import Plans
from moyai.operations.durable.queue import VERSION, BodyQueue
from moyai.planning.fleet.plans import plan_sha256
from moyai.registry.models import Registry
from moyai.texts import same

NOW = datetime(2026, 11, 26, tzinfo=UTC)


class _Queue:
    version = VERSION


def _unreadable() -> Registry:
    raise UsageError(same("it is being edited"))


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
