"""What happens in operations that are played with random ends, people and clocks is told."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st
from tests.unit.planning.fleet.made_plans import PLANNED, WEEKEND, body, plan, plans, wave
from tests.unit.planning.fleet.simulator import ENDED, World

from moyai.operations.notices.happenings import Happening, happened
from moyai.planning.fleet.conducting import Decision, decide
from moyai.planning.fleet.plans import OperationPlan
from moyai.planning.fleet.states import BodyState, WaveState, newly_planned
from moyai.registry.operation_settings import Event
from moyai.texts import Text

SEEDS = st.integers(0, 2**32)
DEEDS = st.sampled_from(("pause", "resume", "cancel", "retry", "release", "lapse", "approve"))
MOMENTS = st.integers(0, 10 * 24 * 60).map(lambda minutes: PLANNED + timedelta(minutes=minutes))
SCRIPTS = st.lists(st.tuples(MOMENTS, DEEDS), max_size=10)


@dataclass
class Told(World):
    """Writes down what is told, and what should be."""

    told: list[Happening] = field(default_factory=list)
    waited: dict[str, Text] = field(default_factory=dict)
    held: int = 0
    ended: int = 0

    def look(self) -> Decision:
        before = self.state
        decision = super().look()
        found = happened(self.plan, before, decision, self.now, self.waited)
        anew = happened(self.plan, before, decision, self.now, {})
        assert set(_keys(found)) <= set(_keys(anew))
        self._again()
        self.told += found
        self.waited = dict(decision.waits)
        waves = self.state.waves
        self.held += sum(one.status == "held" != before.wave(one.number).status for one in waves)
        self.ended += self.state.status in ENDED and before.status != self.state.status
        return decision

    def _again(self) -> None:
        """What stands is told by no second look."""
        again = decide(self.plan, self.state, self.now, self._left())
        found = happened(self.plan, self.state, again, self.now, dict(again.waits))
        assert found == ()


@given(plans(), SEEDS, SCRIPTS)
def test_every_held_wave_and_every_end_is_told_once(
    plan: OperationPlan, seed: int, script: list[tuple[datetime, str]]
) -> None:
    world = Told(plan, random.Random(seed), script=list(script))
    world.play()
    counts = Counter(one.event for one in world.told)
    waves = [one for one in world.told if one.facts.get("wave") is not None]
    assert len(waves) == world.held
    assert counts[Event.DONE] == world.ended
    assert world.ended


@given(plans(), SEEDS)
def test_what_has_to_be_approved_is_asked_for_once(plan: OperationPlan, seed: int) -> None:
    world = Told(plan, random.Random(seed))
    world.play()
    asked = Counter(
        subject
        for one in world.told
        if one.event is Event.APPROVAL_WANTED
        for subject in one.facts["subjects"]  # type: ignore[union-attr]
    )
    assert set(asked.values()) <= {1}
    if plan.approval_seconds:
        assert asked["plan"] == 1
    for one in plan.bodies:
        assert asked[f"body:{one.code}"] == one.approves_itself
        for risk in one.risks:
            assert asked[f"{risk}:{one.code}"] == 1


def _waiting(since: datetime | None, now: datetime) -> tuple[Happening, ...]:
    """A body with a window from Saturday 22:00 for six hours, whose wave began then."""
    operation = plan([wave(1)], [body("271004", calendar=WEEKEND)])
    state = replace(
        newly_planned(operation),
        status="running",
        waves=(WaveState(1, "running", since),),
    )
    decision = decide(operation, state, now, 10)
    return happened(operation, state, decision, now, {})


SATURDAY = datetime.fromisoformat("2026-11-28T22:00:00+09:00")


def test_a_window_that_closed_without_a_beginning_is_missed() -> None:
    [one] = _waiting(SATURDAY, SATURDAY + timedelta(hours=7))
    assert (one.event, one.code) == (Event.WINDOW_MISSED, "271004")
    assert one.facts["begins"] == "2026-11-29T13:00:00+00:00"


def test_a_window_with_too_little_time_left_is_missed() -> None:
    [one] = _waiting(SATURDAY, SATURDAY + timedelta(hours=5, minutes=30))
    assert one.event is Event.WINDOW_MISSED


def test_a_window_that_is_still_to_come_is_not_missed() -> None:
    assert _waiting(SATURDAY - timedelta(hours=5), SATURDAY - timedelta(hours=1)) == ()


def test_a_window_before_the_wave_began_is_not_missed() -> None:
    began = SATURDAY + timedelta(hours=6)
    assert _waiting(began, began + timedelta(hours=2)) == ()


def test_a_window_before_the_body_s_retry_is_not_missed() -> None:
    operation = plan([wave(1, tolerance=1)], [body("271004", calendar=WEEKEND)])
    later = SATURDAY + timedelta(hours=6)
    state = replace(
        newly_planned(operation),
        status="running",
        bodies={"271004": BodyState("waiting", 1, later)},
        waves=(WaveState(1, "running", SATURDAY),),
    )
    now = later + timedelta(hours=1)
    assert happened(operation, state, decide(operation, state, now, 10), now, {}) == ()


def _keys(found: tuple[Happening, ...]) -> list[tuple[str, str]]:
    return [(one.event, one.about) for one in found]
