"""The kind of operation that is measured: steps that do nothing, and are recorded all the same."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime

from moyai.errors import MoyaiError
from moyai.operations.kinds.kind import Kind, Look, Result, Step, TakenBack, Work
from moyai.planning.fleet.plans import Limits, OperationPlan, PlannedBody, PlannedWave
from moyai.planning.fleet.ways_back import NOTHING
from moyai.texts import Text, same

STEPS = 8
"""As many as an upgrade has."""


@dataclass(frozen=True)
class EmptyStep:
    """Changes something, as far as the engine knows."""

    name: str
    only_reads: bool = False

    @property
    def title(self) -> Text:
        return same(self.name)

    def do(self, work: Work) -> Result:
        wait = work.plan.parameters.get("milliseconds")
        if isinstance(wait, int):
            time.sleep(wait / 1000)
        return {}

    def look(self, work: Work) -> Result | Look:
        return Look.NOT_DONE

    def undo(self, work: Work, error: MoyaiError) -> TakenBack:
        return TakenBack(NOTHING)


@dataclass(frozen=True)
class Empty:
    """Takes a body through its steps."""

    name: str = "empty"
    title: Text = Text("空の作業", "empty work")
    needs_approval: bool = False
    gates_by_health: bool = False

    def is_well(self, plan: OperationPlan, body: PlannedBody) -> None:
        """Always."""

    def steps(self, plan: OperationPlan, body: PlannedBody) -> tuple[Step, ...]:
        return _EMPTY


_EMPTY = tuple(EmptyStep(f"step-{number}") for number in range(1, STEPS + 1))


def empty_kind(name: str) -> Kind:
    """The only kind there is."""
    assert name == "empty"
    return Empty()


def empty_plan(bodies: int, at_once: int | None = None, **parameters: int) -> OperationPlan:
    """So many bodies in one wave.

    `at_once`: as many of them at a time; None: all, as far as the plan goes. `milliseconds`: how long
    each step takes.
    """
    return OperationPlan(
        kind="empty",
        subject="nothing",
        parameters=parameters,
        site="sandbox",
        registry_sha256="",
        planned_by="planner@example.jp",
        planned_at=datetime.now(UTC),
        waves=(PlannedWave(1, "all", Limits(at_once or bodies, 0, "soft"), 0),),
        bodies=tuple(
            PlannedBody(f"{number:06}", f"body {number}", 1, "0" * 64, (), 1, None)
            for number in range(100_000, 100_000 + bodies)
        ),
        same_errors=0,
        approval_seconds=0,
    )
