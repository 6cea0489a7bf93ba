"""What happened to an operation that somebody is told of: read off what the conductor decides. Pure.

Ends of bodies are not here: the database tells them itself, whoever writes them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from moyai.json_value import JsonValue
from moyai.planning.fleet import said, wanted
from moyai.planning.fleet.beginning import YEAR, why_closed
from moyai.planning.fleet.conducting import Decision
from moyai.planning.fleet.plans import OperationPlan, PlannedBody
from moyai.planning.fleet.reach_words import reach_reason
from moyai.planning.fleet.reaching import EndsBefore
from moyai.planning.fleet.states import FAILURES, OperationState
from moyai.planning.openings import Calendar, next_opening, openings
from moyai.registry.operation_settings import Event
from moyai.texts import JAPAN, Text, document_of

AHEAD = timedelta(days=1)
"""So long before a body that its approval does not reach approvers are asked anew."""
_ENDS = ("done", "failed", "cancelled", "expired")


@dataclass(frozen=True, slots=True)
class Happening:
    """One thing that happened."""

    event: Event
    about: str
    """What of the operation, and which time: with event and operation the key by which it is told once."""
    code: str | None = None
    facts: Mapping[str, JsonValue] = field(default_factory=dict)
    """What words are made of: `subjects`, `wave`, `reason`, `status`, `codes`, `begins`, `until`."""


def happened(
    plan: OperationPlan,
    state: OperationState,
    decision: Decision,
    now: datetime,
    waited: Mapping[str, Text],
) -> tuple[Happening, ...]:
    """What a decision means that is told. `waited`: why bodies waited at the look before, so that only
    those are looked at of which it changed; {} after a start: the same keys come again."""
    return (
        *_plan_wants_approval(plan, state, decision),
        *_lapsed(plan, state, decision, now),
        *_waves_want_approval(plan, state, decision),
        *_held(plan, state, decision, now),
        *_missed(plan, state, decision, now, waited),
        *_ended(state, decision, now),
    )


def stalled(why: Text, now: datetime) -> Happening:
    """Something of an operation has waited for a while, for a cause that says nothing of its bodies: once a day
    for each cause."""
    cause = hashlib.sha256(why.en.encode()).hexdigest()[:16]
    day = now.astimezone(JAPAN).date()
    return Happening(Event.STALLED, f"{cause}:{day}", facts={"reason": document_of(why)})


def runs_out(
    found: EndsBefore, plan: OperationPlan, clear: Mapping[str, datetime], now: datetime
) -> tuple[Happening, ...]:
    """Approvals that hold now and run out before the work: asked for anew, once for each end, from `AHEAD`
    before the first body that they do not reach. `clear`: until when what is approved is. What has run out
    already is told by `happened`."""
    subjects = tuple(one for one in found.subjects if one in clear)
    if not subjects or now < found.first - AHEAD:
        return ()
    until = min(clear[one] for one in subjects)
    facts: dict[str, JsonValue] = {
        "subjects": subjects,
        "reason": document_of(reach_reason(found, plan)),
        "until": until.isoformat(),
    }
    return (Happening(Event.APPROVAL_WANTED, f"runs-out:{_moment(until)}", facts=facts),)


def _plan_wants_approval(
    plan: OperationPlan, state: OperationState, decision: Decision
) -> Iterator[Happening]:
    """At the first look: the plan, bodies' own slots, risks by name; once, whatever comes after."""
    if state.status != "planned" or decision.status is None or decision.status.status in _ENDS:
        return
    if state.unjudged is not None:
        return  # once somebody can say what is lacking
    subjects = tuple(one for one in wanted.at_first(plan) if one not in state.approved)
    if subjects:
        yield Happening(Event.APPROVAL_WANTED, "planned", facts={"subjects": subjects})


def _lapsed(
    plan: OperationPlan, state: OperationState, decision: Decision, now: datetime
) -> Iterator[Happening]:
    status = decision.status
    if status is not None and status.reason == said.APPROVAL_LAPSED:
        lapsed = (one for one in wanted.of_plan(plan) if one not in state.approved)
        subjects = tuple(lapsed) or wanted.of_plan(plan)
        facts: dict[str, JsonValue] = {"subjects": subjects, "reason": document_of(status.reason)}
        yield Happening(Event.APPROVAL_WANTED, f"lapsed:{_moment(now)}", facts=facts)


