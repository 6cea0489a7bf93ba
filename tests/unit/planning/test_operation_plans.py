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
from moyai.registry.maintenance import Freeze, MaintenanceWindow
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


SHIPPED = OperationPlan(
    "check",
    "",
    {},
    "",
    "",
    "",
    datetime(2026, 1, 1, tzinfo=UTC),
    (PlannedWave(1, "pilot", Limits(4, 0, "soft"), 0),),
    (
        PlannedBody(
            "271004",
            "大阪市",
            1,
            "0" * 64,
            (Text("変更", "change"),),
            60,
            Calendar(MaintenanceWindow(("sat",), time(22), 6), ()),
        ),
    ),
    0,
    0,
)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("approval_seconds",), "x"),
        (("approval_seconds",), None),
        (("approval_seconds",), 10**15),
        (("approval_seconds",), -1),
        (("same_errors",), True),
        (("planned_at",), "2026-01-01T00:00:00"),
        (("planned_by",), 1),
        (("parameters",), []),
        (("waves", 0, "limits", "tolerance"), "x"),
        (("waves", 0, "limits", "mode"), "loose"),
        (("waves", 0, "soak_seconds"), 1.5),
        (("waves", 0, "needs_approval"), "no"),
        (("bodies", 0, "forecast_seconds"), None),
        (("bodies", 0, "change"), [{"ja": 1, "en": "x"}]),
        (("bodies", 0, "risks"), [1]),
        (("bodies", 0, "calendar", "window", "hours"), "6"),
        (("bodies", 0, "calendar", "window", "days"), [1]),
        (("bodies", 0, "approves_itself"), 0),
    ],
)
def test_a_plan_with_a_value_of_another_type_is_refused(
    path: tuple[str | int, ...], value: object
) -> None:
    document = json.loads(canonical(to_document(SHIPPED)))
    assert from_document(document) == SHIPPED
    inner = document
    for part in path[:-1]:
        inner = inner[part]
    inner[path[-1]] = value
    with pytest.raises(ValueError, match="plan"):
        from_document(document)


def test_a_plan_has_no_floating_point_numbers() -> None:
    plan = OperationPlan(
        "check", "", {"x": 0.5}, "", "", "", datetime(2026, 1, 1, tzinfo=UTC), (), (), 0, 0
    )
    with pytest.raises(TypeError):
        plan_sha256(plan)
