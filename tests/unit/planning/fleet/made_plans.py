"""Plans of operations for tests, drawn and plain."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time

from hypothesis import strategies as st

from moyai.planning.fleet.plans import Limits, OperationPlan, PlannedBody, PlannedWave
from moyai.planning.openings import Calendar
from moyai.registry.maintenance import Freeze, MaintenanceWindow

HOUR = 3600
PLANNED = datetime(2026, 11, 26, 1, tzinfo=UTC)
"""A Thursday, ten in the morning in Japan."""
WEEKEND = Calendar(MaintenanceWindow(("sat", "sun"), time(22), 6), ())
NIGHTLY = Calendar(
    MaintenanceWindow(("mon", "tue", "wed", "thu", "fri", "sat", "sun"), time(1), 4),
    (Freeze(date(2026, 11, 27), date(2026, 12, 1), "選挙"),),
)


def body(code: str, wave: int = 1, calendar: Calendar | None = None) -> PlannedBody:
    return PlannedBody(code, f"団体{code}", wave, "0" * 64, (), HOUR, calendar)


def wave(number: int, most: int = 2, tolerance: int = 0, soak: int = 0) -> PlannedWave:
    return PlannedWave(number, f"第{number}", Limits(most, tolerance, "soft"), soak)


def plan(waves: Sequence[PlannedWave], bodies: Sequence[PlannedBody]) -> OperationPlan:
    return OperationPlan(
        "upgrade",
        "eapp-a 1.1.0",
        {},
        "sandbox",
        "0" * 64,
        "a@example.jp",
        PLANNED,
        tuple(waves),
        tuple(bodies),
        0,
        0,
    )


_WAVES = st.lists(
    st.builds(
        PlannedWave,
        st.just(0),
        st.sampled_from(("先行団体", "残り")),
        st.builds(
            Limits, st.integers(1, 4), st.integers(0, 3), st.sampled_from(("strict", "soft"))
        ),
        st.sampled_from((0, HOUR, 24 * HOUR)),
        st.booleans(),
    ),
    min_size=1,
    max_size=4,
)
_BODIES = st.lists(
    st.builds(
        PlannedBody,
        st.just(""),
        st.just("団体"),
        st.integers(1, 4),
        st.just("0" * 64),
        st.just(()),
        st.integers(0, 7 * HOUR),
        st.sampled_from((None, WEEKEND, NIGHTLY)),
        st.sampled_from(((), (), ("unverified-restore",))),
        st.sampled_from((False, False, True)),
    ),
    max_size=14,
)


@st.composite
def plans(draw: st.DrawFn) -> OperationPlan:
    waves = [replace(one, number=at) for at, one in enumerate(draw(_WAVES), 1)]
    bodies = sorted(
        (
            replace(one, code=f"{at:06}", wave=min(one.wave, len(waves)))
            for at, one in enumerate(draw(_BODIES))
        ),
        key=lambda one: one.wave,
    )
    return replace(
        plan(waves, bodies),
        same_errors=draw(st.integers(0, 3)),
        approval_seconds=draw(st.sampled_from((0, 72 * HOUR))),
    )
