"""What plans are decided from, for tests: a small federation and records of it in any condition."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from datetime import UTC, date, datetime
from functools import cache
from typing import Any

from hypothesis import strategies as st
from made_registries import DAY, body, registry, sample

from moyai.planning.conditions import Recorded
from moyai.planning.decisions import Basis, make_plan, vanished
from moyai.planning.fingerprints import Surroundings
from moyai.planning.plans import PlannedStack
from moyai.planning.selectors import select_with
from moyai.registry.models import Isolation, Registry
from moyai.texts import Text

WHEN = datetime(2026, 11, 1, tzinfo=UTC)
GONE = ("272035", "272051")
"""Codes that are on record only."""
LEFT = ("cell-y", "cell-z")
"""Cells that are on record only."""
FEDERATION = registry(
    [
        body("271004"),
        body("272027"),
        body("272043", cell="b"),
        dataclasses.replace(body("271403"), isolation=Isolation.NETWORK),
    ],
    cells=("a", "b"),
)
CODES = tuple(one.code for one in FEDERATION.tenants)
AROUND = Surroundings(
    {"program": "p", "components": "c"},
    {"engine": "1"},
    {"shared": {"zone_id": "z"}, "cell-a": {"vpc_id": "vpc-a"}, "cell-b": {"vpc_id": "vpc-b"}},
)

Records = Mapping[str, Recorded]


def basis(
    federation: Registry = FEDERATION,
    selector: str = "all",
    *,
    foundation: Records | None = None,
    tenants: Records | None = None,
    day: date = DAY,
    today: date = DAY,
    **flags: bool,
) -> Basis:
    """A basis; nothing is on record where nothing is said."""
    tenants = tenants or {}
    selection = select_with(federation, vanished(federation, tenants.values()), selector, day)
    return Basis(
        registry=federation,
        site=sample().sites["sandbox"],
        selection=selection,
        day=day,
        today=today,
        foundation=foundation or {},
        tenants=tenants,
        under_foundation=AROUND,
        under_tenants=AROUND,
        **flags,
    )


def applied(stack: PlannedStack, **changes: Any) -> Recorded:
    """What is on record of a planned stack after it was applied."""
    found = Recorded(stack.name, stack.fingerprint, stack.releases, stack.facts, applied_at=WHEN)
    return dataclasses.replace(found, **changes)


@cache
def settled() -> tuple[Records, Records]:
    """The records of foundation and bodies, everything applied."""
    plan = make_plan(basis())
    return (
        {stack.name: applied(stack) for stack in plan.foundation},
        {stack.name: applied(stack) for stack in plan.tenants},
    )


def any_record(good: Recorded) -> st.SearchStrategy[Recorded]:
    """A record like a good one, in any condition and older in any part."""
    fingerprints = [good.fingerprint, {**good.fingerprint, "engine": "old"}, {}]
    releases = [good.releases, dict.fromkeys(good.releases, "0.9.0"), {}]
    facts = [good.facts, {**good.facts, "federation": "other"}, {}]
    why, doubt = Text("なくなった", "gone"), Text("疑わしい", "doubtful")

    def made(is_applied: bool, **values: Any) -> Recorded:
        values["rebuilt" if is_applied else "doubt"] = None
        return Recorded(good.name, applied_at=WHEN if is_applied else None, **values)

    return st.builds(
        made,
        st.booleans(),
        fingerprint=st.sampled_from(fingerprints),
        releases=st.sampled_from(releases),
        facts=st.sampled_from(facts),
        running_since=st.sampled_from([None, None, WHEN]),
        failure=st.sampled_from([None, None, Text("空きがない", "the disk is full")]),
        rebuilt=st.sampled_from([None, why]),
        doubt=st.sampled_from([None, doubt]),
    )


@st.composite
def bases(draw: st.DrawFn) -> Basis:
    """All bodies selected, with anything on record, and of a body that vanished too."""
    foundation, tenants = settled()
    cells = {c: dataclasses.replace(foundation["cell-a"], name=c) for c in LEFT}
    known = {**tenants, **{c: dataclasses.replace(tenants["271004"], name=c) for c in GONE}}

    def some(good: Records) -> dict[str, Recorded]:
        names = draw(st.lists(st.sampled_from(sorted(good)), unique=True))
        return {name: draw(any_record(good[name]) | st.just(good[name])) for name in names}

    return basis(
        foundation=some({**foundation, **cells}),
        tenants=some(known),
        refresh=draw(st.booleans()),
        check=draw(st.booleans()),
    )
