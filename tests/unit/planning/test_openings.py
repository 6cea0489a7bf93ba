"""When a body may be worked on, against a reckoning quarter by quarter of an hour."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.planning.fleet.simulator import is_open as is_open_by_itself

from moyai.planning.openings import ALWAYS, Calendar, Opening, is_open, next_opening, openings
from moyai.registry.maintenance import Freeze, MaintenanceWindow
from moyai.texts import JAPAN

START = datetime(2026, 11, 20, tzinfo=UTC)
"""A Friday; the Monday after it is a holiday."""
QUARTER = timedelta(minutes=15)
MOMENTS = st.integers(0, 96 * 4).map(lambda at: START + at * QUARTER)
DAYS = st.integers(16, 36).map(lambda at: date(2026, 11, 1) + timedelta(days=at))
FREEZES = st.lists(st.builds(Freeze, DAYS, DAYS, st.just("選挙")), max_size=3).map(tuple)
CALENDARS = st.builds(
    Calendar,
    st.builds(
        MaintenanceWindow,
        st.sets(
            st.sampled_from(("mon", "tue", "wed", "thu", "fri", "sat", "sun", "holiday")),
            min_size=1,
        ).map(tuple),
        st.integers(0, 95).map(lambda at: time(at // 4, at % 4 * 15)),
        st.integers(1, 24) | st.just(24),
    ),
    FREEZES,
) | st.builds(Calendar, st.just(ALWAYS), FREEZES)


@given(CALENDARS, MOMENTS, st.integers(1, 96 * 3))
def test_openings_are_apart_and_hold_exactly_the_open_moments(
    calendar: Calendar, since: datetime, quarters: int
) -> None:
    until = since + quarters * QUARTER
    found = list(openings(calendar, since, until))
    for before, after in pairwise(found):
        assert before.ends < after.begins
    for at in range(quarters):
        moment = since + at * QUARTER
        expected = is_open_by_itself(calendar, moment)
        assert any(one.begins <= moment < one.ends for one in found) is expected
        assert is_open(calendar, moment) is expected


@settings(max_examples=400)
@given(CALENDARS, MOMENTS, st.integers(0, 80 * 4), st.integers(1, 96 * 9))
def test_the_next_opening_is_the_first_that_is_long_enough_or_else_of_the_longest(
    calendar: Calendar, since: datetime, needed: int, ahead: int
) -> None:
    needs, horizon = needed * QUARTER, ahead * QUARTER
    start = since - timedelta(days=31)
    spans = [one for one in openings(calendar, start, since + horizon) if one.ends > since]
    longest = max((one.ends - one.begins for one in spans), default=needs)
    long_enough = [one for one in spans if one.ends - max(one.begins, since) >= needs]
    in_time = [
        one
        for one in spans
        if one.ends - one.begins == longest and one.begins + longest / 2 > since
    ]
    assert next_opening(calendar, since, needs, horizon) == [*long_enough, *in_time, None][0]


def test_a_body_that_no_window_is_long_enough_for_begins_in_the_first_half_of_one() -> None:
    nightly = Calendar(MaintenanceWindow(("sat",), time(22), 4), ())
    opens = datetime(2026, 11, 28, 13, tzinfo=UTC)
    needs = timedelta(hours=9)
    this = Opening(opens, opens + timedelta(hours=4))
    assert next_opening(nightly, opens + timedelta(hours=1), needs) == this
    late = next_opening(nightly, opens + timedelta(hours=2), needs)
    assert late is not None
    assert late.begins == opens + timedelta(days=7)


def test_a_freeze_without_an_end_in_sight_leaves_no_opening() -> None:
    frozen = (Freeze(date(2020, 1, 1), date(2040, 1, 1), "統合"),)
    calendar = Calendar(MaintenanceWindow(("sat",), time(22), 4), frozen)
    assert next_opening(calendar, START, timedelta(0)) is None


def test_a_window_of_holidays_opens_on_them_and_on_what_comes_in_their_place() -> None:
    calendar = Calendar(MaintenanceWindow(("holiday",), time(9), 3), ())
    span = (datetime(2026, 4, 30, tzinfo=UTC), datetime(2026, 5, 31, tzinfo=UTC))
    days = [one.begins.astimezone(JAPAN).date() for one in openings(calendar, *span)]
    assert days == [
        date(2026, 5, day) for day in (3, 4, 5, 6)
    ]  # the 6th in place of Sunday, the 3rd
    span = (datetime(2026, 9, 1, tzinfo=UTC), datetime(2026, 9, 30, tzinfo=UTC))
    days = [one.begins.astimezone(JAPAN).date() for one in openings(calendar, *span)]
    assert days == [date(2026, 9, day) for day in (21, 22, 23)]  # the 22nd lies between two


def test_a_frozen_holiday_is_no_opening() -> None:
    frozen = (Freeze(date(2026, 11, 23), date(2026, 11, 23), "選挙"),)
    calendar = Calendar(MaintenanceWindow(("holiday",), time(9), 3), frozen)
    found = next_opening(calendar, START, timedelta(hours=1))
    assert found is not None
    assert found.begins == datetime(2027, 1, 1, tzinfo=UTC)
