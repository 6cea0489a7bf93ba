"""What stands of an operation, as it was read in one transaction. Pure.

Moments are UTC, by the database's clock.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from moyai.planning.fleet.plans import OperationPlan
from moyai.texts import Text

OperationStatus = Literal[
    "planned", "running", "paused", "held", "done", "failed", "cancelled", "expired"
]
WaveStatus = Literal["waiting", "running", "soaking", "held", "done"]
BodyStatus = Literal[
    "waiting", "running", "done", "failed", "held", "skipped", "moved", "cancelled"
]
Wanted = Literal["run", "pause", "cancel"]

GOING: Set[BodyStatus] = frozenset({"waiting", "running"})
"""Body entries with any other status have ended, until a person says `retry`."""
FAILURES: Set[BodyStatus] = frozenset({"failed", "held"})
"""What tolerance counts. `skipped` and `moved` are debts and no failures."""
WORKED_ON: Set[BodyStatus] = frozenset({"done", "failed", "held"})
"""What a soak follows: something of the body may have been changed."""


@dataclass(frozen=True, slots=True)
class BodyState:
    """One body entry."""

    status: BodyStatus = "waiting"
    attempts: int = 0
    """How often it was begun."""
    ended_at: datetime | None = None
    """When its last attempt ended."""
    error_signature: str | None = None
    """What its failure has in common with others of the same cause."""
    may_begin_at: datetime | None = None
    """Not begun before; None: at any time."""


@dataclass(frozen=True, slots=True)
class WaveState:
    """One wave."""

    number: int
    status: WaveStatus = "waiting"
    began_at: datetime | None = None
    """When it began first; stays through retries."""
    soak_until: datetime | None = None
    """Set while it soaks and after."""
    reason: Text | None = None
    healthy_at: datetime | None = None
    """When its bodies were last found well after a soak; written by who looked, never by `decide`."""


@dataclass(frozen=True, slots=True)
class OperationState:
    """One operation. What it has no entry for is waiting."""

    status: OperationStatus
    planned_at: datetime
    bodies: Mapping[str, BodyState]
    """By code."""
    waves: tuple[WaveState, ...] = ()
    status_reason: Text | None = None
    wanted: Wanted = "run"
    """What a person wants of it."""
    approved: Set[str] = frozenset()
    """Subjects with an approval that holds now: `plan`, `wave:2`, `body:271004`,
    `unverified-restore:271004`."""
    busy: Set[str] = frozenset()
    """Codes that another operation is at."""
    released: Mapping[str, datetime] = field(default_factory=dict)
    """When a person last let something go on that was held: `wave:2`, or `operation` after errors of one
    signature. Failures that had ended by then no longer count."""
    unjudged: Text | None = None
    """Why nobody can say here what is approved and what may begin, or None: nothing begins, expires or is found
    to lack an approval."""
    refused: Text | None = None
    """Why nothing of it may begin by what the worker that looks knows, or None."""
    refuses: Mapping[str, Text] = field(default_factory=dict)
    """Bodies that may not begin by what the worker that looks knows, and why."""
    health_gates: bool = False
    """Whether a soak ends only with a look at the health of the wave's bodies."""

    def body(self, code: str) -> BodyState:
        """The entry of one body."""
        return self.bodies.get(code, _UNTOUCHED)

    def wave(self, number: int) -> WaveState:
        """The state of one wave."""
        for wave in self.waves:
            if wave.number == number:
                return wave
        return WaveState(number)


_UNTOUCHED = BodyState()


def newly_planned(plan: OperationPlan) -> OperationState:
    """The state with which an operation is put on record: nothing has begun."""
    return OperationState(
        "planned",
        plan.planned_at,
        {body.code: BodyState() for body in plan.bodies},
        tuple(WaveState(wave.number) for wave in plan.waves),
    )
