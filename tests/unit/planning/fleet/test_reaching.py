"""Which bodies approvals do not reach, and what would reach them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st
from tests.unit.planning.fleet.made_plans import HOUR, PLANNED, WEEKEND, body, plan, plans, wave

from moyai.planning.fleet import wanted
from moyai.planning.fleet.forecast import _Play, forecast
from moyai.planning.fleet.plans import OperationPlan
from moyai.planning.fleet.reach_words import reach_lines
from moyai.planning.fleet.reaching import EndsBefore, ends_before, left_of
from moyai.planning.fleet.states import BodyState, WaveState, newly_planned

WEDNESDAY = datetime(2026, 11, 25, 11, tzinfo=UTC)
"""20:00 in Japan; the weekend's window opens 74 hours later."""
SATURDAY = datetime(2026, 11, 28, 13, tzinfo=UTC)


def asked(
    made: OperationPlan, now: datetime, given: dict[str, datetime] | None = None
) -> EndsBefore | None:
    return ends_before(made, forecast(made, now), given or {}, now)


def weekend(hours: int = 72) -> OperationPlan:
    made = plan([wave(1)], [body("a", calendar=WEEKEND), body("b")])
    return replace(made, planned_at=WEDNESDAY, approval_seconds=hours * HOUR)


def test_an_approval_of_wednesday_does_not_reach_saturday_night_and_says_what_would() -> None:
    found = asked(replace(weekend(), bodies=weekend().bodies[:1]), WEDNESDAY)
    assert found is not None
    assert (found.subjects, found.is_given) == (("plan",), False)
    assert (found.until, found.first) == (WEDNESDAY + timedelta(hours=72), SATURDAY)
    assert found.from_when == SATURDAY - timedelta(hours=71) + timedelta(minutes=1)
    assert (found.suffices_later, found.hours) == (True, 76)
    lines = [one.en for one in reach_lines(found, weekend(), None)]
    assert lines == [
        "an approval given now holds until 2026-11-28 20:00:00 JST, and 1 body is foreseen to be at "
        "work after that: a 団体a (from 2026-11-28 22:00:00 JST)",
        "approve it from 2026-11-25 23:01:00 JST on, before 2026-11-28 20:00:00 JST",
        "or set operations.approval_hours in tenants.yaml to 76 at least (it is 72), and plan it again",
    ]


def test_where_others_begin_before_it_has_to_be_approved_again() -> None:
    found = asked(weekend(), WEDNESDAY)
    assert found is not None
    assert list(found.begins) == ["a"]
    assert not found.suffices_later
    assert reach_lines(found, weekend(), None)[1].en.startswith("approve it, and again before ")


def test_an_approval_on_record_is_told_with_its_own_end_and_no_plan_anew() -> None:
    until = SATURDAY + timedelta(minutes=30)
    found = asked(weekend(), WEDNESDAY, {"plan": until})
    assert found is not None
    assert (found.until, found.is_given, found.suffices_later) == (until, True, False)
    lines = [one.en for one in reach_lines(found, weekend(), "20261125-1")]
    assert len(lines) == 2
    assert lines[1].endswith("moyai operation approve 20261125-1")


def test_a_wave_s_approval_is_awaited_until_it_is_given_and_then_held_to_its_end() -> None:
    waves = [wave(1), replace(wave(2), needs_approval=True)]
    made = plan(waves, [body("a"), body("b", 2, WEEKEND)])
    made = replace(made, planned_at=WEDNESDAY, approval_seconds=100 * HOUR)
    assert asked(made, WEDNESDAY) is None
    found = asked(made, WEDNESDAY, {"wave:2": SATURDAY})
    assert found is not None
    assert (found.subjects, list(found.begins)) == (("wave:2",), ["b"])


def test_a_kind_that_needs_no_approval_is_never_short_of_one() -> None:
    assert asked(weekend(hours=0), WEDNESDAY) is None


@given(plans(), st.integers(1, 400))
def test_what_is_said_to_reach_does_and_a_little_less_does_not(
    drawn: OperationPlan, hours: int
) -> None:
    made = replace(drawn, approval_seconds=hours * HOUR)
    found = asked(made, PLANNED)
    if found is None:
        return
    slots = {one: found.from_when + timedelta(hours=hours) for one in wanted.at_first(made)}
    assert asked(made, PLANNED, slots) is None
    early = {one: at - timedelta(minutes=1) for one, at in slots.items()}
    assert asked(made, PLANNED, early) is not None
    if found.hours is not None:
        assert asked(replace(made, approval_seconds=found.hours * HOUR), PLANNED) is None
        fewer = replace(made, approval_seconds=(found.hours - 1) * HOUR)
        assert asked(fewer, PLANNED) is not None


class Lapsing(_Play):
    """Played with approvals that are given at the beginning, and not again."""

    def _few(self) -> OperationPlan:
        if self.now >= self.plan.planned_at + timedelta(seconds=self.plan.approval_seconds):
            self.state = replace(self.state, approved=frozenset())
        return super()._few()


@given(plans(), st.integers(1, 200))
def test_bodies_that_are_reached_begin_as_foreseen_though_the_approvals_run_out(
    drawn: OperationPlan, hours: int
) -> None:
    made = replace(drawn, approval_seconds=hours * HOUR)
    ahead, played = forecast(made, PLANNED), Lapsing(made, PLANNED)
    played.run()
    found = ends_before(made, ahead, {}, PLANNED)
    beyond = () if found is None else found.begins
    reached = {code: at for code, at in ahead.begun.items() if code not in beyond}
    assert reached.items() <= played.begun.items()
    late = {at for at in played.begun.values() if at >= PLANNED + timedelta(hours=hours)}
    assert not late


def test_what_is_left_is_what_waits_and_what_is_in_hand_after_the_soak() -> None:
    made = plan([wave(1), wave(2)], [body("a"), body("b", 2, WEEKEND), body("c", 2, WEEKEND)])
    soak = PLANNED + timedelta(hours=5)
    state = replace(
        newly_planned(made),
        bodies={"a": BodyState("done"), "b": BodyState("running", 1), "c": BodyState()},
        waves=(WaveState(1, "soaking", PLANNED, soak), WaveState(2)),
    )
    rest, start = left_of(made, state, PLANNED)
    assert [(one.code, one.calendar) for one in rest.bodies] == [("b", None), ("c", WEEKEND)]
    assert start == soak