def _waves_want_approval(
    plan: OperationPlan, state: OperationState, decision: Decision
) -> Iterator[Happening]:
    names = {wave.number: wave.name for wave in plan.waves}
    for wave in decision.waves:
        awaited = said.wave_approval(names.get(wave.number, ""))
        if wave.reason == awaited and state.wave(wave.number).reason != awaited:
            begun = sum(state.body(one.code).attempts for one in plan.wave_of(wave.number))
            yield Happening(
                Event.APPROVAL_WANTED,
                f"wave-{wave.number}:{begun}",
                facts={"subjects": (f"wave:{wave.number}",)},
            )


def _held(
    plan: OperationPlan, state: OperationState, decision: Decision, now: datetime
) -> Iterator[Happening]:
    """Waves that become held; the operation where it is held for something else."""
    told = False
    for wave in decision.waves:
        if wave.status != "held" or state.wave(wave.number).status == "held":
            continue
        told = True
        bodies = plan.wave_of(wave.number)
        failed = tuple(one.code for one in bodies if state.body(one.code).status in FAILURES)
        facts = {"wave": wave.number, "reason": document_of(wave.reason), "codes": failed}
        yield Happening(Event.WAVE_HELD, f"wave-{wave.number}:{_moment(now)}", facts=facts)
    status = decision.status
    if (
        told
        or status is None
        or status.status != "held"
        or state.status == "held"
        or status.reason == said.APPROVAL_LAPSED
    ):
        return
    failed = tuple(one.code for one in plan.bodies if state.body(one.code).status in FAILURES)
    facts = {"wave": None, "reason": document_of(status.reason), "codes": failed}
    yield Happening(Event.WAVE_HELD, f"operation:{_moment(now)}", facts=facts)


def _missed(
    plan: OperationPlan,
    state: OperationState,
    decision: Decision,
    now: datetime,
    waited: Mapping[str, Text],
) -> Iterator[Happening]:
    """Bodies whose turn it was while they were open, and that wait for their next opening now."""
    changed = {code for code, why in decision.waits.items() if waited.get(code) != why}
    if not changed:
        return
    known: dict[tuple[Calendar, int], datetime | None] = {}
    for body in plan.bodies:
        since = _since(body, state)
        if body.code not in changed or body.calendar is None or since is None:
            continue
        why = decision.waits[body.code]
        begins = _next(body.calendar, body.forecast_seconds, now, known)
        if why == said.NEVER_OPEN:
            yield _missing(body.code, None, why)
        elif (
            begins is not None
            and why == why_closed(body.calendar, begins)
            and any(openings(body.calendar, since, now))
        ):
            yield _missing(body.code, begins, why)


def _since(body: PlannedBody, state: OperationState) -> datetime | None:
    """From when on it could have been begun, as far as its wave and its last attempt go."""
    began = state.wave(body.wave).began_at
    ended = state.body(body.code).ended_at
    return began if began is None or ended is None else max(began, ended)


def _missing(code: str, begins: datetime | None, why: Text) -> Happening:
    moment = None if begins is None else begins.isoformat()
    facts: dict[str, JsonValue] = {"begins": moment, "reason": document_of(why)}
    return Happening(Event.WINDOW_MISSED, f"{code}:{moment or 'never'}", code, facts)


def _next(
    calendar: Calendar,
    forecast_seconds: int,
    now: datetime,
    known: dict[tuple[Calendar, int], datetime | None],
) -> datetime | None:
    """When its next opening begins; None where it is open, or never is."""
    seconds = min(forecast_seconds, YEAR)
    if (calendar, seconds) not in known:
        found = next_opening(calendar, now, timedelta(seconds=seconds))
        later = found is not None and found.begins > now
        known[calendar, seconds] = found.begins if later and found is not None else None
    return known[calendar, seconds]


def _ended(state: OperationState, decision: Decision, now: datetime) -> Iterator[Happening]:
    status = decision.status
    if status is None or status.status not in _ENDS or state.status == status.status:
        return
    begun = sum(body.attempts for body in state.bodies.values())
    facts: dict[str, JsonValue] = {"status": status.status, "reason": document_of(status.reason)}
    yield Happening(Event.DONE, f"{status.status}:{begun}:{_moment(now)}", facts=facts)


def _moment(now: datetime) -> str:
    return now.isoformat(timespec="microseconds")
