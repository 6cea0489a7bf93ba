"""A small world in which operations are played: bodies that end somehow, people, a clock. Pure.

Every look asserts what must hold of any decision; `World.play` goes on to the operation's end.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from moyai.planning.fleet.conducting import Decision, decide
from moyai.planning.fleet.plans import OperationPlan
from moyai.planning.fleet.states import (
    FAILURES,
    GOING,
    BodyState,
    BodyStatus,
    OperationState,
    Wanted,
    newly_planned,
)
from moyai.planning.fleet.tallies import tally
from moyai.planning.openings import Calendar
from moyai.texts import JAPAN

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
HOLIDAYS = (date(2026, 11, 3), date(2026, 11, 23))
"""Those of autumn 2026 from November on."""
ENDED = ("done", "failed", "cancelled", "expired")
_WANTED: Mapping[str, Wanted] = {"pause": "pause", "resume": "run", "cancel": "cancel"}
OUTCOMES: tuple[tuple[BodyStatus, int], ...] = (
    ("done", 6),
    ("failed", 3),
    ("held", 1),
    ("skipped", 1),
    ("moved", 1),
)


def is_open(calendar: Calendar, moment: datetime) -> bool:
    """Whether a moment is in a window and on no frozen day, reckoned anew from the two."""
    local = moment.astimezone(JAPAN)
    if any(freeze.first <= local.date() <= freeze.last for freeze in calendar.freezes):
        return False
    for back in (0, 1):
        day = local.date() - timedelta(days=back)
        begins = datetime.combine(day, calendar.window.start, JAPAN)
        hours = timedelta(hours=calendar.window.hours)
        days = calendar.window.days
        is_day = DAYS[day.weekday()] in days or ("holiday" in days and day in HOLIDAYS)
        if is_day and begins <= local < begins + hours:
            return True
    return False


def fits(calendar: Calendar, moment: datetime, seconds: int) -> bool:
    """Whether it stays open from a moment for so many seconds; too long for any window: whether it
    is open. Windows of these tests do not touch."""
    if seconds > calendar.window.hours * 3600:
        return is_open(calendar, moment)
    return all(
        is_open(calendar, moment + timedelta(seconds=at))
        for at in [*range(0, seconds, 600), max(seconds - 1, 0)]
    )


@dataclass
class World:
    """One operation as it goes."""

    plan: OperationPlan
    dice: random.Random
    room: int = 10**6
    script: list[tuple[datetime, str]] = field(default_factory=list)
    """What people and others do, and when: `pause`, `resume`, `cancel`, `retry`, `release`, `lapse`,
    `approve`, `busy`, `free`, `back` (the clock is set back)."""
    outcomes: tuple[tuple[BodyStatus, int], ...] = OUTCOMES
    now: datetime = field(init=False)
    state: OperationState = field(init=False)
    ends: dict[str, tuple[datetime, BodyStatus, str | None]] = field(init=False)
    begun: list[tuple[datetime, str]] = field(init=False)
    looks: int = 0

    def __post_init__(self) -> None:
        self.now = self.plan.planned_at
        self.state = newly_planned(self.plan)
        self.ends = {}
        self.begun = []
        self.script.sort()

    def play(self, most: int = 4000) -> None:
        """Go on until the operation has ended; where only a person helps, that person does."""
        while not self._is_over():
            assert self.looks < most, self.state
            decision = self.look()
            if not self._advance(decision):
                self.help_on(decision)

    def _is_over(self) -> bool:
        going = any(body.status in GOING for body in self.state.bodies.values())
        return self.state.status in ENDED and not going and not self.script

    def look(self) -> Decision:
        """Decide, check, write, and check that nothing new comes of it."""
        self.looks += 1
        decision = decide(self.plan, self.state, self.now, self._left())
        before = self.state
        self.write(decision)
        self._check(before, decision)
        self._check_quiet(self.now)
        return decision

    def _left(self) -> int:
        return self.room - len(self.ends)

    def _check_quiet(self, moment: datetime) -> None:
        again = decide(self.plan, self.state, moment, self._left())
        new = (again.begin, again.bodies, again.waves, again.status)
        assert new == ((), (), (), None)

    def _check(self, before: OperationState, decision: Decision) -> None:
        plan, state = self.plan, self.state
        for code in decision.begin:
            body = plan.body(code)
            assert before.body(code).status == "waiting"
            assert code not in before.busy
            assert body.calendar is None or fits(body.calendar, self.now, body.forecast_seconds)
            assert not body.approves_itself or f"body:{code}" in before.approved
            assert all(f"{risk}:{code}" in before.approved for risk in body.risks)
            assert before.wanted == "run"
            assert not plan.approval_seconds or "plan" in before.approved
            for wave in plan.waves:
                if wave.number < body.wave:
                    assert state.wave(wave.number).status == "done"
                    assert all(
                        state.body(one.code).status not in GOING
                        for one in plan.wave_of(wave.number)
                    )
                elif wave.number == body.wave:
                    assert not wave.needs_approval or f"wave:{wave.number}" in before.approved
        self._check_limits(decision)
        if decision.waits:
            [wave_number] = {plan.body(code).wave for code in decision.waits}
            assert set(decision.waits) == {
                body.code
                for body in plan.wave_of(wave_number)
                if state.body(body.code).status == "waiting"
            }

    def _check_limits(self, decision: Decision) -> None:
        assert self._left() >= 0
        for wave in self.plan.waves:
            codes = [body.code for body in self.plan.wave_of(wave.number)]
            found = tally(self.state, wave.number, codes)
            assert found.running <= wave.limits.max_concurrent
            if set(codes) & set(decision.begin):
                assert len(self.ends) <= wave.limits.max_concurrent
                assert found.failures <= wave.limits.tolerance
            more = 1 if wave.limits.mode == "strict" else wave.limits.max_concurrent
            assert found.failures <= wave.limits.tolerance + more

    def write(self, decision: Decision) -> None:
        """Put a decision on record, and throw the dice for the bodies that begin."""
        bodies = dict(self.state.bodies)
        for code in decision.begin:
            bodies[code] = BodyState("running", bodies[code].attempts + 1)
            seconds = round(self.plan.body(code).forecast_seconds * self.dice.uniform(0, 2))
            [(status, _)] = self.dice.choices(
                self.outcomes, [weight for _, weight in self.outcomes]
            )
            error = self.dice.choice(("a", "b", None)) if status in FAILURES else None
            self.ends[code] = (self.now + timedelta(seconds=seconds), status, error)
            self.begun.append((self.now, code))
        for change in decision.bodies:
            bodies[change.code] = replace(bodies[change.code], status=change.status)
        waves = {wave.number: wave for wave in self.state.waves}
        waves.update({wave.number: wave for wave in decision.waves})
        self.state = replace(self.state, bodies=bodies, waves=tuple(waves.values()))
        if decision.status is not None:
            self.state = replace(
                self.state,
                status=decision.status.status,
                status_reason=decision.status.reason,
            )

    def _advance(self, decision: Decision) -> bool:
        """To the next moment at which something happens; False where nothing will by itself."""
        moments = [end for end, _, _ in self.ends.values()]
        moments += [moment for moment, _ in self.script[:1]]
        if decision.next_look is not None:
            assert decision.next_look > self.now
            moments.append(decision.next_look)
        if not moments:
            return False
        to = max(self.now, min(moments))
        between = self.now + (to - self.now) * self.dice.random()
        if between < to:
            self._check_quiet(between)
        self.now = to
        self._end_bodies()
        while self.script and self.script[0][0] <= self.now:
            self.act(self.script.pop(0)[1])
        return True

    def _end_bodies(self) -> None:
        bodies = dict(self.state.bodies)
        for code, (end, status, error) in list(self.ends.items()):
            if end <= self.now:
                del self.ends[code]
                bodies[code] = BodyState(status, bodies[code].attempts, self.now, error)
        self.state = replace(self.state, bodies=bodies)

    def act(self, deed: str) -> None:
        """A person, or another operation, does something."""
        state = self.state
        wanted = _WANTED.get(deed)
        if wanted is not None:
            self.state = state if state.wanted == "cancel" else replace(state, wanted=wanted)
        elif deed == "retry":
            self._retry()
        elif deed == "release":
            released = {f"wave:{wave.number}": self.now for wave in self.plan.waves}
            self.state = replace(state, released={**released, "operation": self.now})
        elif deed == "lapse":
            self.state = replace(state, approved=frozenset())
        elif deed == "approve":
            self.state = replace(state, approved=self._all_subjects())
        elif deed == "busy":
            self.state = replace(state, busy=frozenset(list(state.bodies)[::2]))
        elif deed == "free":
            self.state = replace(state, busy=frozenset())
        else:
            assert deed == "back"
            self.now -= timedelta(minutes=self.dice.randrange(90))

    def help_on(self, decision: Decision) -> None:
        """Only a person, another operation or memory can change anything: it says so, and they do."""
        assert decision.waits or decision.health_of or self.state.status_reason, self.state
        self.state = replace(self.state, approved=self._all_subjects(), busy=frozenset())
        if self.state.wanted == "pause":
            self.act("resume")
        if decision.health_of:
            waves = tuple(
                replace(wave, healthy_at=self.now) if wave.number in decision.health_of else wave
                for wave in self.state.waves
            )
            self.state = replace(self.state, waves=waves)
        elif self.state.status == "held":
            self.act("release")

    def _retry(self) -> None:
        if self.state.status in ("cancelled", "expired"):
            return
        bodies = {
            code: replace(body, status="waiting", may_begin_at=self.now + timedelta(minutes=5))
            if body.status not in (*GOING, "done") and self.dice.random() < 0.7
            else body
            for code, body in self.state.bodies.items()
        }
        self.state = replace(self.state, bodies=bodies)

    def _all_subjects(self) -> frozenset[str]:
        subjects = {"plan", *(f"wave:{wave.number}" for wave in self.plan.waves)}
        for body in self.plan.bodies:
            subjects |= {f"body:{body.code}", *(f"{risk}:{body.code}" for risk in body.risks)}
        return frozenset(subjects)
