"""Before a body is upgraded it is asked again whom that leaves too far behind, and whether a restore counts."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import cast

import pytest
from tests.sample import SAMPLE
from tests.unit.planning.fleet.made_plans import body, plan, wave

from moyai.engine.stacks import StackId
from moyai.engine.state.records import StackRecord
from moyai.operations.kinds.kind import Moved, Unavailable, Work
from moyai.operations.kinds.site import SiteSource
from moyai.operations.kinds.upgrade import preflight
from moyai.operations.site.places import today
from moyai.planning.conditions import Condition
from moyai.planning.topology import TENANT
from moyai.registry.load import require
from moyai.texts import same

SERVICE = "eapp-b"
PLANNED = datetime.now(UTC) - timedelta(days=5)
SETTINGS = replace(require(SAMPLE).operations, max_releases_behind=0)
REGISTRY = replace(require(SAMPLE), operations=SETTINGS)
A, B, *_ = (
    one.code
    for one in REGISTRY.tenants
    if (found := one.subscription(SERVICE)) is not None and found.is_active(today())
)


class Site:
    """What is on record, of bodies whose environments are not asked here."""

    def __init__(self, **releases: str) -> None:
        self.workspace = SimpleNamespace(registry=REGISTRY)
        self.history = SimpleNamespace(older=lambda _: None)
        found = [
            StackRecord(StackId(TENANT, code[1:]), releases={SERVICE: release})
            for code, release in releases.items()
        ]
        self.state = SimpleNamespace(
            records=lambda _: tuple(found),
            recorded=lambda _: SimpleNamespace(condition=Condition.APPLIED),
        )

    def session(self) -> Site:
        return self


def looks(
    site: Site,
    monkeypatch: pytest.MonkeyPatch,
    *planned: str,
    verified: datetime | None = None,
    risks: tuple[str, ...] = (),
    approval_seconds: int = 0,
) -> None:
    """At A, which runs 1.0.0 and is what was planned."""
    given = {"service": SERVICE, "release": "1.1.0"}
    made = replace(
        plan([wave(1)], [replace(body(code), risks=risks) for code in planned]),
        parameters=given,
        planned_at=PLANNED,
        approval_seconds=approval_seconds,
    )
    change = SimpleNamespace(
        sha256=made.body(A).change_sha256,
        texts=made.body(A).change,
        before="1.0.0",
        stack=SimpleNamespace(action="update"),
        plan=SimpleNamespace(exceeded=(), foundation=()),
        contracts=False,
    )

    def asked(_: object) -> None:
        raise Unavailable(same("its environment is asked"))

    monkeypatch.setattr(preflight, "_change", lambda *_: change)
    monkeypatch.setattr(preflight.Subscribed, "inside", asked)
    work = Work(
        *("20261126-1", made, made.body(A), 1, "", {}),
        frozenset(f"{risk}:{A}" for risk in risks),
        verified=lambda _: verified,
    )
    preflight.Preflight(cast("SiteSource", site)).do(work)


def test_whom_an_upgrade_leaves_too_far_behind_since_it_was_planned_stops_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    site = Site(**{f"_{A}": "1.0.0", f"_{B}": "1.0.0"})
    with pytest.raises(Unavailable, match="1 other body would be more than 0 releases") as caught:
        looks(site, monkeypatch, A)
    assert B not in str(caught.value), "a body's record names no other body"
    with pytest.raises(Unavailable, match="its environment is asked"):
        looks(site, monkeypatch, A, B)


def test_who_catches_up_with_others_is_never_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    site = Site(**{f"_{A}": "1.0.0", f"_{B}": "1.1.0"})
    with pytest.raises(Unavailable, match="its environment is asked"):
        looks(site, monkeypatch, A)


def test_a_tried_restore_that_has_aged_since_the_plan_counts_no_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    site, limit = Site(**{f"_{A}": "1.0.0"}), timedelta(days=SETTINGS.verified_restore_days)
    with pytest.raises(Unavailable, match="that counted when this was planned is older"):
        looks(site, monkeypatch, A, verified=PLANNED - limit + timedelta(days=1))
    of_the_plan = (None, PLANNED - limit - timedelta(days=1), PLANNED - limit + timedelta(days=6))
    for verified in of_the_plan:
        with pytest.raises(Unavailable, match="its environment is asked"):
            looks(site, monkeypatch, A, verified=verified)


@pytest.mark.parametrize("days", [None, -1, 1])
def test_a_restore_that_was_never_tried_and_that_the_plan_leaves_out_moves_the_body(
    monkeypatch: pytest.MonkeyPatch, days: int | None
) -> None:
    site, limit = Site(**{f"_{A}": "1.0.0"}), timedelta(days=SETTINGS.verified_restore_days)
    seen = None if days is None else PLANNED - limit + timedelta(days=days)
    aged = days == 1
    with pytest.raises(Unavailable if aged else Moved, match="older than" if aged else "name that"):
        looks(site, monkeypatch, A, verified=seen, approval_seconds=3600)
    with pytest.raises(Unavailable, match="its environment is asked"):
        looks(
            *(site, monkeypatch, A),
            verified=seen,
            approval_seconds=3600,
            risks=("unverified-restore",),
        )
    with pytest.raises(Unavailable, match="its environment is asked"):
        looks(site, monkeypatch, A, verified=datetime.now(UTC), approval_seconds=3600)
