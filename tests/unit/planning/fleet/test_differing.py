"""What a plan says otherwise than tenants.yaml is told to who approves it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from tests.sample import SAMPLE

from moyai.planning.fleet.differing import differing, lacks_own_word
from moyai.planning.fleet.plans import OperationPlan, PlannedBody
from moyai.planning.fleet.waves import divide
from moyai.planning.openings import ALWAYS, Calendar
from moyai.registry.load import require
from moyai.registry.maintenance import Freeze, MaintenanceWindow
from moyai.registry.models import Registry

FILE = require(SAMPLE)
NOW = datetime(2026, 11, 26, 3, tzinfo=UTC)
OWN = replace(FILE, operations=replace(FILE.operations, bodies_approve="all"))


def plan(*, approves_itself: bool = False) -> OperationPlan:
    """As it would be planned by the sample's file."""
    chosen = FILE.tenants[:6]
    waves = divide(FILE.operations, chosen, NOW.date())
    numbers = {code: wave.number for wave, codes in waves for code in codes}
    bodies = tuple(
        PlannedBody(
            *(one.code, one.name, numbers[one.code], "0" * 64, (), 60),
            Calendar(one.maintenance_window, one.freezes),
            (),
            approves_itself,
        )
        for one in chosen
    )
    return OperationPlan(
        *("upgrade", "eapp-a 1.1.0", {}, "sandbox", FILE.sha256, "a@example.jp", NOW),
        *(tuple(wave for wave, _ in waves), bodies),
        FILE.operations.same_errors,
        FILE.operations.approval_hours * 3600,
    )


def test_a_plan_by_the_file_differs_in_nothing() -> None:
    assert differing(plan(), FILE) == ()
    assert differing(plan(approves_itself=True), OWN) == ()


def test_a_body_whose_own_word_is_left_out_is_told() -> None:
    codes = {body.code for body in plan().bodies}
    assert lacks_own_word(plan(), OWN) == codes
    [told] = differing(plan(), OWN)
    assert told.en.startswith("not asked for their own word: ")
    assert lacks_own_word(replace(plan(), approval_seconds=0), OWN) == frozenset()


def changed(made: OperationPlan, what: str) -> OperationPlan:
    first, wave = made.bodies[0], made.waves[0]
    limits = replace(wave.limits, tolerance=wave.limits.tolerance + 1)
    gentler = {
        "limits": replace(wave, limits=limits),
        "soak": replace(wave, soak_seconds=wave.soak_seconds + 1),
        "approval": replace(wave, needs_approval=not wave.needs_approval),
    }
    bodies = {
        "windows": replace(first, calendar=None),
        "frozen days": replace(first, calendar=Calendar(_earlier(FILE), ())),
        "not in tenants.yaml": replace(first, code="999999"),
    }
    if what in gentler:
        return replace(made, waves=(gentler[what], *made.waves[1:]))
    if what in bodies:
        return replace(made, bodies=(bodies[what], *made.bodies[1:]))
    if what == "hours":
        return replace(made, approval_seconds=made.approval_seconds + 1)
    return replace(made, same_errors=made.same_errors + 1)


def _earlier(registry: Registry) -> MaintenanceWindow:
    window = registry.tenants[0].maintenance_window
    return replace(window, hours=window.hours + 1)


@pytest.mark.parametrize(
    "what",
    [
        *("limits", "soak", "approval", "windows", "frozen days", "not in tenants.yaml", "hours"),
        "errors",
    ],
)
def test_what_a_planner_made_gentler_is_told(what: str) -> None:
    told = differing(changed(plan(), what), FILE)
    assert what in " ".join(one.en for one in told)
    assert all(one.ja != one.en for one in told)


def test_a_plan_for_any_time_differs_in_windows_and_only_where_it_does_in_freezes() -> None:
    tenants = {one.code: one for one in FILE.tenants}
    made = plan()
    bodies = [
        replace(one, calendar=Calendar(ALWAYS, tenants[one.code].freezes)) for one in made.bodies
    ]
    any_time = replace(made, bodies=tuple(bodies))
    [told] = differing(any_time, FILE)
    assert told.en.startswith("not held to their windows: ")
    more = (*tenants[bodies[0].code].freezes, Freeze(date(2027, 3, 1), date(2027, 3, 2), "選挙"))
    frozen = replace(bodies[0], calendar=Calendar(ALWAYS, more))
    [_, told] = differing(replace(made, bodies=(frozen, *bodies[1:])), FILE)
    assert told.en == f"with other windows or frozen days: {frozen.code}"
