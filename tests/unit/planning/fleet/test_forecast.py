"""When an operation will end, and whom it misses."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st
from tests.unit.planning.fleet.made_plans import HOUR, PLANNED, WEEKEND, body, plan, plans, wave
from tests.unit.planning.fleet.simulator import fits

from moyai.planning.fleet.forecast import Missed, WaveForecast, _Play, forecast
from moyai.planning.fleet.plans import OperationPlan
from moyai.planning.fleet.states import BodyState
from moyai.planning.openings import ALWAYS, Calendar
from moyai.registry.maintenance import Freeze

SATURDAY = datetime(2026, 11, 28, 13, tzinfo=UTC)
"""22:00 in Japan, when the weekend's window opens."""


def test_waves_follow_each_other_with_their_soak() -> None:
    one = plan(
        [wave(1, soak=HOUR), wave(2)],
        [body("a"), body("b", 2), body("c", 2), body("d", 2)],
    )
    found = forecast(one, PLANNED)
    hours = [PLANNED + timedelta(hours=at) for at in range(5)]
    assert found.waves == (
        WaveForecast(1, hours[0], hours[1]),
        WaveForecast(2, hours[2], hours[4]),
    )
    assert (found.begins, found.ends, found.fits) == (hours[0], hours[4], True)


def test_bodies_for_which_a_night_is_too_short_run_in_the_next_and_are_named() -> None:
    one = plan([wave(1, most=1)], [body(f"{at}", calendar=WEEKEND) for at in range(8)])
    found = forecast(one, PLANNED)
    sunday = SATURDAY + timedelta(days=1)
    assert not found.fits
    assert found.misses == (
        Missed("6", sunday),
        Missed("7", sunday + timedelta(hours=1)),
    )
    assert found.ends == sunday + timedelta(hours=2)


def test_a_body_that_is_never_open_is_a_miss_and_the_others_are_forecast() -> None:
    frozen = replace(WEEKEND, freezes=(Freeze(date(2020, 1, 1), date(2040, 1, 1), "統合"),))
    one = plan([wave(1)], [body("a", calendar=frozen), body("b", calendar=WEEKEND)])
    found = forecast(one, PLANNED)
    assert found.misses == (Missed("a", None),)
    assert found.begun == {"b": SATURDAY}


@given(plans())
def test_every_body_is_foreseen_within_an_opening_and_waves_in_order(plan_: OperationPlan) -> None:
    found = forecast(plan_, PLANNED)
    assert set(found.begun) == {one.code for one in plan_.bodies}
    for one in plan_.bodies:
        at = found.begun[one.code]
        assert one.calendar is None or fits(one.calendar, at, one.forecast_seconds)
        assert PLANNED <= at <= found.ends
    for before, after in zip(found.waves, found.waves[1:], strict=False):
        assert before.ends <= after.begins


def test_a_body_that_waits_for_no_window_waits_for_the_end_of_its_freeze_and_is_named() -> None:
    frozen = Calendar(ALWAYS, (Freeze(date(2026, 11, 20), date(2026, 11, 30), "選挙"),))
    one = plan([wave(1)], [body("a", calendar=frozen), body("b", calendar=Calendar(ALWAYS, ()))])
    found = forecast(one, PLANNED)
    thaw = datetime(2026, 11, 30, 15, tzinfo=UTC)
    assert found.begun == {"a": thaw, "b": PLANNED}
    assert (found.frozen, found.misses, found.fits) == ({"a": thaw}, (), True)


class Whole(_Play):
    """Played with all bodies at each moment, as workers do."""

    def _few(self) -> OperationPlan:
        states = {code: BodyState("done", 1, end) for code, end in self.ends.items()}
        states |= {code: BodyState("running", 1) for code in self.running}
        self.state = replace(self.state, bodies=states)
        return self.plan


@given(plans(), st.sampled_from((1, 2, 1000)))
def test_a_few_bodies_in_the_place_of_all_are_foreseen_as_all_would_be(
    plan_: OperationPlan, kinds: int
) -> None:
    bodies = [
        replace(one, forecast_seconds=one.forecast_seconds % kinds * HOUR or HOUR)
        for one in plan_.bodies
    ]
    alike = replace(plan_, bodies=tuple(bodies))
    few, whole = _Play(alike, PLANNED), Whole(alike, PLANNED)
    few.run()
    whole.run()
    assert (few.begun, few.ends, few.now) == (whole.begun, whole.ends, whole.now)
    assert few.state.status == whole.state.status


def test_a_forecast_for_many_bodies_costs_little_more_for_each() -> None:
    def seconds(bodies: int) -> float:
        made = [body(f"{at:06}", calendar=WEEKEND) for at in range(bodies)]
        one, began = plan([wave(1, most=4)], made), time.process_time()
        forecast(one, PLANNED)
        return time.process_time() - began

    seconds(40)
    few, many = min(seconds(100) for _ in range(3)), min(seconds(1600) for _ in range(2))
    assert many < 16 * 4 * few, "16 times as many bodies"
