"""Approvals that run out before the work: approvers are asked anew, in time, once for each end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from tests.unit.planning.fleet.made_plans import HOUR, PLANNED, WEEKEND, body, plan, wave

from moyai.operations.durable.conducting.lapsing import Lapsing
from moyai.operations.notices.happenings import Happening
from moyai.planning.fleet.states import BodyState, OperationState, newly_planned
from moyai.registry.operation_settings import Event

PLAN = replace(
    plan([wave(1)], [body("a", calendar=WEEKEND), body("b", calendar=WEEKEND)]),
    approval_seconds=72 * HOUR,
)
WINDOW = PLANNED + timedelta(hours=60)
"""When the weekend's window opens."""
EARLY = WINDOW - timedelta(hours=1)


def state(**bodies: BodyState) -> OperationState:
    found = newly_planned(PLAN)
    return replace(found, status="running", bodies={**found.bodies, **bodies})


def asked(
    lapsing: Lapsing, now: datetime, until: Mapping[str, datetime], as_it_is: OperationState
) -> tuple[Happening, ...]:
    return lapsing.look("20261126-1", PLAN, as_it_is, until, now)


def test_approvers_are_asked_a_day_before_the_first_body_that_is_not_reached() -> None:
    given, day = {"plan": EARLY}, timedelta(days=1)
    before = WINDOW - day - timedelta(minutes=1)
    assert asked(Lapsing(), before, given, state()) == ()
    (told,) = asked(Lapsing(), WINDOW - day, given, state())
    assert (told.event, told.facts["subjects"]) == (Event.APPROVAL_WANTED, ("plan",))
    (later,) = asked(Lapsing(), WINDOW - day + timedelta(hours=1), given, state())
    assert later.about == told.about, "the same end is told once"
    (other,) = asked(Lapsing(), WINDOW - day, {"plan": EARLY + timedelta(minutes=1)}, state())
    assert other.about != told.about


@pytest.mark.parametrize(
    ("until", "as_it_is"),
    [
        ({"plan": WINDOW + timedelta(hours=3)}, state()),
        ({}, state()),
        ({"plan": EARLY}, state(a=BodyState("done"), b=BodyState("running", 1))),
        ({"plan": EARLY}, replace(state(), wanted="cancel")),
    ],
    ids=("it reaches", "nothing is approved", "nothing waits", "it is being cancelled"),
)
def test_nobody_is_asked_where_nothing_would_be_left_out(
    until: Mapping[str, datetime], as_it_is: OperationState
) -> None:
    assert asked(Lapsing(), WINDOW - timedelta(hours=2), until, as_it_is) == ()


def test_a_large_plan_is_not_played_at_each_look_but_after_a_new_approval() -> None:
    lapsing, now = Lapsing(), WINDOW - timedelta(hours=2)
    assert asked(lapsing, now, {"plan": EARLY}, state())
    assert asked(lapsing, now, {"plan": EARLY}, state()) == ()
    assert asked(lapsing, now, {"plan": EARLY + timedelta(minutes=1)}, state())
    lapsing.forget("20261126-1")
    assert asked(lapsing, now, {"plan": EARLY + timedelta(minutes=1)}, state()), "rolled back"
