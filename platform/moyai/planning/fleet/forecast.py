"""When an operation will end, and whose opening it misses: the plan, played with `decide`. Pure.

It is played as if every approval were given, every body ended well after its forecast, there were
workers and memory for all, and no other operation were in the way.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import islice

from moyai.planning.fleet import wanted
from moyai.planning.fleet.beginning import YEAR
from moyai.planning.fleet.conducting import Decision, decide
from moyai.planning.fleet.plans import OperationPlan, PlannedBody
from moyai.planning.fleet.states import BodyState, newly_planned
from moyai.planning.fleet.wave_steps import later
from moyai.planning.openings import Calendar, Opening, next_opening

_ROOM = 1_000_000
"""More bodies at once than any operation has."""


@dataclass(frozen=True, slots=True)
class WaveForecast:
    """One wave."""

    number: int
    begins: datetime
    """Its first body's beginning."""
    ends: datetime
    """Its last body's end, without soak."""


@dataclass(frozen=True, slots=True)
class Missed:
    """A body that is not begun in the first opening that is long enough for it."""

    code: str
    runs_at: datetime | None
    """When it would be begun instead; None: beyond what was played."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """How an operation would go."""

    begins: datetime
    """Of the first body."""
    ends: datetime
    """Of the last body's work and of all soaks, as far as it was played."""
    waves: tuple[WaveForecast, ...]
    """Those of which something was begun."""
    begun: Mapping[str, datetime]
    """Code → when it would be begun."""
    fits: bool
    """Whether it ends and no body misses its first opening."""
    misses: tuple[Missed, ...]
    frozen: Mapping[str, datetime] = field(default_factory=dict)
    """Of bodies that wait for no window, and for a freeze: code → when that ends."""


def forecast(plan: OperationPlan, start: datetime) -> Forecast:
    """Play a plan from a moment on. Bounded: no more looks than each body's beginning, end and one opening
    need, and each wave's."""
    play = _Play(plan, start)
    play.run()
    misses = _misses(plan, start, play.begun)
    moments = play.begun.values()
    return Forecast(
        min(moments, default=start),
        max([play.now, *play.ends.values()]),
        _waves(plan, play),
        dict(play.begun),
        play.state.status == "done" and not misses,
        misses,
        _frozen(plan, start),
    )


class _Play:
    """A plan as it goes. `decide` is asked of few bodies in the place of all, as it would say the same of them:
    those that run, of those that ended the last of each wave, and of those that wait and have calendar and
    forecast in common no more than may begin at once."""

    def __init__(self, plan: OperationPlan, start: datetime) -> None:
        self.plan, self.now = plan, start
        self.state = replace(newly_planned(plan), planned_at=start, approved=_approved(plan))
        self.begun: dict[str, datetime] = {}
        self.ends: dict[str, datetime] = {}
        self.running: dict[str, datetime] = {}
        self.places = {body.code: at for at, body in enumerate(plan.bodies)}
        self.most = {wave.number: wave.limits.max_concurrent for wave in plan.waves}
        self.waiting: dict[_Alike, dict[str, PlannedBody]] = {}
        for body in plan.bodies:
            self.waiting.setdefault(_alike(body), {})[body.code] = body
        self.last: dict[int, PlannedBody] = {}

    def run(self) -> None:
        for _ in range(8 * len(self.plan.bodies) + 4 * len(self.plan.waves) + 4):
            plan = self._few()
            decision = decide(plan, self.state, self.now, _ROOM)
            self._write(decision)
            moments = [*self.running.values()]
            if decision.next_look is not None:
                moments.append(decision.next_look)
            if not moments or self.state.status == "done":
                return
            self.now = min(moments)
            self._end()

    def _few(self) -> OperationPlan:
        """The plan with the bodies that decide, in its order; the state with theirs."""
        bodies = [self.plan.bodies[self.places[code]] for code in self.running]
        bodies += self.last.values()
        for (wave, _, _), alike in self.waiting.items():
            bodies += islice(alike.values(), max(self.most.get(wave, 1), 1))
        bodies.sort(key=lambda body: self.places[body.code])
        states = {code: BodyState("running", 1) for code in self.running}
        for last in self.last.values():
            states[last.code] = BodyState("done", 1, self.ends[last.code])
        self.state = replace(self.state, bodies=states)  # what has no entry waits
        return replace(self.plan, bodies=tuple(bodies))

    def _write(self, decision: Decision) -> None:
        for code in decision.begin:
            body = self.plan.bodies[self.places[code]]
            alike = _alike(body)
            del self.waiting[alike][code]
            if not self.waiting[alike]:
                del self.waiting[alike]
            self.begun[code] = self.now
            self.running[code] = later(self.now, body.forecast_seconds)
        waves = {wave.number: wave for wave in (*self.state.waves, *decision.waves)}
        status = decision.status.status if decision.status else self.state.status
        self.state = replace(self.state, waves=tuple(waves.values()), status=status)

    def _end(self) -> None:
        for code in [code for code, end in self.running.items() if end <= self.now]:
            self.ends[code] = self.running.pop(code)
            body = self.plan.bodies[self.places[code]]
            last = self.last.get(body.wave)
            if last is None or self.ends[code] >= self.ends[last.code]:
                self.last[body.wave] = body


_Alike = tuple[int, Calendar | None, int]
"""Wave, calendar, seconds: bodies that have them in common begin one after another, in the plan's order."""


def _alike(body: PlannedBody) -> _Alike:
    return body.wave, body.calendar, body.forecast_seconds


def _approved(plan: OperationPlan) -> frozenset[str]:
    """As if all had been approved that it wants."""
    waves = (one for wave in plan.waves for one in wanted.of_wave(wave))
    return frozenset((*wanted.at_first(plan), *waves))


def _misses(plan: OperationPlan, start: datetime, begun: dict[str, datetime]) -> tuple[Missed, ...]:
    found: list[Missed] = []
    for body, first in _first_openings(plan, start):
        at = begun.get(body.code)
        if at is None or (body.calendar is not None and (first is None or at >= first.ends)):
            found.append(Missed(body.code, at))
    return tuple(found)


def _frozen(plan: OperationPlan, start: datetime) -> dict[str, datetime]:
    return {
        body.code: first.begins
        for body, first in _first_openings(plan, start)
        if body.calendar is not None
        and body.calendar.is_any_time
        and first is not None
        and first.begins > start
    }


def _first_openings(
    plan: OperationPlan, start: datetime
) -> Iterator[tuple[PlannedBody, Opening | None]]:
    """Each body with the first opening that is long enough for it; None: there is none, or it has no
    calendar. Looked for once for all bodies of the same."""
    known: dict[tuple[Calendar, int], Opening | None] = {}
    for body in plan.bodies:
        if body.calendar is None:
            yield body, None
            continue
        key = (body.calendar, min(body.forecast_seconds, YEAR))
        if key not in known:
            known[key] = next_opening(body.calendar, start, timedelta(seconds=key[1]))
        yield body, known[key]


def _waves(plan: OperationPlan, play: _Play) -> tuple[WaveForecast, ...]:
    found: list[WaveForecast] = []
    for wave in plan.waves:
        codes = [body.code for body in plan.wave_of(wave.number) if body.code in play.begun]
        if codes:
            begins = min(play.begun[code] for code in codes)
            ends = max(play.ends.get(code, play.running.get(code, begins)) for code in codes)
            found.append(WaveForecast(wave.number, begins, ends))
    return tuple(found)
