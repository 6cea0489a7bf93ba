"""What is read of bodies that upgrades left half-way: what the next plan is to take over."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from counting import make_plan
from tests.planned import create
from tests.sandbox.hands import begin, conduct, register

from moyai.operations.database.connecting import open_engine
from moyai.operations.database.prepare import Logins
from moyai.operations.database.writing import want
from moyai.operations.durable.carrying.ledger import Ended, Ledger, Next
from moyai.operations.fleet.half_way import half_way
from moyai.operations.kinds.site import SiteSource
from moyai.planning.fleet.taking_over import TakenOver

CODE = "100000"
SOURCE = SiteSource(Path("tenants.yaml"), "sandbox")
_FOUND = {"release": "1.1.0"}


@dataclass
class Upgrades:
    """Upgrades of one body, their steps put on record by hand."""

    operator: sa.Engine
    worker: sa.Engine
    folder: Path

    def held(self, release: str, steps: Mapping[str, str], over: TakenOver | None = None) -> None:
        """One that was held after these steps, and given up. Step → how it ended."""
        given: dict[str, Any] = {"service": "eapp-b", "release": release}
        if over is not None:
            given["takes_over"] = {CODE: over.entry()}
        plan = replace(make_plan(self.folder, 1), kind="upgrade", subject=f"eapp-b {release}")
        with self.operator.begin() as connection:
            operation = create(connection, replace(plan, parameters=given), None)
        assert begin(self.worker, operation, CODE)
        ledger = Ledger(self.worker, "w1")
        taken = ledger.take(operation, CODE, 1)
        assert taken is not None
        for at, (name, status) in enumerate(steps.items(), 1):
            ledger.go_on(taken, None, Next(name, at, name))
            error = None if status == "done" else {"what": {"ja": name, "en": name}}
            ledger.go_on(taken, Ended(name, _FOUND, error=error), None)
        ledger.finish(taken, "held", error={"what": {"ja": "", "en": ""}})
        with self.operator.begin() as connection:
            want(connection, operation, "cancel", "operator:a@example.jp")
        assert conduct(self.worker, operation, "cancelled") == []

    @property
    def left(self) -> TakenOver:
        with self.operator.connect() as connection:
            return half_way(connection, SOURCE, "eapp-b")[CODE].found


@pytest.fixture
def upgrades(places: Logins, tmp_path: Path) -> Iterator[Upgrades]:
    operator = open_engine(places.of("moyai_operator"))
    worker = open_engine(places.of("moyai_worker"))
    register(worker)
    yield Upgrades(operator, worker, tmp_path)
    operator.dispose()
    worker.dispose()


def _released_perhaps(upgrades: Upgrades) -> TakenOver:
    """Its release may be on record, and could not be taken off it."""
    done = dict.fromkeys(("preflight", "close-writes", "backup", "stack"), "done")
    upgrades.held("1.2.0", {**done, "release": "failed", "-release": "failed"})
    assert (upgrades.left.release, upgrades.left.target) == ("1.1.0", "1.2.0")
    return upgrades.left


def test_a_way_back_that_is_held_leaves_the_release_that_may_be_on_record(
    upgrades: Upgrades,
) -> None:
    back = replace(_released_perhaps(upgrades), way="back")
    upgrades.held("1.1.0", {"preflight": "done", "back-data": "failed"}, back)
    assert (upgrades.left.release, upgrades.left.target) == ("1.1.0", "1.2.0")


def test_a_way_on_leaves_the_former_release_until_its_own_may_be_on_record(
    upgrades: Upgrades,
) -> None:
    on = replace(_released_perhaps(upgrades), way="on")
    upgrades.held("1.3.0", {"preflight": "done", "close-writes": "failed"}, on)
    assert (upgrades.left.release, upgrades.left.target) == ("1.1.0", "1.2.0")
    further = replace(upgrades.left, way="on")
    upgrades.held("1.4.0", {"preflight": "done", "release": "failed"}, further)
    assert upgrades.left.target == "1.4.0"


def test_a_way_on_from_before_the_release_leaves_its_own(upgrades: Upgrades) -> None:
    upgrades.held("1.2.0", {"preflight": "done", "close-writes": "done", "stack": "failed"})
    on = replace(upgrades.left, way="on")
    upgrades.held("1.3.0", {"preflight": "done", "close-writes": "failed"}, on)
    assert upgrades.left.target == "1.3.0"
