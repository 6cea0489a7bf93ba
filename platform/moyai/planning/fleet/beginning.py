"""Which bodies of the current wave may begin now, and why the others do not. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from moyai.planning.fleet import said, wanted
from moyai.planning.fleet.plans import Limits, PlannedBody
from moyai.planning.fleet.states import OperationState
from moyai.planning.fleet.tallies import Tally
from moyai.planning.fleet.wave_steps import later
from moyai.planning.openings import Calendar, Opening, is_open, next_opening
from moyai.texts import Text

MONTH = 30 * 86_400
YEAR = 366 * 86_400
"""A longer forecast is longer than any opening."""


@dataclass(slots=True)
class Beginnings:
    """What was found of the current wave."""

    begin: list[str] = field(default_factory=list)
    waits: dict[str, Text] = field(default_factory=dict)
    looks: list[datetime] = field(default_factory=list)
    """Moments at which a body that waits may be begun."""


def beginnings(
    state: OperationState,
    now: datetime,
    bodies: tuple[PlannedBody, ...],
    places: tuple[int, Text],
) -> Beginnings:
    """Go through the waiting bodies of a wave in the plan's order; `places`: how many may begin,
    and what the others wait for."""
    found = Beginnings()
    known: dict[tuple[Calendar, int], Opening | None] = {}
    left, why = places
    for body in bodies:
        if state.body(body.code).status != "waiting":
            continue
        if left <= 0:
            found.waits[body.code] = why
            continue
        reason, at = _hindrance(state, now, body, known)
        if reason is None:
            found.begin.append(body.code)
            left -= 1
            continue
        found.waits[body.code] = reason
        if at is not None:
            found.looks.append(at)
    return found


def places(state: OperationState, limits: Limits, tally: Tally, room: int) -> tuple[int, Text]:
    """How many bodies of a wave may begin now, and what the others wait for. Bodies of other waves
    that run count as running too; a strict wave never has more at once than may fail, and one."""
    running = sum(body.status == "running" for body in state.bodies.values())
    allowed = limits.max_concurrent - running
    if limits.mode == "strict":
        allowed = min(allowed, limits.tolerance + 1 - tally.failures - tally.running)
    return (room, said.MEMORY) if room < allowed else (allowed, said.TURN)


def _hindrance(
    state: OperationState,
    now: datetime,
    body: PlannedBody,
    known: dict[tuple[Calendar, int], Opening | None],
) -> tuple[Text | None, datetime | None]:
    """Why a body cannot begin now, and from when on it could for that reason."""
    entry = state.body(body.code)
    if entry.may_begin_at is not None and entry.may_begin_at > now:
        return said.not_before(entry.may_begin_at), entry.may_begin_at
    if body.code in state.busy:
        return said.BUSY, None
    subject = wanted.lacking(wanted.of_body(body), state.approved)
    if subject is not None:
        return wanted.why_body(subject), None
    if body.code in state.refuses:
        return state.refuses[body.code], None
    return _closed(now, body, known)


def still_open(body: PlannedBody, since: datetime, now: datetime) -> Text | None:
    """Why a body that was taken in hand at `since`, and of which nothing has been changed yet, may not be
    changed now by its calendar; None: it may.

    What it needs is reckoned from when it was taken in hand, as looks at it are part of its forecast; at
    most half of that may have passed by now. `NEVER_OPEN` where it has no opening to come.
    """
    half = timedelta(seconds=min(body.forecast_seconds, YEAR) / 2)
    reason, _ = _closed(min(max(since, now - half), now), body, {})
    if reason is None and body.calendar is not None and not is_open(body.calendar, now):
        reason, _ = _closed(now, body, {})
    return reason


def _closed(
    now: datetime, body: PlannedBody, known: dict[tuple[Calendar, int], Opening | None]
) -> tuple[Text | None, datetime | None]:
    if body.calendar is None:
        return None, None
    seconds = min(body.forecast_seconds, YEAR)
    key = (body.calendar, seconds)
    if key not in known:
        known[key] = next_opening(body.calendar, now, timedelta(seconds=seconds))
    opening = known[key]
    if opening is None:
        return said.NEVER_OPEN, later(now, MONTH)
    if opening.begins > now:
        return why_closed(body.calendar, opening.begins), opening.begins
    return None, None


def why_closed(calendar: Calendar, begins: datetime) -> Text:
    """Why a body waits for its opening that begins then."""
    return said.thaws_at(begins) if calendar.is_any_time else said.opens_at(begins)
