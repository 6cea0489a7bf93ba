"""Which bodies are in hand, by the steps on record; and what a kind's step does while somebody is at a body."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from tests.sample import SAMPLE
from tests.unit.planning.fleet.made_plans import plan

from moyai.engine.stacks import StackId
from moyai.operations.database.in_hand import Entry, found_in
from moyai.operations.database.left import StepRecord
from moyai.operations.kinds.site import SiteSource
from moyai.operations.kinds.table import KINDS
from moyai.operations.kinds.upgrade.back import back_steps
from moyai.operations.site.hand_notes import HandNote, forget, note, noted
from moyai.operations.site.turns import Turns
from moyai.planning.fleet.plans import PlannedBody
from moyai.planning.fleet.step_names import STEPS, changes

CODE = "272027"
STACK = StackId("moyai-tenant", CODE)
UPGRADE = Entry("op1", "upgrade", "eapp-b 1.2.0", "k@example.jp", CODE, "running", 1, ())


def begun(
    *names: str, attempt: int = 1, last: str = "intended"
) -> tuple[tuple[int, StepRecord], ...]:
    """Steps one after another; the last has not ended."""
    statuses = ["done"] * (len(names) - 1) + [last]
    return tuple(
        (attempt, StepRecord(name, at, status, {}))
        for at, (name, status) in enumerate(zip(names, statuses, strict=True), 1)
    )


def test_what_steps_are_called_and_which_change_something_is_as_the_kinds_say() -> None:
    source = SiteSource(SAMPLE, "sandbox")
    body = PlannedBody(CODE, "a", 1, "", (), 60, None)
    for name, make in KINDS.items():
        given = {"services": {CODE: ("chat", "eapp-b")}}
        made = replace(plan((), (body,)), kind=name, parameters=given)
        for step in (*make(source).steps(made, body), *back_steps(source)):
            assert changes(step.name) == (not step.only_reads), (name, step.name)
            known = STEPS[step.name.partition(":")[0]].title
            assert known.ja == step.title.ja or ":" in step.name, (name, step.name)
            assert known.ja in step.title.ja, (name, step.name)


def test_a_body_is_in_hand_from_its_first_change() -> None:
    assert found_in([replace(UPGRADE, steps=begun("preflight"))]) == {}
    [found] = found_in([replace(UPGRADE, steps=begun("preflight", "close-writes"))]).values()
    assert (found.operation, found.step, found.is_running) == ("op1", "close-writes", True)
    [found] = found_in(
        [replace(UPGRADE, steps=begun("preflight", "close-writes", "-close-writes"))]
    ).values()
    assert found.step == "-close-writes"


@pytest.mark.parametrize("status", ["held", "waiting", "moved", "cancelled"])
def test_a_body_whose_writes_are_closed_is_in_hand_whoever_is_at_it(status: str) -> None:
    steps = begun("preflight", "close-writes", "backup")
    [found] = found_in([replace(UPGRADE, status=status, steps=steps)]).values()
    assert (found.step, found.is_running) == ("backup", False)


@pytest.mark.parametrize("kind", ["deploy", "edit", "backup"])
def test_a_deploy_that_was_held_leaves_nothing_half_way(kind: str) -> None:
    steps = begun("preflight", "deploy", last="failed")
    assert found_in([replace(UPGRADE, kind=kind, status="held", steps=steps)]) == {}


def test_what_is_taken_back_is_nobodys() -> None:
    steps = begun("preflight", "close-writes", "-close-writes", last="done")
    assert found_in([replace(UPGRADE, status="failed", steps=steps)]) == {}


def test_what_a_later_operation_brought_to_its_end_is_not_half_way() -> None:
    left = replace(UPGRADE, status="held", steps=begun("preflight", "close-writes"), changed_at=1.0)
    done = replace(
        *(UPGRADE,),
        operation="op2",
        status="done",
        steps=begun("preflight", "close-writes", "open-writes", last="done"),
        changed_at=2.0,
    )
    assert found_in([done, left]) == {}
    assert found_in([done, replace(left, changed_at=3.0)])[CODE].operation == "op1"
    chat = replace(done, subject="chat 1.1.0")
    assert found_in([left, chat])[CODE].operation == "op1", "the other service is half-way still"


def test_a_rotation_is_half_way_between_two_passwords() -> None:
    one = replace(UPGRADE, kind="rotate", status="held")
    assert found_in([replace(one, steps=begun("preflight", "new:chat"))]) == {}
    assert CODE in found_in([replace(one, steps=begun("preflight", "new:chat", "set:chat"))])


def test_a_note_is_there_until_it_is_forgotten(tmp_path: Path) -> None:
    told = HandNote("op1", "upgrade", "eapp-b 1.2.0", "k@example.jp", "stack")
    assert noted(tmp_path, STACK) is None
    note(tmp_path, STACK, told)
    assert noted(tmp_path, STACK) == told
    forget(tmp_path, STACK)
    assert noted(tmp_path, STACK) is None
    forget(tmp_path, STACK)


def test_who_only_looks_whether_a_turn_is_free_takes_none(tmp_path: Path) -> None:
    one, other = Turns(tmp_path), Turns(tmp_path)
    assert other.is_free(STACK)
    assert one.take(STACK)
    assert not other.is_free(STACK)
    one.end(STACK)
    assert other.is_free(STACK)
    assert one.take(STACK)


@pytest.mark.parametrize("last", ["open-writes", "back-open-writes"])
def test_a_body_whose_writes_were_opened_is_not_half_way(last: str) -> None:
    """Held by the look after its wave's soak, say."""
    steps = begun("preflight", "close-writes", last, last="done")
    assert found_in([replace(UPGRADE, status="held", steps=steps)]) == {}
    begun_only = begun("preflight", "close-writes", last)
    assert CODE in found_in([replace(UPGRADE, status="held", steps=begun_only)])
