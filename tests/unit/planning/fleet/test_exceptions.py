"""What a plan is laxer in than tenants.yaml is refused, unless it says so and that is approved."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.sample import SAMPLE

from moyai.planning.fleet import said, wanted
from moyai.planning.fleet.conducting import decide
from moyai.planning.fleet.exceptions import bounded, is_within, laxer, with_exceptions
from moyai.planning.fleet.plans import OperationPlan, PlannedBody
from moyai.planning.fleet.states import newly_planned
from moyai.planning.fleet.wanted import named_exceptions
from moyai.planning.fleet.waves import divide
from moyai.planning.openings import ALWAYS, WEEK, Calendar, openings
from moyai.registry.load import require
from moyai.registry.maintenance import Freeze, MaintenanceWindow
from moyai.registry.operation_settings import Amount, Tolerance, Wave

SAMPLE_FILE = require(SAMPLE)
SETTINGS = replace(
    SAMPLE_FILE.operations,
    waves=(
        Wave("先行", share=Amount(2), soak_minutes=60, needs_approval=True),
        Wave("残り", rest=True, soak_minutes=30),
    ),
    max_concurrent=Amount(4),
    failure_tolerance=Tolerance(Amount(1), "strict"),
    same_errors=3,
)
FILE = replace(SAMPLE_FILE, operations=SETTINGS)
NOW = datetime(2026, 11, 26, 3, tzinfo=UTC)
Change = Callable[[OperationPlan], OperationPlan]


def plan() -> OperationPlan:
    """As it would be planned by the file."""
    chosen = FILE.tenants[:8]
    waves = divide(SETTINGS, chosen, NOW.date())
    tenants = {one.code: one for one in chosen}
    bodies = tuple(
        PlannedBody(
            *(code, tenants[code].name, wave.number, "0" * 64, (), 60),
            Calendar(tenants[code].maintenance_window, tenants[code].freezes),
        )
        for wave, codes in waves
        for code in codes
    )
    return OperationPlan(
        *("upgrade", "eapp-a 1.1.0", {}, "sandbox", FILE.sha256, "a@example.jp", NOW),
        *(tuple(wave for wave, _ in waves), bodies),
        *(SETTINGS.same_errors, SETTINGS.approval_hours * 3600),
    )


def of_wave(number: int, **changed: Any) -> Change:
    def change(made: OperationPlan) -> OperationPlan:
        waves = [replace(one, **changed) if one.number == number else one for one in made.waves]
        return replace(made, waves=tuple(waves))

    return change


def of_limits(number: int, **changed: Any) -> Change:
    def change(made: OperationPlan) -> OperationPlan:
        limits = made.waves[number - 1].limits
        return of_wave(number, limits=replace(limits, **changed))(made)

    return change


def of_bodies(**changed: Any) -> Change:
    return lambda made: replace(
        made,
        bodies=tuple(replace(one, **changed) for one in made.bodies),
    )


def of_window(**changed: Any) -> Change:
    def change(made: OperationPlan) -> OperationPlan:
        first, *others = made.bodies
        assert first.calendar is not None
        window = replace(first.calendar.window, **changed)
        return replace(made, bodies=(replace(first, calendar=Calendar(window, ())), *others))

    return change


def of_whole(**changed: Any) -> Change:
    return lambda made: replace(made, **changed)


LAXER: list[tuple[str, Change]] = [
    ("limits", of_limits(1, max_concurrent=5)),
    ("limits", of_limits(2, tolerance=2)),
    ("limits", of_limits(2, mode="soft")),
    ("soak", of_wave(1, soak_seconds=3599)),
    ("approvals", of_wave(1, needs_approval=False)),
    ("approvals", of_whole(approval_seconds=SETTINGS.approval_hours * 3600 + 1)),
    ("errors", of_whole(same_errors=0)),
    ("errors", of_whole(same_errors=4)),
    ("waves", of_bodies(wave=1)),
    ("waves", of_bodies(wave=2)),
    ("windows", of_bodies(calendar=None)),
    ("windows", of_bodies(calendar=Calendar(ALWAYS, ()))),
    ("windows", of_window(hours=23)),
]
STRICTER: list[Change] = [
    of_limits(1, max_concurrent=1),
    of_limits(2, tolerance=0),
    of_wave(1, soak_seconds=3601),
    of_wave(2, needs_approval=True),
    of_whole(same_errors=1),
    of_whole(approval_seconds=3600),
    of_window(hours=1),
    of_whole(waves=(*plan().waves, replace(plan().waves[1], number=3))),
]


def test_a_plan_by_the_file_is_laxer_in_nothing() -> None:
    assert {wave.number for wave in plan().waves} == {1, 2}
    assert laxer(plan(), FILE) == frozenset()
    assert with_exceptions(plan(), FILE) == plan()
    assert bounded(plan(), FILE).refused is None


def _parted(made: OperationPlan, tolerance: int) -> OperationPlan:
    """The second wave parted into waves of one body each; of each so many may fail."""
    first = made.waves[0]
    others = [one for one in made.bodies if one.wave == 2]
    limits = replace(made.waves[1].limits, tolerance=tolerance)
    waves = [replace(made.waves[1], number=2 + at, limits=limits) for at in range(len(others))]
    bodies = [replace(one, wave=2 + at) for at, one in enumerate(others)]
    stay = [one for one in made.bodies if one.wave == 1]
    return replace(made, waves=(first, *waves), bodies=(*stay, *bodies))


def test_no_more_of_a_wave_s_parts_may_fail_than_of_the_whole() -> None:
    assert laxer(_parted(plan(), 0), FILE) == frozenset()
    assert laxer(_parted(plan(), 1), FILE) == {"limits"}


@given(st.sets(st.integers(0, len(STRICTER) - 1)))
def test_what_is_stricter_goes(which: set[int]) -> None:
    made = plan()
    for at in which:
        made = STRICTER[at](made)
    assert laxer(made, FILE) == frozenset()


@given(st.sets(st.integers(0, len(STRICTER) - 2)), st.integers(0, len(LAXER) - 1))
def test_what_is_laxer_is_named_whatever_else_is_stricter(which: set[int], lax: int) -> None:
    made = plan()
    for at in which:
        made = STRICTER[at](made)
    name, change = LAXER[lax]
    assert name in laxer(change(made), FILE)


@pytest.mark.parametrize(("name", "change"), LAXER)
def test_it_is_refused_until_the_plan_says_so_and_that_is_approved(
    name: str, change: Change
) -> None:
    made = change(plan())
    found = bounded(made, FILE)
    assert (found.refused is None) == (name == "windows")
    assert bool(found.waits) == (name == "windows")
    state = replace(
        newly_planned(made),
        approved=frozenset(wanted.of_whole(made)),
        refused=found.refused,
        refuses=found.waits,
    )
    decision = decide(found.plan, state, NOW, 100)
    for code in found.waits:
        assert code not in decision.begin
    if found.refused is not None:
        assert decision.begin == ()
        assert decision.status is not None
        assert (decision.status.status, decision.status.reason) == ("held", found.refused)
    honest = with_exceptions(made, FILE)
    again = bounded(honest, FILE)
    assert (again.refused, again.waits) == (None, {})
    assert "exceptions" in wanted.of_whole(honest)
    for approved in ({"plan"}, {"exceptions"}):
        waiting = replace(newly_planned(honest), approved=frozenset(approved))
        assert decide(honest, waiting, NOW, 100).begin == ()
        assert decide(honest, waiting, NOW, 100).status is not None


def test_a_plan_that_needs_no_approval_is_carried_out_as_it_is() -> None:
    made = of_whole(approval_seconds=0)(of_bodies(calendar=None)(plan()))
    assert laxer(made, FILE) == frozenset()
    assert bounded(made, FILE).refused is None


def test_frozen_days_of_the_file_are_kept_whatever_the_plan_says() -> None:
    frozen = Freeze(date(2026, 11, 1), date(2027, 3, 31), "選挙")
    first, *others = FILE.tenants
    file = replace(FILE, tenants=(replace(first, freezes=(frozen,)), *others))
    made = plan()
    assert laxer(made, file) == frozenset()
    calendar = bounded(made, file).bodies[first.code].calendar
    assert calendar is not None
    assert frozen in calendar.freezes
    assert list(openings(calendar, NOW, NOW + timedelta(days=90))) == []
    assert bounded(made, file).plan.body(first.code).calendar == calendar


def test_a_plan_for_any_time_keeps_the_frozen_days_of_the_file_too() -> None:
    frozen = Freeze(date(2026, 11, 1), date(2026, 11, 30), "選挙")
    file = replace(FILE, tenants=tuple(replace(one, freezes=(frozen,)) for one in FILE.tenants))
    for calendar in (None, Calendar(ALWAYS, ())):
        made = with_exceptions(of_bodies(calendar=calendar)(plan()), file)
        assert named_exceptions(made) == ("windows",)
        found = bounded(made, file)
        state = replace(newly_planned(made), approved=frozenset(wanted.of_whole(made)))
        decision = decide(found.plan, state, NOW, 100)
        thaw = datetime(2026, 11, 30, 15, tzinfo=UTC)
        assert decision.begin == ()
        assert said.thaws_at(thaw) in decision.waits.values()
        assert decide(found.plan, state, thaw, 100).begin != ()


def test_words_for_each_name_are_in_both_languages() -> None:
    for name, _ in LAXER:
        told = said.laxer([name])
        assert told.ja != told.en
        assert name not in said.exceptions([name]).ja


_WINDOWS = st.builds(
    MaintenanceWindow,
    st.sets(st.sampled_from((*WEEK, "holiday")), min_size=1).map(lambda one: tuple(sorted(one))),
    st.builds(time, st.integers(0, 23), st.sampled_from((0, 30))),
    st.integers(1, 24),
) | st.just(ALWAYS)


@given(_WINDOWS, _WINDOWS)
def test_a_window_within_another_is_never_open_while_that_is_closed(
    inner: MaintenanceWindow, outer: MaintenanceWindow
) -> None:
    if not is_within(inner, outer):
        return
    until = NOW + timedelta(days=40)
    wider = list(openings(Calendar(outer, ()), NOW, until))
    for one in openings(Calendar(inner, ()), NOW, until):
        assert any(two.begins <= one.begins and one.ends <= two.ends for two in wider)
