"""What may begin now of an operation, and which statuses change. Pure.

`decide` is asked again and again with what stands on record; what it answers is written and asked again.
It says the same of the same, and nothing new of its own answer at the same moment. It never raises.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from moyai.planning.fleet import said, wanted
from moyai.planning.fleet.beginning import Beginnings, beginnings, places
from moyai.planning.fleet.plans import OperationPlan, PlannedBody, PlannedWave
from moyai.planning.fleet.states import (
    FAILURES,
    BodyStatus,
    OperationState,
    OperationStatus,
    WaveState,
)
from moyai.planning.fleet.status_words import LOOKS
from moyai.planning.fleet.tallies import Tally, is_going, repeated_error, tally
from moyai.planning.fleet.wave_steps import (
    Observed,
    awaits_health,
    gate_of,
    later,
    later_step,
    step,
)
from moyai.texts import Text


@dataclass(frozen=True, slots=True)
class BodyChange:
    """A body entry that gets another status without being carried."""

    code: str
    status: BodyStatus
    reason: Text


@dataclass(frozen=True, slots=True)
class StatusChange:
    """What an operation becomes."""

    status: OperationStatus
    reason: Text | None
    """None: it goes on as it should."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What is to be written now."""

    begin: tuple[str, ...] = ()
    """Codes to be carried from now on, in the plan's order."""
    bodies: tuple[BodyChange, ...] = ()
    waves: tuple[WaveState, ...] = ()
    """Waves that change, as they stand from now on."""
    status: StatusChange | None = None
    """None: as it was, with the same reason."""
    waits: Mapping[str, Text] = field(default_factory=dict)
    """Why each waiting body of the current wave does not begin."""
    next_look: datetime | None = None
    """The first moment at which something may change by itself. None: only a body's end, a person,
    another operation or memory changes anything."""
    health_of: tuple[int, ...] = ()
    """Waves whose bodies' health is to be looked at: `healthy_at` is written where all are well; a body
    that is not becomes `held`."""


def decide(plan: OperationPlan, state: OperationState, now: datetime, room: int) -> Decision:
    """Decide. `room`: how many more bodies memory allows to begin.

    Approval: a plan with `approval_seconds` of 0 needs none. One that is not approved in time expires;
    one whose approval runs out later is held until it is approved again. A wave with more failures
    than tolerance is held, and with it the operation, until a person releases it (`released`) or retries
    bodies. An operation that has ended goes on where a body waits again. The last wave soaks too. Where nobody
    can judge it here (`unjudged`), it is held with that reason, and one that nobody approved as far as is known
    stays planned.
    """
    if state.status in ("cancelled", "expired"):
        return Decision()
    if state.status in ("done", "failed") and not is_going(plan, state):
        return Decision()
    if state.wanted == "cancel":
        return _cancelling(plan, state)
    if state.status == "planned" and not _is_approved(plan, state):
        return _awaiting(plan, state, now)
    return _conducting(plan, state, now, room)


def _is_approved(plan: OperationPlan, state: OperationState) -> bool:
    return wanted.lacking(wanted.of_plan(plan), state.approved) is None


def _changed(
    state: OperationState, status: OperationStatus, why: Text | None
) -> StatusChange | None:
    if (status, why) == (state.status, state.status_reason):
        return None
    return StatusChange(status, why)


def _all_cancelled(plan: OperationPlan, state: OperationState, why: Text) -> tuple[BodyChange, ...]:
    return tuple(
        BodyChange(body.code, "cancelled", why)
        for body in plan.bodies
        if state.body(body.code).status == "waiting"
    )


def _cancelling(plan: OperationPlan, state: OperationState) -> Decision:
    """Waiting bodies are cancelled; waves that began are over when nothing of them runs."""
    bodies = _all_cancelled(plan, state, said.CANCELLED)
    running = {body.wave for body in plan.bodies if state.body(body.code).status == "running"}
    waves = over_by_cancel(map(state.wave, (wave.number for wave in plan.waves)), running)
    ends = status_by_cancel(running)
    return Decision(bodies=bodies, waves=waves, status=_changed(state, ends.status, ends.reason))


def over_by_cancel(waves: Iterable[WaveState], running: Collection[int]) -> tuple[WaveState, ...]:
    """Waves that are over once an operation is cancelled: those that began and of which no body runs.

    `running`: the numbers of waves of which a body does.
    """
    return tuple(
        replace(wave, status="done", soak_until=None, reason=said.CANCELLED)
        for wave in waves
        if wave.status not in ("waiting", "done") and wave.number not in running
    )


def status_by_cancel(running: Collection[int]) -> StatusChange:
    """How an operation that is being cancelled stands, by the waves of which a body runs."""
    if running:
        return StatusChange("running", said.CANCELLING)
    return StatusChange("cancelled", said.CANCELLED)


