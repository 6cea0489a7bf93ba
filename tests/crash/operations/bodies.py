"""The operation of a campaign: bodies whose effects are marks in files, some told to fail."""

from __future__ import annotations

import random
import secrets
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.crash.operations import marks, traps

from moyai.errors import MoyaiError, OperationFailed
from moyai.operations.kinds.kind import Kind, Look, Result, Step, TakenBack, Work
from moyai.planning.fleet.plans import Limits, OperationPlan, PlannedBody, PlannedWave
from moyai.planning.fleet.ways_back import NOTHING, UNDONE
from moyai.planning.openings import WEEK, Calendar
from moyai.registry.maintenance import MaintenanceWindow
from moyai.texts import JAPAN, Text, same

STEPS = ("write-1", "engine-2", "write-3")
"""The steps that change something; the second by a process of its own."""


@dataclass(frozen=True)
class MarkedStep:
    """One step. A second effect would be seen."""

    name: str
    only_reads: bool = False

    @property
    def title(self) -> Text:
        return same(self.name)

    def do(self, work: Work) -> Result:
        doing = secrets.token_hex(4)
        folder, code, seconds = _folder(work), work.body.code, _seconds(work)
        marks.write(folder, code, "begin", work.attempt, self.name, doing)
        time.sleep(seconds)
        if work.plan.parameters.get(f"{code}:{self.name}"):
            marks.write(folder, code, "end", work.attempt, self.name, doing)
            raise OperationFailed(same(f"{self.name} was told to fail"))
        if self.name.startswith("engine"):
            marks.write_by_engine(folder, code, work.attempt, self.name, doing, seconds)
        elif not self.only_reads:
            marks.write(folder, code, "effect", work.attempt, self.name, doing)
        traps.passing("effect:after")
        time.sleep(seconds)
        marks.write(folder, code, "end", work.attempt, self.name, doing)
        return {"step": self.name}

    def look(self, work: Work) -> Result | Look:
        return {"step": self.name} if _has(work, self.name) else Look.NOT_DONE

    def undo(self, work: Work, error: MoyaiError) -> TakenBack:
        doing, name = secrets.token_hex(4), f"-{self.name}"
        folder, code = _folder(work), work.body.code
        marks.write(folder, code, "begin", work.attempt, name, doing)
        is_there = _has(work, self.name)
        if is_there and not _has(work, name):
            marks.write(folder, code, "effect", work.attempt, name, doing)
        traps.passing("effect:after")
        marks.write(folder, code, "end", work.attempt, name, doing)
        return TakenBack(UNDONE if is_there else NOTHING)


@dataclass(frozen=True)
class Marked:
    """Reads once, then changes three things."""

    name: str = "marked"
    title: Text = Text("数える", "counting")
    needs_approval: bool = False
    gates_by_health: bool = False

    def is_well(self, plan: OperationPlan, body: PlannedBody) -> None:
        """Always."""

    def steps(self, plan: OperationPlan, body: PlannedBody) -> tuple[Step, ...]:
        return (MarkedStep("read", only_reads=True), *(MarkedStep(name) for name in STEPS))


def kind_of(name: str) -> Kind:
    """The only kind there is."""
    assert name == "marked"
    return Marked()


@dataclass(frozen=True)
class Wish:
    """What a plan is to be like."""

    bodies: int
    waves: int
    at_once: int
    seconds: float
    """Of half a step."""
    failing: float = 0.1
    """The share of bodies that are told to fail."""
    windows: bool = False
    """Whether some bodies' windows open in a few seconds, and one's not while the campaign lasts."""


def make_plan(folder: Path, wish: Wish, chance: random.Random) -> OperationPlan:
    """A plan that anybody may carry out."""
    codes = [f"{number:06}" for number in range(100000, 100000 + wish.bodies)]
    failing = {
        f"{code}:{chance.choice(STEPS)}": "fails"
        for code in codes
        if chance.random() < wish.failing
    }
    bodies = [
        PlannedBody(code, f"body {code}", 1 + at * wish.waves // wish.bodies, "0" * 64, (), 1, None)
        for at, code in enumerate(codes)
    ]
    if wish.windows:
        bodies = [replace(one, calendar=_calendar(chance)) for one in bodies]
        bodies[-1] = replace(bodies[-1], calendar=_closed())
    return OperationPlan(
        kind="marked",
        subject="marks",
        parameters={"folder": str(folder), "seconds": f"{wish.seconds:.3f}", **failing},
        site="sandbox",
        registry_sha256="",
        planned_by="planner@example.jp",
        planned_at=datetime.now(UTC),
        waves=tuple(
            PlannedWave(number, f"w{number}", Limits(wish.at_once, wish.bodies, "soft"), 0)
            for number in range(1, wish.waves + 1)
        ),
        bodies=tuple(bodies),
        same_errors=0,
        approval_seconds=0,
    )


def _calendar(chance: random.Random) -> Calendar | None:
    """Half of the bodies may begin at any time, half from a moment within some seconds."""
    if chance.random() < 0.5:
        return None
    opens = datetime.now(JAPAN) + timedelta(seconds=chance.randrange(3, 15))
    return Calendar(MaintenanceWindow(WEEK, opens.time().replace(microsecond=0), 2), ())


def _closed() -> Calendar:
    """A window that opens in some hours only."""
    opens = datetime.now(JAPAN) + timedelta(hours=6)
    return Calendar(MaintenanceWindow(WEEK, opens.time().replace(microsecond=0), 2), ())


def _has(work: Work, step: str) -> bool:
    return any(
        one.what == "effect" and one.attempt == work.attempt and one.step == step
        for one in marks.marks(_folder(work), work.body.code)
    )


def _folder(work: Work) -> Path:
    return Path(str(work.plan.parameters["folder"]))


def _seconds(work: Work) -> float:
    return float(str(work.plan.parameters["seconds"]))
