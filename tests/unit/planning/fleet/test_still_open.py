"""Whether a body that was begun may still be changed: never outside its openings, never far beyond one."""

from __future__ import annotations

from datetime import datetime, timedelta

from hypothesis import assume, given
from hypothesis import strategies as st
from tests.unit.planning.test_openings import CALENDARS, MOMENTS, QUARTER

from moyai.planning.fleet.beginning import beginnings, still_open
from moyai.planning.fleet.plans import PlannedBody
from moyai.planning.fleet.said import TURN
from moyai.planning.fleet.states import OperationState
from moyai.planning.openings import Calendar, is_open

SECONDS = st.integers(0, 12 * 3600)


def _body(calendar: Calendar | None, seconds: int) -> PlannedBody:
    return PlannedBody("271004", "大阪市", 1, "", (), seconds, calendar)


def _begins(body: PlannedBody, now: datetime) -> bool:
    state = OperationState("running", now, {})
    return bool(beginnings(state, now, (body,), (1, TURN)).begin)


@given(CALENDARS, MOMENTS, SECONDS)
def test_at_once_it_may_be_changed_exactly_where_it_would_be_begun(
    calendar: Calendar, now: datetime, seconds: int
) -> None:
    body = _body(calendar, seconds)
    assert (still_open(body, now, now) is None) is _begins(body, now)


@given(CALENDARS, MOMENTS, SECONDS, st.integers(0, 96 * 7))
def test_later_it_may_only_while_it_is_open_and_by_half_of_its_forecast(
    calendar: Calendar, since: datetime, seconds: int, quarters: int
) -> None:
    body, now = _body(calendar, seconds), since + quarters * QUARTER
    if still_open(body, since, now) is None:
        assert is_open(calendar, now)
        assert _begins(body, max(since, now - timedelta(seconds=seconds / 2)))


@given(CALENDARS, MOMENTS, SECONDS, st.floats(0, 0.5))
def test_a_look_that_takes_part_of_the_forecast_does_not_cost_the_opening(
    calendar: Calendar, since: datetime, seconds: int, part: float
) -> None:
    body, now = _body(calendar, seconds), since + timedelta(seconds=seconds * part)
    assume(_begins(body, since) and is_open(calendar, now))
    assert still_open(body, since, now) is None


@given(MOMENTS, SECONDS)
def test_without_a_calendar_it_always_may(now: datetime, seconds: int) -> None:
    assert still_open(_body(None, seconds), now, now + timedelta(days=3)) is None