def _awaiting(plan: OperationPlan, state: OperationState, now: datetime) -> Decision:
    """Nobody has approved the plan yet, or nobody can say here whether somebody has."""
    why = state.unjudged or said.APPROVAL_AWAITED
    expires = later(state.planned_at, plan.approval_seconds)
    if now >= expires and state.unjudged is None:
        return Decision(
            bodies=_all_cancelled(plan, state, said.EXPIRED),
            status=_changed(state, "expired", said.EXPIRED),
        )
    first = next((wave.number for wave in plan.waves if plan.wave_of(wave.number)), None)
    return Decision(
        status=_changed(state, "planned", why),
        waits={
            body.code: why
            for body in plan.bodies
            if body.wave == first and state.body(body.code).status == "waiting"
        },
        next_look=expires if state.unjudged is None else None,
    )


@dataclass(slots=True)
class _Walk:
    """What a walk through the waves found."""

    changes: list[WaveState] = field(default_factory=list)
    current: tuple[PlannedWave, WaveState, Tally] | None = None


def _conducting(plan: OperationPlan, state: OperationState, now: datetime, room: int) -> Decision:
    stop = _stop(plan, state)
    look = Observed(state, now, None if stop is None else stop.reason)
    members = _members(plan)
    walk = _walk(plan, look, members)
    found = _found(look, walk, members, room)
    status = _status(plan, state, walk, stop)
    looks = [*found.looks]
    health: tuple[int, ...] = ()
    if walk.current is not None:
        wave, after, _ = walk.current
        if after.status == "soaking" and after.soak_until is not None and after.soak_until > now:
            looks.append(after.soak_until)
        if awaits_health(look, wave, after) and state.unjudged is None:
            health = (wave.number,)
    return Decision(
        begin=tuple(found.begin),
        waves=tuple(walk.changes),
        status=_changed(state, status.status, status.reason),
        waits=found.waits,
        next_look=min(looks, default=None),
        health_of=health,
    )


def _members(plan: OperationPlan) -> dict[int, tuple[PlannedBody, ...]]:
    """The bodies of each wave, in the plan's order."""
    members: dict[int, list[PlannedBody]] = {wave.number: [] for wave in plan.waves}
    for body in plan.bodies:
        members.setdefault(body.wave, []).append(body)
    return {number: tuple(bodies) for number, bodies in members.items()}


def _stop(plan: OperationPlan, state: OperationState) -> StatusChange | None:
    """Why nothing at all may begin, though the operation has been approved once."""
    if state.wanted == "pause":
        return StatusChange("paused", said.PAUSED)
    if state.unjudged is not None:
        return StatusChange("held", state.unjudged)
    if not _is_approved(plan, state):
        return StatusChange("held", said.APPROVAL_LAPSED)
    if state.refused is not None:
        return StatusChange("held", state.refused)
    numbers = {wave.number for wave in plan.waves}
    lost = tuple(body.code for body in plan.bodies if body.wave not in numbers)
    if lost:
        return StatusChange("held", said.no_such_wave(lost))
    again = repeated_error(state, plan.same_errors)
    return None if again is None else StatusChange("held", said.same_errors(*again))


def _walk(
    plan: OperationPlan, look: Observed, members: Mapping[int, tuple[PlannedBody, ...]]
) -> _Walk:
    walk = _Walk()
    for wave in sorted(plan.waves, key=lambda one: one.number):
        counted = tally(look.state, wave.number, (body.code for body in members[wave.number]))
        one = step if walk.current is None else later_step
        after = one(look, wave, counted)
        if after != look.state.wave(wave.number):
            walk.changes.append(after)
        if walk.current is None and after.status != "done":
            walk.current = (wave, after, counted)
    return walk


def _found(
    look: Observed, walk: _Walk, members: Mapping[int, tuple[PlannedBody, ...]], room: int
) -> Beginnings:
    """What of the current wave begins, and what waits for what."""
    if walk.current is None:
        return Beginnings()
    wave, after, counted = walk.current
    bodies = members[wave.number]
    gate = after.reason if after.status == "held" else gate_of(look, wave)
    if gate is None:
        return beginnings(
            look.state, look.now, bodies, places(look.state, wave.limits, counted, room)
        )
    waiting = (body.code for body in bodies if look.state.body(body.code).status == "waiting")
    return Beginnings(waits=dict.fromkeys(waiting, gate))


def _status(
    plan: OperationPlan, state: OperationState, walk: _Walk, stop: StatusChange | None
) -> StatusChange:
    held = walk.current[1] if walk.current and walk.current[1].status == "held" else None
    if (walk.current is None or held is not None) and not is_going(plan, state):
        return _end(plan, state)
    if stop is not None:
        return stop
    if held is not None:
        return StatusChange("held", held.reason)
    return StatusChange("running", None)


def _end(plan: OperationPlan, state: OperationState) -> StatusChange:
    statuses = [state.body(body.code).status for body in plan.bodies]
    failures = sum(status in FAILURES for status in statuses)
    left = sum(status in ("skipped", "moved") for status in statuses)
    only_looks = plan.kind in LOOKS
    reason = said.ended(statuses.count("done"), failures, left, only_looks=only_looks)
    return StatusChange("failed" if failures else "done", reason)
