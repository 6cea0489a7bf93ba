"""How far approvals reach: which bodies are foreseen to be at work when they have run out. Pure.

A body is reached where all approvals that it needs hold to its foreseen end. That is more than workers ask
for, who look at its beginning and just before its first change: nobody knows beforehand when that will be.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from moyai.planning.fleet import wanted
from moyai.planning.fleet.forecast import Forecast
from moyai.planning.fleet.plans import OperationPlan, PlannedBody
from moyai.planning.fleet.states import OperationState
from moyai.planning.fleet.wave_steps import later

MOST_HOURS = 2_160
"""The longest `approval_hours` that tenants.yaml takes."""


@dataclass(frozen=True, slots=True)
class EndsBefore:
    """Approvals that run out before all of the work is done."""

    subjects: tuple[str, ...]
    """Whose approvals run out too early."""
    is_given: bool
    """Whether any of them is on record; else they are reckoned as given at the moment of asking."""
    until: datetime
    """From when on the first of them counts no longer."""
    begins: Mapping[str, datetime]
    """Bodies that are not reached, by code → when each is foreseen to begin, in the plan's order."""
    ends: datetime
    """The foreseen end of the last of them."""
    from_when: datetime
    """From when on an approval that is given reaches that end: a whole minute."""
    deadline: datetime
    """So long the plan waits for its first approval."""
    suffices_later: bool
    """Whether it is enough to approve once, from then on: nothing has to begin before, and the plan is waited
    for so long. Else it has to be approved again."""
    hours: int | None
    """With such `approval_hours` an approval given at the moment of asking would reach all; None: no number
    that tenants.yaml takes does."""

    @property
    def first(self) -> datetime:
        """When the first body that is not reached is foreseen to begin."""
        return min(self.begins.values())


def ends_before(
    plan: OperationPlan,
    ahead: Forecast,
    given: Mapping[str, datetime],
    now: datetime,
    waiting: Set[str] | None = None,
) -> EndsBefore | None:
    """The approvals that run out before the work is done; None: they reach all of it.

    `given`: subject → until when its approval holds. Others count as given `now`, but for waves', which come
    when the wave before is done. `waiting`: the bodies that it is about; None: all of the plan.
    """
    if not wanted.needs_approval(plan):
        return None
    fresh = later(now, plan.approval_seconds)
    until = dict.fromkeys(wanted.at_first(plan), fresh) | dict(given)
    bodies = [
        body
        for body in plan.bodies
        if body.code in ahead.begun and (waiting is None or body.code in waiting)
    ]
    short = {body.code: early for body in bodies if (early := _early(plan, body, ahead, until))}
    if not short:
        return None
    subjects = tuple(dict.fromkeys(one for early in short.values() for one in early))
    ends = max(_end(body, ahead) for body in bodies if body.code in short)
    from_when = _from_when(ends, plan.approval_seconds)
    is_given = any(one in given for one in subjects)
    first = min(ahead.begun[body.code] for body in bodies)
    deadline = later(plan.planned_at, plan.approval_seconds)
    return EndsBefore(
        subjects,
        is_given,
        min(until[one] for one in subjects),
        {code: ahead.begun[code] for code in short},
        ends,
        from_when,
        deadline,
        not is_given and from_when <= first and from_when < deadline,
        _hours(ends, now),
    )


def _early(
    plan: OperationPlan, body: PlannedBody, ahead: Forecast, until: Mapping[str, datetime]
) -> tuple[str, ...]:
    """What a body needs that has run out by its end."""
    end = _end(body, ahead)
    needed = wanted.before_change(plan, body)
    return tuple(one for one in needed if one in until and until[one] <= end)


def _end(body: PlannedBody, ahead: Forecast) -> datetime:
    return later(ahead.begun[body.code], body.forecast_seconds)


def left_of(
    plan: OperationPlan, state: OperationState, now: datetime
) -> tuple[OperationPlan, datetime]:
    """What is left of an operation, as a plan, and from when on to play it: bodies that wait, and those in hand
    as if they began now; nothing begins before the end of a soak that runs."""
    bodies: list[PlannedBody] = []
    for body in plan.bodies:
        status = state.body(body.code).status
        if status == "waiting":
            bodies.append(body)
        elif status == "running":
            bodies.append(replace(body, calendar=None))
    soaks = (one.soak_until for one in state.waves if one.status == "soaking" and one.soak_until)
    return replace(plan, bodies=tuple(bodies)), max([now, *soaks])


def _from_when(ends: datetime, seconds: int) -> datetime:
    """The first whole minute at which an approval begins to hold beyond a moment."""
    exact = ends - timedelta(seconds=seconds)
    return exact.replace(second=0, microsecond=0) + timedelta(minutes=1)


def _hours(ends: datetime, now: datetime) -> int | None:
    hours = (ends - now) // timedelta(hours=1) + 1
    return hours if hours <= MOST_HOURS else None
