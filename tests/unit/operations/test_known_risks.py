"""Waves take bodies by what is known of them: a plan that claims other risks is found, its body not begun."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.sample import SAMPLE

from moyai.json_value import JsonValue
from moyai.operations.kinds.kind import Moved, Work
from moyai.operations.kinds.risks import hold_to_risks
from moyai.planning.fleet.differing import differing
from moyai.planning.fleet.exceptions import laxer
from moyai.planning.fleet.known_risks import PARAMETER, known_risks, parameters_of
from moyai.planning.fleet.plans import OperationPlan, PlannedBody, from_document, to_document
from moyai.planning.fleet.waves import divide
from moyai.planning.openings import Calendar
from moyai.registry.load import require
from moyai.registry.models import Registry
from moyai.registry.operation_settings import Risk, Wave

NOW = datetime(2026, 11, 26, 3, tzinfo=UTC)
SAMPLE_FILE = require(SAMPLE)
WAVES = (
    Wave("先行", select=SAMPLE_FILE.tenants[0].code, soak_minutes=60),
    Wave("残り", rest=True),
    Wave("注意", risks=tuple(Risk), needs_approval=True),
)
FILE = replace(SAMPLE_FILE, operations=replace(SAMPLE_FILE.operations, waves=WAVES))
BODIES = FILE.tenants[:6]
FIRST, SECOND = BODIES[0].code, BODIES[1].code
CODES = st.sampled_from([one.code for one in BODIES])
TOLD = st.dictionaries(CODES, st.sets(st.sampled_from(("failed-before", "contract"))))


def plan(told: dict[str, set[str]], unverified: frozenset[str] = frozenset()) -> OperationPlan:
    """As it is planned by the file where that is known of its bodies."""
    risks = {
        one.code: {*told.get(one.code, ()), *({"unverified-restore"} & _of(one.code, unverified))}
        for one in BODIES
    }
    waves = divide(FILE.operations, BODIES, NOW.date(), risks)
    tenants = {one.code: one for one in BODIES}
    bodies = tuple(
        PlannedBody(
            *(code, tenants[code].name, wave.number, "0" * 64, (), 60),
            Calendar(tenants[code].maintenance_window, tenants[code].freezes),
            tuple(_of(code, unverified)),
        )
        for wave, codes in waves
        for code in codes
    )
    return OperationPlan(
        *("upgrade", "eapp-a 1.1.0", parameters_of(told), "sandbox", FILE.sha256, "a@example.jp"),
        *(NOW, tuple(wave for wave, _ in waves), bodies),
        *(FILE.operations.same_errors, FILE.operations.approval_hours * 3600),
    )


def _of(code: str, unverified: frozenset[str]) -> set[str]:
    return {"unverified-restore"} if code in unverified else set()


@given(TOLD, st.frozensets(CODES))
def test_a_plan_by_the_file_differs_in_nothing_and_reads_back_the_same(
    told: dict[str, set[str]], unverified: frozenset[str]
) -> None:
    made = plan(told, unverified)
    assert laxer(made, FILE) == frozenset()
    assert differing(made, FILE) == ()
    again = from_document(to_document(made))
    assert known_risks(again) == known_risks(made)
    assert {code for code, names in known_risks(made).items() if names} == (
        {code for code, names in told.items() if names} | unverified
    )


@given(TOLD, TOLD)
def test_a_plan_whose_waves_are_not_those_of_its_risks_is_told(
    told: dict[str, set[str]], other: dict[str, set[str]]
) -> None:
    made = replace(plan(told), parameters=parameters_of(other))
    wave = {one.code: one.wave for one in made.bodies}
    expected = {one.code: one.wave for one in plan(other).bodies}
    if wave != expected:
        assert any("in another wave" in one.en for one in differing(made, FILE))
    late = {code for code, names in other.items() if names} - {FIRST}
    rest = {one.code for one in BODIES} - late - {FIRST}
    if any(wave[code] <= wave[one] for code in late for one in rest):
        assert "waves" in laxer(made, FILE)


@pytest.mark.parametrize(
    "garbage", [3, "contract", ["contract"], {SECOND: 3}, {SECOND: "contract"}]
)
def test_what_is_no_list_of_names_says_nothing(garbage: JsonValue) -> None:
    made = replace(plan({}), parameters={PARAMETER: garbage})
    assert known_risks(made)[SECOND] == frozenset()


def work(
    made: OperationPlan, code: str, *, owed: bool = False, seen: datetime | None = NOW
) -> Work:
    one = made.body(code)
    given = (made, one, 1, "key", {}, frozenset[str]())
    return Work(
        "20261126-1", *given, owed=lambda at: owed and at == NOW, verified=lambda _service: seen
    )


def begins(asked: Work, *, contracts: bool = False, file: Registry = FILE) -> bool:
    try:
        hold_to_risks(file, asked, service="eapp-a", contracts=contracts)
    except Moved:
        return False
    return True


@pytest.mark.parametrize("told", [False, True])
@pytest.mark.parametrize("so", [False, True])
def test_a_body_begins_where_its_risks_are_as_told(told: bool, so: bool) -> None:
    of = {SECOND: {"failed-before"}} if told else {}
    assert begins(work(plan(of), SECOND, owed=so)) == (told == so)
    of = {SECOND: {"contract"}} if told else {}
    assert begins(work(plan(of), SECOND), contracts=so) == (told == so)
    made = plan({}, frozenset({SECOND} if told else ()))
    long_ago = NOW - timedelta(days=FILE.operations.verified_restore_days + 1)
    assert begins(work(made, SECOND, seen=long_ago if so else NOW)) == (told == so)


def test_a_restore_tried_since_hides_what_was_before_and_is_taken_as_told() -> None:
    since = NOW + timedelta(hours=1)
    for unverified in (frozenset[str](), frozenset({SECOND})):
        assert begins(work(plan({}, unverified), SECOND, seen=since))


def test_nothing_is_asked_where_no_wave_goes_by_risk_or_no_approval_is_needed() -> None:
    assert begins(work(plan({}), SECOND, owed=True, seen=None), contracts=True, file=SAMPLE_FILE)
    made = replace(plan({}), approval_seconds=0)
    assert begins(work(made, SECOND, owed=True, seen=None), contracts=True)
