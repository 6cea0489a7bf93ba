"""What a deploy came to, by its events."""

from __future__ import annotations

from datetime import date

from moyai.engine.stacks import Step
from moyai.errors import NOTHING_TOUCHED, ExitCode, OperationFailed, Refused
from moyai.operations.deploys.events import (
    DeployEvent,
    End,
    Interrupted,
    Phase,
    Planned,
    ResourceDone,
    StackEnded,
    StackMoved,
)
from moyai.operations.deploys.result import DeployResult
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
    assert str(error.what) == "1 failed: 2 2市\nrefused: 3 3市: why"
    assert str(error.touched) == "The other one was applied."


def test_the_last_plan_counts() -> None:
    found = result(plan(stack("1", "refused")), plan(stack("1")), ended("1"))
    assert found.error() is None


def test_what_failed_and_what_was_not_begun_are_told_apart() -> None:
    found = result(
        plan(stack("1"), stack("2"), stack("3"), stack("4")),
        ended("1"),
        ended("2", End.FAILED),
        ended("3", End.NOT_BEGUN),
        ended("4", End.NOT_BEGUN),
    )
    error = found.error()
    assert error is not None
    assert str(error.what) == "1 failed: 2 2市\n2 not begun: 3 3市, 4 4市"
    assert str(error.touched) == "The other one was applied."
    assert "Remove the cause" in str(error.remedy)
    only = result(plan(stack("1"), stack("3")), ended("1"), ended("3", End.NOT_BEGUN)).error()
    assert only is not None
    assert str(only.what) == "1 not begun: 3 3市"
    assert only.exit_code is ExitCode.FAILED
    assert "Remove the cause" not in str(only.remedy)


def test_nothing_is_said_of_no_others() -> None:
    failed = result(plan(stack("1")), ended("1", End.FAILED)).error()
    assert failed is not None
    assert failed.touched is None
    untouched = result(plan(stack("1")), ended("1", End.NOT_BEGUN)).error()
    assert untouched is not None
    assert untouched.touched == NOTHING_TOUCHED


def test_bodies_behind_a_foundation_that_failed_are_not_begun() -> None:
    found = result(
        plan(stack("shared"), stack("1"), stack("2", "none")), ended("shared", End.FAILED)
    )
    error = found.error()
    assert error is not None
    assert str(error.what) == "1 failed: shared shared市\n1 not begun: 1 1市"
    assert found.left == (stack("1"),)


def test_an_interrupt_before_anything_began_says_so() -> None:
    for found in (result(), result(plan(stack("1")))):
        error = found.cut_off()
        assert error.what.en == "interrupted."
        assert "nothing of any environment was touched" in str(error.touched)
        assert "goes on" in str(error.remedy)


def test_an_interrupt_half_way_says_what_was_done_and_what_was_not() -> None:
    moved = [StackMoved(name, f"{name}市", Phase.STACK) for name in "123"]
    found = result(plan(*map(stack, "1234")), *moved, ended("1"), ended("2", End.FAILED))
    error = found.cut_off()
    assert error.what.en == "interrupted.\n1 failed: 2 2市\n1 under way: 3 3市"
    assert str(error.touched) == "Applied: 1."


def test_an_interrupt_after_the_last_stack_is_told_too() -> None:
    error = result(plan(stack("1")), ended("1"), Interrupted()).error()
    assert error is not None
    assert error.exit_code is ExitCode.FAILED
    assert error.what.en == "interrupted."
    assert str(error.touched) == "Applied: 1."
