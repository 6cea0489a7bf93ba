"""Whatever stands on record, `decide` answers, and has nothing to add to its own answer."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime
from typing import get_args

from hypothesis import given
from hypothesis import strategies as st
from tests.unit.planning.fleet.made_plans import plans
from tests.unit.planning.fleet.simulator import World

from moyai.planning.fleet.conducting import decide
from moyai.planning.fleet.plans import OperationPlan
from moyai.planning.fleet.states import (
    BodyState,
    BodyStatus,
    OperationState,
    OperationStatus,
    Wanted,
    WaveState,
    WaveStatus,
)

MOMENTS = st.datetimes(datetime(2026, 11, 1), datetime(2027, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
CODES = st.sampled_from([f"{at:06}" for at in range(14)])
SUBJECTS = st.sampled_from(["plan", "wave:1", "wave:2", "body:000001", "unverified-restore:000002"])
BODIES = st.builds(
    BodyState,
    st.sampled_from(get_args(BodyStatus)),
    st.integers(0, 3),
    st.none() | MOMENTS,
    st.sampled_from((None, "a", "b")),
    st.none() | MOMENTS,
)
WAVES = st.builds(
    WaveState,
    st.integers(1, 5),
    st.sampled_from(get_args(WaveStatus)),
    st.none() | MOMENTS,
    st.none() | MOMENTS,
    healthy_at=st.none() | MOMENTS,
)
STATES = st.builds(
    OperationState,
    st.sampled_from(get_args(OperationStatus)),
    MOMENTS,
    st.dictionaries(CODES, BODIES),
    st.lists(WAVES, max_size=4, unique_by=lambda wave: wave.number).map(tuple),
    wanted=st.sampled_from(get_args(Wanted)),
    approved=st.frozensets(SUBJECTS),
    busy=st.frozensets(CODES),
    released=st.dictionaries(st.sampled_from(("operation", "wave:1", "wave:2")), MOMENTS),
    health_gates=st.booleans(),
)


@given(plans(), STATES, MOMENTS, st.integers(-1, 20))
def test_any_state_is_answered_and_the_answer_written_leaves_nothing_to_say(
    plan: OperationPlan, state: OperationState, now: datetime, room: int
) -> None:
    decision = decide(plan, state, now, room)
    world = World(plan, random.Random(0))
    world.state = replace(state, bodies={**world.state.bodies, **state.bodies})
    world.write(decision)
    again = decide(plan, world.state, now, room - len(decision.begin))
    assert (again.begin, again.bodies, again.waves, again.status) == ((), (), (), None)
    assert len(decision.begin) <= max(room, 0)
    assert not set(decision.begin) & set(decision.waits)
    assert decision.next_look is None or decision.next_look > now
