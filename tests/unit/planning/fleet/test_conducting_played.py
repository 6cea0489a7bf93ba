"""Whole operations are played with random ends, people and clocks; every look is checked."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st
from tests.unit.planning.fleet.made_plans import PLANNED, plans
from tests.unit.planning.fleet.simulator import World

from moyai.planning.fleet.plans import OperationPlan
from moyai.planning.fleet.states import GOING

SEEDS = st.integers(0, 2**32)
DEEDS = st.sampled_from(
    ("pause", "resume", "retry", "retry", "release", "lapse", "approve", "busy", "free", "back")
)
MINUTES = st.integers(0, 6 * 60) | st.integers(0, 10 * 24 * 60)
MOMENTS = MINUTES.map(lambda minutes: PLANNED + timedelta(minutes=minutes))
SCRIPTS = st.lists(st.tuples(MOMENTS, DEEDS), max_size=14)


@given(plans(), SEEDS, SCRIPTS, st.booleans())
def test_whatever_happens_every_rule_holds_and_the_operation_ends(
    plan: OperationPlan, seed: int, script: list[tuple[datetime, str]], gates: bool
) -> None:
    world = World(plan, random.Random(seed), script=list(script))
    world.state = replace(world.state, health_gates=gates)
    world.play()
    assert all(body.status not in GOING for body in world.state.bodies.values())


@given(plans(), SEEDS, st.integers(1, 3))
def test_where_all_goes_well_every_body_is_begun_once_and_is_done(
    plan: OperationPlan, seed: int, room: int
) -> None:
    world = World(plan, random.Random(seed), room=room, outcomes=(("done", 1),))
    world.act("approve")
    world.play()
    assert world.state.status == "done"
    assert sorted(code for _, code in world.begun) == sorted(world.state.bodies)
    waves = [plan.body(code).wave for _, code in world.begun]
    assert waves == sorted(waves)
    assert {wave.status for wave in world.state.waves} == {"done"}


@given(plans(), SEEDS, MOMENTS)
def test_a_cancelled_operation_begins_nothing_more_and_ends_with_what_runs(
    plan: OperationPlan, seed: int, moment: datetime
) -> None:
    world = World(plan, random.Random(seed), script=[(moment, "cancel")])
    world.act("approve")
    world.play()
    assert world.state.status in ("done", "failed", "cancelled")
    assert all(begun <= moment for begun, _ in world.begun)


@given(plans(), SEEDS)
def test_a_plan_that_nobody_approves_expires_and_nothing_of_it_ever_ran(
    plan: OperationPlan, seed: int
) -> None:
    world = World(replace(plan, approval_seconds=3600), random.Random(seed))
    world.play()
    assert world.state.status == "expired"
    assert not world.begun
    assert world.now == plan.planned_at + timedelta(hours=1)
