"""Plans as they are put together of tenants.yaml and of what would be done with each body."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path

import pytest
from tests.sample import lay_out

from moyai.errors import UsageError
from moyai.operations.fleet.assembling import Part, assemble
from moyai.operations.fleet.checking import plan_check
from moyai.operations.site.workspace import Workspace, open_workspace
from moyai.planning.fleet.durations import Measured
from moyai.planning.fleet.plans import OperationPlan
from moyai.planning.openings import ALWAYS, Calendar
from moyai.registry.operation_settings import Amount, OperationSettings, Tolerance, Wave

NOW = datetime(2026, 11, 26, 3, tzinfo=UTC)
DAY = NOW.date()
BY = "keikaku@jimukyoku.example.jp"


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    monkeypatch.setenv("MOYAI_HOME", str(tmp_path / "home"))
    return open_workspace(lay_out(tmp_path / "project"), "sandbox")


def test_a_check_is_one_wave_at_any_time_that_nothing_holds(workspace: Workspace) -> None:
    plan = plan_check(workspace, "all", DAY, by=BY)
    bodies = len(workspace.registry.tenants)
    [wave] = plan.waves
    assert (len(plan.bodies), wave.limits.tolerance, wave.limits.mode) == (bodies, bodies, "soft")
    assert (plan.approval_seconds, plan.same_errors) == (0, 0)
    assert all(body.calendar is None and not body.approves_itself for body in plan.bodies)
    assert plan.registry_sha256 == workspace.registry.sha256
    [kishiwada] = [body for body in plan.bodies if body.code == "272027"]
    assert kishiwada.change[0].en == "health check: chat, eapp-b"


def test_a_check_of_a_service_is_about_the_bodies_that_use_it(workspace: Workspace) -> None:
    plan = plan_check(workspace, "all", DAY, "chat", by=BY)
    using = {
        body.code
        for body in workspace.registry.tenants
        if (found := body.subscription("chat")) is not None and found.is_active(DAY)
    }
    assert {body.code for body in plan.bodies} == using
    assert (plan.subject, plan.parameters) == ("chat", {"service": "chat"})
    with pytest.raises(UsageError, match="did you mean chat"):
        plan_check(workspace, "all", DAY, "chatt", by=BY)
    with pytest.raises(UsageError, match="no body uses chat now"):
        plan_check(workspace, "273813", DAY, "chat", by=BY)


def assembled(workspace: Workspace, settings: OperationSettings, **more: object) -> OperationPlan:
    parts = [
        Part(body, "0" * 64, (), ("risky",) if number == 0 else ())
        for number, body in enumerate(workspace.registry.tenants[:10])
    ]
    return assemble(
        workspace,
        "upgrade",
        "chat 2.0.0",
        {},
        parts,
        BY,
        NOW,
        settings=settings,
        **more,  # type: ignore[arg-type]
    )


def test_waves_windows_and_limits_are_those_of_the_settings(workspace: Workspace) -> None:
    first = workspace.registry.tenants[3].code
    settings = OperationSettings(
        waves=(Wave("先行", select=first, soak_minutes=60), Wave("残り", rest=True)),
        max_concurrent=Amount(percent=Fraction(30)),
        failure_tolerance=Tolerance(Amount(2), "soft"),
        same_errors=5,
        approval_hours=48,
        bodies_approve=first,
    )
    plan = assembled(workspace, settings)
    assert [(wave.name, wave.soak_seconds) for wave in plan.waves] == [("先行", 3600), ("残り", 0)]
    assert plan.waves[1].limits.max_concurrent == 3
    assert (plan.same_errors, plan.approval_seconds) == (5, 48 * 3600)
    assert plan.bodies[0].code == first
    assert [body.approves_itself for body in plan.bodies] == [True, *[False] * 9]
    assert plan.bodies[1].risks == ("risky",)
    own = {body.code: body for body in workspace.registry.tenants}
    for body in plan.bodies:
        assert body.calendar is not None
        assert body.calendar.window == own[body.code].maintenance_window
        assert body.calendar.freezes == own[body.code].freezes


def test_what_needs_no_approval_asks_no_body_for_its_own(workspace: Workspace) -> None:
    settings = OperationSettings(bodies_approve="all")
    plan = assembled(workspace, settings, needs_approval=False, in_windows=False)
    assert plan.approval_seconds == 0
    assert not any(body.approves_itself or body.calendar for body in plan.bodies)


def test_changes_at_any_time_keep_each_body_to_its_freezes(workspace: Workspace) -> None:
    plan = assembled(workspace, OperationSettings(), in_windows=False)
    own = {body.code: body for body in workspace.registry.tenants}
    assert [body.calendar for body in plan.bodies] == [
        Calendar(ALWAYS, own[body.code].freezes) for body in plan.bodies
    ]
    exceptions = plan.parameters["exceptions"]
    assert isinstance(exceptions, tuple)
    assert "windows" in exceptions


def test_forecasts_are_measured_where_they_can_be(workspace: Workspace) -> None:
    codes = [body.code for body in workspace.registry.tenants[:10]]
    settings = OperationSettings(duration_minutes=7)
    assert {body.forecast_seconds for body in assembled(workspace, settings).bodies} == {420}
    history = [Measured("upgrade", "chat 1.0.0", codes[0], 90)]
    plan = assembled(workspace, settings, history=history)
    assert {body.forecast_seconds for body in plan.bodies} == {90}
    assert (
        assembled(workspace, replace(settings, duration_minutes=1)).bodies[0].forecast_seconds == 60
    )
