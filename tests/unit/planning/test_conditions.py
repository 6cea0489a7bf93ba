"""What condition a stack on record is in, and what status that is."""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

sys.path.insert(0, str(Path(__file__).parent))

from plan_bases import WHEN, bases, basis, settled

from moyai.planning.conditions import Condition, Recorded
from moyai.planning.decisions import Basis, make_plan
from moyai.planning.statuses import Status, TenantStatus, statuses_of
from moyai.texts import Text, same

CODE = "272027"
NO_DISK = same("no disk")
WHY = Text("なくなった", "gone")


def status_of(found: Basis, code: str = CODE) -> TenantStatus:
    [one] = [one for one in statuses_of(found) if one.code == code]
    return one


@pytest.mark.parametrize(
    ("changes", "condition", "status", "reason"),
    [
        ({"applied_at": None}, Condition.ABSENT, "absent", "there is no environment yet"),
        ({"applied_at": WHEN}, Condition.APPLIED, "current", None),
        ({"applied_at": WHEN, "doubt": WHY}, Condition.DOUBTFUL, "unknown", "gone"),
        ({"failure": NO_DISK}, Condition.FAILED, "failed", "no disk"),
        ({"applied_at": WHEN, "failure": NO_DISK, "doubt": WHY}, None, "failed", "no disk"),
        ({"running_since": WHEN}, Condition.UNFINISHED, "unknown", "a run begun at 2026-11-01"),
        ({"failure": NO_DISK, "running_since": WHEN}, Condition.FAILED, "failed", "no disk"),
        ({"rebuilt": WHY, "failure": NO_DISK}, Condition.REBUILT, "unknown", "gone"),
    ],
)
def test_a_record_is_judged_once_for_plans_and_statuses(
    changes: dict[str, Any], condition: Condition | None, status: Status, reason: str | None
) -> None:
    foundation, tenants = settled()
    record = dataclasses.replace(tenants[CODE], applied_at=None)
    record = dataclasses.replace(record, **changes)
    assert condition in (None, record.condition)
    found = basis(foundation=foundation, tenants={**tenants, CODE: record})
    one = status_of(found)
    assert one.status == status
    assert [words.en[: len(reason or "")] for words in one.reasons] == ([reason] * bool(reason))
    [stack] = [stack for stack in make_plan(found).tenants if stack.name == CODE]
    assert (stack.action == "none") is (status == "current")


@settings(deadline=None)
@given(bases())
def test_unknown_is_never_shown_as_fine(found: Basis) -> None:
    planned = {stack.name: stack for stack in make_plan(found).tenants}
    for one in statuses_of(found):
        record = found.tenants.get(one.code, Recorded(one.code))
        stack = planned[one.code]
        assert (one.status == "orphaned") is stack.has_vanished
        if one.status == "current":
            assert record.condition is Condition.APPLIED
            assert stack.action == "none"
        else:
            assert one.reasons
        if one.status == "absent":
            assert record.is_new


def test_bodies_on_a_foundation_that_failed_are_unknown() -> None:
    foundation, tenants = settled()
    failed = dataclasses.replace(foundation["cell-b"], failure=same("the disk is full"))
    found = basis(foundation={**foundation, "cell-b": failed}, tenants=tenants)
    one = status_of(found, "272043")
    assert one.status == "unknown"
    assert [why.en for why in one.reasons] == ["foundation cell-b: the disk is full"]
    assert status_of(found).status == "current"
