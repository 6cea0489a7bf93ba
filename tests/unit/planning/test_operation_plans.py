"""A plan's document says all of it and its hash changes with all of it."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from datetime import UTC, date, datetime, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moyai.canonical_json import canonical
from moyai.planning.fleet.plans import (
    Limits,
    OperationPlan,
    PlannedBody,
    PlannedWave,
    from_document,
    plan_sha256,
    to_document,
)
from moyai.planning.openings import Calendar
from moyai.registry.models import Freeze, MaintenanceWindow
from moyai.texts import Text

WORDS = st.text(max_size=12)
NUMBERS = st.integers(0, 10**6)
DAYS = st.dates(date(2026, 1, 1), date(2030, 1, 1))
MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
CALENDARS = st.builds(
    Calendar,
    st.builds(
        MaintenanceWindow,
        st.lists(st.sampled_from(("mon", "sat", "sun")), unique=True).map(tuple),
        st.times().map(lambda moment: time(moment.hour, moment.minute)),
        st.integers(1, 24),
    ),
    st.lists(st.builds(Freeze, DAYS, DAYS, WORDS), max_size=2).map(tuple),
)
BODIES = st.builds(
    PlannedBody,
    code=st.from_regex(r"[0-9]{6}", fullmatch=True),
    name=WORDS,
    wave=st.integers(1, 4),
    change_sha256=st.from_regex(r"[0-9a-f]{64}", fullmatch=True),
    change=st.lists(st.builds(Text, WORDS, WORDS), max_size=2).map(tuple),
    forecast_seconds=NUMBERS,
    calendar=st.none() | CALENDARS,
    risks=st.lists(WORDS, max_size=2).map(tuple),
    approves_itself=st.booleans(),
)
WAVES = st.builds(
    PlannedWave,
    number=st.integers(1, 4),
    name=WORDS,
    limits=st.builds(Limits, NUMBERS, NUMBERS, st.sampled_from(("strict", "soft"))),
    soak_seconds=NUMBERS,
    needs_approval=st.booleans(),
)
PLANS = st.builds(
    OperationPlan,
    kind=WORDS,
    subject=WORDS,
    parameters=st.dictionaries(st.sampled_from(("service", "release")), WORDS | NUMBERS),
    site=WORDS,
    registry_sha256=WORDS,
    planned_by=WORDS,
    planned_at=MOMENTS,
    waves=st.lists(WAVES, max_size=3).map(tuple),
    bodies=st.lists(BODIES, max_size=3, unique_by=lambda body: body.code).map(tuple),
    same_errors=NUMBERS,
    approval_seconds=NUMBERS,
)


@given(PLANS)
def test_a_plan_comes_back_from_its_document_as_it_was(plan: OperationPlan) -> None:
    written = json.loads(canonical(to_document(plan)))
    assert from_document(written) == plan
    assert plan_sha256(from_document(written)) == plan_sha256(plan)


@given(PLANS, PLANS)
def test_every_field_of_a_plan_is_in_its_hash(plan: OperationPlan, other: OperationPlan) -> None:
    for field in fields(OperationPlan):
        mixed = replace(plan, **{field.name: getattr(other, field.name)})
        assert (plan_sha256(mixed) == plan_sha256(plan)) is (mixed == plan)


def test_a_plan_of_another_schema_or_shape_is_refused() -> None:
    for document in ({}, {"schema": "moyai.operation/1"}, {"schema": "moyai.operation/2"}):
        with pytest.raises(ValueError, match="plan"):
            from_document(document)


def test_a_plan_has_no_floating_point_numbers() -> None:
    plan = OperationPlan(
        "check", "", {"x": 0.5}, "", "", "", datetime(2026, 1, 1, tzinfo=UTC), (), (), 0, 0
    )
    with pytest.raises(TypeError):
        plan_sha256(plan)
