"""What a deploy came to, by its events."""

from __future__ import annotations

from datetime import date

from moyai.engine.stacks import Step
from moyai.errors import ExitCode, OperationFailed, Refused
from moyai.operations.deploy_events import (
    DeployEvent,
    End,
    Phase,
    Planned,
    ResourceDone,
    StackEnded,
    StackMoved,
)
from moyai.operations.deploy_result import DeployResult
from moyai.planning.plans import Plan, PlannedAction, PlannedStack
from moyai.planning.topology import FOUNDATION, TENANT
from moyai.texts import Text

WHY = Text("理由", "why")


def stack(name: str, action: PlannedAction = "update") -> PlannedStack:
    project = TENANT if name.isdigit() else FOUNDATION
    return PlannedStack(project, name, f"{name}市", action, (WHY,))


def plan(*stacks: PlannedStack) -> Planned:
    foundation = tuple(one for one in stacks if one.project == FOUNDATION)
    tenants = tuple(one for one in stacks if one.project == TENANT)
    return Planned(Plan(date(2026, 11, 23), foundation, tenants))


def ended(name: str, end: End = End.DONE) -> StackEnded:
    error = None if end is End.DONE else OperationFailed(WHY)
    return StackEnded(name, f"{name}市", end, error)


def result(*events: DeployEvent) -> DeployResult:
    found = DeployResult()
    for event in events:
        found = found.after(event)
    return found


def test_all_done_ends_without_an_error() -> None:
    step = Step("create", "t", "a")
    found = result(
        plan(stack("1"), stack("2", "none")),
        StackMoved("1", "1市", Phase.STACK),
        ResourceDone("1", step),
        ended("1"),
    )
    assert found.error() is None
    assert [one.subject for one in found.ended] == ["1"]


def test_failures_come_before_refusals() -> None:
    refused = stack("3", "refused")
    only_refused = result(plan(stack("1"), refused), ended("1")).error()
    assert isinstance(only_refused, Refused)
    assert "3 3市" in str(only_refused.what)
    error = result(
        plan(stack("1"), stack("2"), refused), ended("1"), ended("2", End.FAILED)
    ).error()
    assert error is not None
    assert error.exit_code is ExitCode.FAILED
    assert str(error.what) == "1 failed: 2 2市"
    assert str(error.touched) == "The other 1 were applied."


def test_the_last_plan_counts() -> None:
    found = result(plan(stack("1", "refused")), plan(stack("1")), ended("1"))
    assert found.error() is None
