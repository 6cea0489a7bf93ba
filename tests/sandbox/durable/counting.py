"""A kind of operation whose effects are lines in files, so that they can be counted from outside."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from moyai.allowance import VARIABLE
from moyai.errors import MoyaiError, OperationFailed, SiteTrouble
from moyai.jobs import results
from moyai.jobs.failures import JobFailed
from moyai.operations.kinds.kind import (
    InDoubt,
    Kind,
    Look,
    Moved,
    Result,
    Step,
    TakenBack,
    Unavailable,
    Unreadable,
    Work,
    as_before,
)
from moyai.planning.fleet.plans import Limits, OperationPlan, PlannedBody, PlannedWave
from moyai.planning.fleet.ways_back import UNDONE
from moyai.registry.problems import Problem, RegistryError
from moyai.texts import Text, same


def superseded(words: Text) -> JobFailed:
    """A job that a body's database turns away."""
    return JobFailed(words, verb="migrate", code="superseded")


def unanswered() -> JobFailed:
    """A job that does not reach its database."""
    fields = {results.AWAY: True, "reason": {"ja": LOST, "en": LOST}}
    words = same(f"the job x failed: {LOST}")
    return JobFailed(words, verb="x", code="refused", fields=fields)


ENDS: dict[str, Callable[[Text], MoyaiError]] = {
    "superseded": superseded,
    "failed": OperationFailed,
    "skipped": Unavailable,
    "moved": Moved,
    "held": InDoubt,
}


@dataclass(frozen=True)
class CountedStep:
    """Writes one line; a second one would be seen."""

    name: str
    only_reads: bool = False

    @property
    def title(self) -> Text:
        return same(self.name)

    def do(self, work: Work) -> Result:
        _read(work, self.name)
        trouble = work.plan.parameters.get(f"{work.body.code}:{self.name}:{work.attempt}")
        if "environ" in work.plan.parameters:
            (_folder(work) / "place").write_text(os.environ.get(VARIABLE, ""))
        _take_memory(work)
        _engine(work)
        _slowly(work)
        if trouble is not None:
            raise ENDS[str(trouble)](same(f"{self.name} was told to end as {trouble}"))
        if not self.only_reads:
            _write(work, self.name)
        _slowly(work)
        return {"step": self.name}

    def look(self, work: Work) -> Result | Look:
        _read(work, self.name)
        lines = effects(_folder(work), work.body.code)
        return {"step": self.name} if f"{work.attempt} {self.name}" in lines else Look.NOT_DONE

    def undo(self, work: Work, error: MoyaiError) -> TakenBack:
        _read(work, f"-{self.name}")
        if work.plan.parameters.get(f"{work.body.code}:-{self.name}:{work.attempt}"):
            raise OperationFailed(same(f"{self.name} cannot be taken back"))
        there = effects(_folder(work), work.body.code)
        done = [one for one in there if one.split(" ")[1] == self.name]
        back = [one for one in there if one.split(" ")[1] == f"-{self.name}"]
        if f"{work.attempt} -{self.name}" not in back:
            _write(work, f"-{self.name}")
        return TakenBack(UNDONE) if len(done) > len(back) else as_before(work, self.name)


@dataclass(frozen=True)
class Counted:
    """Reads once, then writes as many lines as the plan says."""

    name: str = "counted"
    title: Text = Text("数える", "counting")
    needs_approval: bool = False
    gates_by_health: bool = True

    def is_well(self, plan: OperationPlan, body: PlannedBody) -> None:
        """Unless a file says that it is not."""
        if (Path(str(plan.parameters["folder"])) / f"{body.code}.ill").exists():
            raise OperationFailed(same(f"{body.code} is ill"))

    def steps(self, plan: OperationPlan, body: PlannedBody) -> tuple[Step, ...]:
        number = int(str(plan.parameters.get("steps", 3)))
        return (
            CountedStep("read", only_reads=True),
            *(CountedStep(f"write-{one}") for one in range(1, number + 1)),
        )


def counted_kind(name: str) -> Kind:
    """The only kind there is; an edit waits until somebody says that it is in the file."""
    assert name in ("counted", "edit")
    return Counted()


def make_plan(
    folder: Path,
    bodies: int,
    *,
    waves: int = 1,
    at_once: int = 4,
    tolerance: int = 0,
    mode: str = "soft",
    soak_seconds: int = 0,
    **parameters: str,
) -> OperationPlan:
    """A plan of so many bodies, evenly in waves, that needs no approval and no opening."""
    codes = [f"{number:06}" for number in range(100000, 100000 + bodies)]
    return OperationPlan(
        kind="counted",
        subject="lines",
        parameters={"folder": str(folder), **parameters},
        site="sandbox",
        registry_sha256="",
        planned_by="planner@example.jp",
        planned_at=datetime.now(UTC),
        waves=tuple(
            PlannedWave(number, f"w{number}", Limits(at_once, tolerance, mode), soak_seconds)  # type: ignore[arg-type]
            for number in range(1, waves + 1)
        ),
        bodies=tuple(
            PlannedBody(code, f"body {code}", 1 + at * waves // bodies, "0" * 64, (), 1, None)
            for at, code in enumerate(codes)
        ),
        same_errors=0,
        approval_seconds=0,
    )


def effects(folder: Path, code: str) -> list[str]:
    """What was written for one body, in order: attempt and step."""
    path = folder / f"{code}.log"
    return path.read_text().splitlines() if path.exists() else []


BROKEN = "tenants.yaml:12:3: tenants[999999].name: it is wrong"


AWAY = "the state's bucket b cannot be read"
LOST = "cannot connect to db: the connection was refused."
"""Of the body's own database."""


def blind(folder: Path, code: str, step: str, why: str = "") -> Path:
    """A file; while it is there, tenants.yaml is broken for a body's step (`-NAME`: for its way back).
    `why`: what is wrong with the site instead."""
    path = folder / f"{code}.{step}.blind"
    path.write_text(why)
    return path


def _read(work: Work, step: str) -> None:
    path = _folder(work) / f"{work.body.code}.{step}.blind"
    if path.exists():
        if path.read_text() == LOST:
            raise work.away(unanswered())
        if path.read_text():
            raise SiteTrouble(same(path.read_text()))
        problem = Problem("tenants.yaml", 12, 3, "tenants[999999].name", same("it is wrong"))
        raise Unreadable from RegistryError([problem])


def _folder(work: Work) -> Path:
    return Path(str(work.plan.parameters["folder"]))


def _write(work: Work, words: str) -> None:
    handle = os.open(
        _folder(work) / f"{work.body.code}.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND
    )
    os.write(handle, f"{work.attempt} {words}\n".encode())
    os.close(handle)


def _take_memory(work: Work) -> None:
    """A process of the step's own has so many MiB for some seconds, as an engine would."""
    megabytes = work.plan.parameters.get("megabytes")
    if megabytes is not None:
        words = f"import time; kept = b'x' * ({megabytes} << 20); time.sleep(4)"
        subprocess.run([sys.executable, "-c", words], check=True)


def _engine(work: Work) -> None:
    """A process that leads a session, as an engine does, writes on for a minute; once for each body."""
    path = _folder(work) / f"{work.body.code}.engine"
    if "engine" in work.plan.parameters and not path.exists():
        words = (
            "import sys, time; file = open(sys.argv[1], 'ab', 0)\n"
            "for _ in range(1200): file.write(b'.'); time.sleep(0.05)"
        )
        subprocess.run([sys.executable, "-c", words, str(path)], start_new_session=True)


def _slowly(work: Work) -> None:
    time.sleep(float(str(work.plan.parameters.get("seconds", "0"))))
