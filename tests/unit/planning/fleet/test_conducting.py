"""What `decide` says of single situations."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from tests.unit.planning.fleet.made_plans import HOUR, PLANNED, WEEKEND, body, plan, wave

from moyai.planning.fleet import said
from moyai.planning.fleet.conducting import Decision, decide
from moyai.planning.fleet.plans import Limits, OperationPlan
from moyai.planning.fleet.states import (
    BodyState,
    BodyStatus,
    OperationState,
    WaveState,
    newly_planned,
)

NOW = PLANNED + timedelta(hours=1)
MUCH = 1000
FOUR = plan([wave(1)], [body(code) for code in "abcd"])
TWO_WAVES = plan([wave(1, soak=HOUR), wave(2)], [body("a"), body("b", 2)])


def standing(one: OperationPlan, *waves: WaveState, **statuses: BodyStatus) -> OperationState:
    """A running operation; bodies not named wait."""
    bodies = {
        each.code: BodyState(statuses.get(each.code, "waiting"), each.code in statuses, PLANNED)
        for each in one.bodies
    }
    return replace(newly_planned(one), status="running", bodies=bodies, waves=waves)


def looked(one: OperationPlan, state: OperationState, room: int = MUCH) -> Decision:
    return decide(one, state, NOW, room)


def test_as_many_as_may_begin_in_the_plans_order_and_the_others_wait_their_turn() -> None:
    found = looked(FOUR, newly_planned(FOUR))
    assert found.begin == ("a", "b")
    assert found.waits == {"c": said.TURN, "d": said.TURN}
    assert found.status is not None
    assert found.status.status == "running"
    assert found.waves == (WaveState(1, "running", NOW),)


def test_no_more_begin_than_memory_allows() -> None:
    found = looked(FOUR, newly_planned(FOUR), room=1)
    assert found.begin == ("a",)
    assert found.waits["b"] == said.MEMORY


def test_a_strict_wave_has_no_more_at_once_than_may_still_fail_and_one() -> None:
    strict = replace(FOUR, waves=(replace(wave(1), limits=Limits(4, 1, "strict")),))
    assert looked(strict, newly_planned(strict)).begin == ("a", "b")
    assert looked(strict, standing(strict, a="failed")).begin == ("b",)
    assert looked(strict, standing(strict, a="failed", b="running")).begin == ()


@pytest.mark.parametrize("end", ["failed", "held"])
def test_one_failure_too_many_holds_wave_and_operation_and_running_bodies_go_on(
    end: BodyStatus,
) -> None:
    found = looked(FOUR, standing(FOUR, WaveState(1, "running"), a=end, b="running"))
    assert found.begin == ()
    assert [one.status for one in found.waves] == ["held"]
    assert found.status is not None
    assert found.status.status == "held"
    assert found.bodies == ()


@pytest.mark.parametrize("end", ["skipped", "moved"])
def test_debts_end_a_body_and_are_no_failures(end: BodyStatus) -> None:
    state = standing(FOUR, a=end, b=end, c=end)
    assert looked(FOUR, state).begin == ("d",)
    ended = looked(FOUR, standing(FOUR, a=end, b=end, c=end, d="done"))
    assert ended.status is not None
    assert (ended.status.status, ended.status.reason) == ("done", said.ended(1, 0, 3))


def test_a_released_wave_goes_on_and_counts_failures_from_then() -> None:
    state = standing(FOUR, WaveState(1, "held"), a="failed")
    released = replace(state, released={"wave:1": NOW - timedelta(minutes=1)})
    assert looked(FOUR, released).begin == ("b", "c")
    later = {**released.bodies, "b": BodyState("failed", 1, NOW)}
    assert looked(FOUR, replace(released, bodies=later)).begin == ()


def test_the_next_wave_begins_after_the_soak_and_not_a_moment_before() -> None:
    state = standing(TWO_WAVES, WaveState(1, "running"), a="done")
    until = PLANNED + timedelta(hours=1)
    early = decide(TWO_WAVES, state, until - timedelta(seconds=1), MUCH)
    assert early.begin == ()
    assert early.next_look == until
    assert [(one.status, one.soak_until) for one in early.waves] == [("soaking", until)]
    assert decide(TWO_WAVES, state, until, MUCH).begin == ("b",)


def test_a_wave_of_which_nothing_ran_or_that_has_nobody_does_not_soak() -> None:
    assert looked(TWO_WAVES, standing(TWO_WAVES, a="skipped")).begin == ("b",)
    empty = plan([wave(1, soak=HOUR), wave(2)], [body("b", 2)])
    assert looked(empty, newly_planned(empty)).begin == ("b",)


def test_a_soak_with_a_health_gate_ends_with_a_look_after_it() -> None:
    state = replace(standing(TWO_WAVES, WaveState(1, "running"), a="done"), health_gates=True)
    first = looked(TWO_WAVES, state)
    assert first.health_of == (1,)
    assert first.begin == ()
    [soaking] = first.waves
    stale = replace(state, waves=(replace(soaking, healthy_at=NOW - timedelta(hours=2)),))
    assert looked(TWO_WAVES, stale).begin == ()
    well = replace(state, waves=(replace(soaking, healthy_at=NOW),))
    assert looked(TWO_WAVES, well).begin == ("b",)


def test_a_wave_that_needs_approval_waits_for_its_own() -> None:
    gated = plan([wave(1), replace(wave(2), needs_approval=True)], [body("a"), body("b", 2)])
    state = standing(gated, a="done")
    found = looked(gated, state)
    assert found.begin == ()
    assert found.waits == {"b": said.wave_approval("第2")}
    assert looked(gated, replace(state, approved={"wave:2"})).begin == ("b",)


def test_bodies_wait_for_their_own_approval_their_risks_others_and_their_time() -> None:
    bodies = [
        replace(body("a"), approves_itself=True),
        replace(body("b"), risks=("unverified-restore",)),
        body("c"),
        body("d"),
    ]
    one = plan([wave(1, most=4)], bodies)
    soon = NOW + timedelta(minutes=5)
    state = replace(standing(one), busy={"c"})
    state = replace(state, bodies={**state.bodies, "d": BodyState(may_begin_at=soon)})
    found = looked(one, state)
    assert found.begin == ()
    assert found.next_look == soon
    assert found.waits == {
        "a": said.OWN_APPROVAL,
        "b": said.risk_approval("unverified-restore"),
        "c": said.BUSY,
        "d": said.not_before(soon),
    }
    agreed = replace(state, approved={"body:a", "unverified-restore:b"}, busy=frozenset())
    assert decide(one, agreed, soon, MUCH).begin == ("a", "b", "c", "d")


def test_a_body_whose_opening_is_too_short_by_now_waits_for_the_next_one() -> None:
    one = plan([wave(1)], [body("a", calendar=WEEKEND)])
    fits_still = datetime(
        2026, 11, 28, 18, tzinfo=UTC
    )  # 03:00 on Sunday in Japan, open until 04:00
    state = newly_planned(one)
    assert decide(one, state, fits_still, MUCH).begin == ("a",)
    found = decide(one, state, fits_still + timedelta(seconds=1), MUCH)
    assert found.begin == ()
    assert found.next_look == datetime(2026, 11, 29, 13, tzinfo=UTC)
    assert found.waits == {"a": said.opens_at(datetime(2026, 11, 29, 13, tzinfo=UTC))}


def test_as_many_errors_alike_as_agreed_hold_the_operation_until_released() -> None:
    one = plan([wave(1, tolerance=4)], FOUR.bodies)
    one = replace(one, same_errors=2)
    state = standing(one)
    errors = {code: BodyState("failed", 1, PLANNED, "timeout") for code in "ab"}
    state = replace(state, bodies={**state.bodies, **errors})
    found = looked(one, state)
    assert found.begin == ()
    assert found.status is not None
    assert (found.status.status, found.status.reason) == ("held", said.same_errors("timeout", 2))
    assert looked(one, replace(state, released={"operation": PLANNED})).begin == ("c", "d")
    assert looked(replace(one, same_errors=0), state).begin == ("c", "d")


def test_a_plan_is_begun_when_approved_and_expires_when_it_is_not() -> None:
    one = replace(FOUR, approval_seconds=2 * HOUR)
    waiting = looked(one, newly_planned(one))
    assert waiting.begin == ()
    assert waiting.next_look == PLANNED + timedelta(hours=2)
    assert looked(one, replace(newly_planned(one), approved={"plan"})).begin == ("a", "b")
    expired = decide(one, newly_planned(one), PLANNED + timedelta(hours=2), MUCH)
    assert expired.status is not None
    assert expired.status.status == "expired"
    assert {change.status for change in expired.bodies} == {"cancelled"}


def test_an_operation_whose_approval_ran_out_is_held_until_approved_again() -> None:
    one = replace(FOUR, approval_seconds=HOUR)
    state = standing(one, WaveState(1, "running"), a="running")
    found = looked(one, state)
    assert found.begin == ()
    assert found.status is not None
    assert (found.status.status, found.status.reason) == ("held", said.APPROVAL_LAPSED)
    assert looked(one, replace(state, status="held", approved={"plan"})).begin == ("b",)


def test_a_paused_operation_begins_nothing_and_goes_on_when_resumed() -> None:
    state = replace(standing(FOUR, a="running"), wanted="pause")
    found = looked(FOUR, state)
    assert found.begin == ()
    assert found.status is not None
    assert found.status.status == "paused"
    assert looked(FOUR, replace(state, status="paused", wanted="run")).begin == ("b",)


def test_cancel_cancels_who_waits_and_is_over_when_nothing_runs() -> None:
    state = replace(standing(FOUR, WaveState(1, "running"), a="running"), wanted="cancel")
    first = looked(FOUR, state)
    assert [change.code for change in first.bodies] == ["b", "c", "d"]
    assert first.waves == ()
    assert first.status is not None
    assert (first.status.status, first.status.reason) == ("running", said.CANCELLING)
    over = looked(FOUR, replace(standing(FOUR, a="done", b="cancelled"), wanted="cancel"))
    assert over.status is not None
    assert over.status.status == "cancelled"
    stopped = replace(standing(FOUR, WaveState(1, "held"), a="failed"), wanted="cancel")
    assert looked(FOUR, stopped).waves == (WaveState(1, "done", reason=said.CANCELLED),)


def test_after_a_retry_the_earlier_wave_runs_and_soaks_anew_while_the_later_begins_nothing() -> (
    None
):
    one = plan([wave(1, soak=HOUR), wave(2, most=1)], [body("a"), body("b", 2), body("c", 2)])
    waves = (WaveState(1, "done", PLANNED, PLANNED), WaveState(2, "running", PLANNED))
    state = standing(one, *waves, b="done")
    again = replace(state, bodies={**state.bodies, "a": BodyState("waiting", 1, PLANNED)})
    found = looked(one, again)
    assert found.begin == ("a",)
    assert [(each.number, each.status) for each in found.waves] == [(1, "running")]
    ended = {**state.bodies, "a": BodyState("done", 2, NOW)}
    soaking = replace(again, bodies=ended, waves=(*found.waves, waves[1]))
    assert looked(one, soaking).begin == ()
    assert decide(one, soaking, NOW + timedelta(hours=1), MUCH).begin == ("c",)


def test_what_still_runs_of_a_later_wave_counts_among_those_that_may_go_on_at_once() -> None:
    one = plan([wave(1, most=2), wave(2)], [body("a"), body("b"), body("c", 2)])
    waves = (WaveState(1, "done", PLANNED), WaveState(2, "running", PLANNED))
    found = looked(one, standing(one, *waves, c="running"))
    assert found.begin == ("a",)
    assert found.waits == {"b": said.TURN}


def test_a_wave_that_has_finished_stays_so_where_the_clock_is_set_back() -> None:
    state = standing(TWO_WAVES, WaveState(1, "done", PLANNED, NOW), a="done")
    assert decide(TWO_WAVES, state, PLANNED - timedelta(hours=1), MUCH).begin == ("b",)


def test_an_operation_that_ended_goes_on_where_a_body_waits_again() -> None:
    state = replace(standing(FOUR, a="done", b="done", c="done"), status="failed")
    found = looked(FOUR, state)
    assert found.begin == ("d",)
    assert found.status is not None
    assert found.status.status == "running"
    all_ended = standing(FOUR, a="done", b="done", c="done", d="failed")
    failed = looked(FOUR, all_ended)
    assert failed.status is not None
    assert (failed.status.status, failed.status.reason) == ("failed", said.ended(3, 1, 0))
    assert looked(FOUR, replace(all_ended, status="failed")) == Decision()


def test_a_body_without_a_wave_holds_the_operation_and_is_named() -> None:
    lost = plan([wave(1)], [body("a"), body("b", 7)])
    found = looked(lost, newly_planned(lost))
    assert found.begin == ()
    assert found.status is not None
    assert found.status.reason == said.no_such_wave(("b",))
