"""An operation whose approval runs out before its window: in lists, shown, watched, approved."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from tests.unit.planning.fleet.made_plans import HOUR, PLANNED, WEEKEND, body, plan, wave

from moyai.operations.database.rows import (
    ApprovalRow,
    BodyRow,
    OperationRow,
    OperationView,
    WaveRow,
)
from moyai.operations.fleet.reach import reach
from moyai.texts import Text
from moyai_cli.render import Output
from moyai_cli.views.operation_asked import show_approved
from moyai_cli.views.operation_list import show_list
from moyai_cli.views.operation_watch import _Teller
from moyai_cli.views.operations import show_operation

SIGNED = PLANNED - timedelta(hours=14)
"""Wednesday, 20:00 in Japan."""


def approved(
    statuses: Mapping[str, str], signed: datetime = SIGNED, status: str = "running"
) -> OperationView:
    """One that waits for the weekend, its plan approved for 72 hours."""
    made = plan([wave(1)], [body(code, calendar=WEEKEND) for code in statuses])
    made = replace(made, planned_at=SIGNED, approval_seconds=72 * HOUR)
    ended = PLANNED if status == "done" else None
    row = OperationRow(
        *("20261125-1", "upgrade", "eapp-a 1.1.0", "sandbox", status, None, "run"),
        *("0" * 64, "a@example.jp", SIGNED, SIGNED, ended, {"waiting": len(statuses)}),
    )
    bodies = tuple(
        BodyRow(code, f"団体{code}", 1, one, None, 0, None, None, None, None, None)
        for code, one in statuses.items()
    )
    said = ApprovalRow("plan", "b@example.jp", "0" * 64, "", signed, signed)
    waves = (WaveRow(1, "第1", "running", None, SIGNED, None, None),)
    return OperationView(row, made, None, {}, waves, bodies, (said,), PLANNED)


def test_who_shows_it_is_told_whom_the_approval_on_record_does_not_reach(
    capsys: pytest.CaptureFixture[str],
) -> None:
    made = approved({"a": "waiting", "b": "done"})
    show_operation(made, (), 1, Output.TABLE)
    told = capsys.readouterr().out
    assert "the approval holds until 2026-11-28 20:00:00 JST, and 1 body is foreseen" in told
    assert "approve it again before 2026-11-28 22:00:00 JST" in told
    show_operation(made, (), 1, Output.JSON)
    early = json.loads(capsys.readouterr().out)["approval_ends_before"]
    assert (early["is_given"], early["until"]) == (True, "2026-11-28T11:00:00+00:00")
    assert [one["code"] for one in early["bodies"]] == ["a"]


def test_nothing_is_said_where_it_reaches_nothing_waits_or_it_has_ended(
    capsys: pytest.CaptureFixture[str],
) -> None:
    for made in (
        approved({"a": "waiting"}, PLANNED - timedelta(hours=2)),
        approved({"a": "running"}),
        approved({"a": "waiting"}, status="done"),
    ):
        assert reach(made) is None
        show_operation(made, (), 1, Output.JSON)
        assert json.loads(capsys.readouterr().out)["approval_ends_before"] is None


def test_an_approval_that_does_not_count_is_taken_as_not_given() -> None:
    found = reach(approved({"a": "waiting"}), ["plan"])
    assert found is None, "one given now, ten hours later, reaches"


def test_a_list_says_it_of_what_waits(capsys: pytest.CaptureFixture[str]) -> None:
    made = approved({"a": "waiting"})
    early = reach(made)
    assert early is not None
    row = replace(made.row, reason=Text("待", "waits"))
    show_list([row], {row.id: (made.waves, made.bodies)}, Output.JSON, {row.id: early})
    (record,) = json.loads(capsys.readouterr().out)
    assert record["approval_ends_before"]["subjects"] == ["plan"]
    show_list([row], {}, Output.TABLE, {row.id: early})
    told = " ".join(capsys.readouterr().out.split())
    assert "its approval holds until" in told


def test_who_watches_is_told_once_and_anew_when_it_changes(
    capsys: pytest.CaptureFixture[str],
) -> None:
    teller, made = _Teller(), approved({"a": "waiting"})
    teller.tell(made, 1)
    assert "the approval holds until" in capsys.readouterr().out
    teller.tell(replace(made, now=PLANNED + timedelta(minutes=2)), 1)
    assert capsys.readouterr().out == ""
    again = replace(made.approvals[0], signed_at=PLANNED, received_at=PLANNED)
    teller.tell(replace(made, approvals=(*made.approvals, again)), 1)
    assert reach(replace(made, approvals=(*made.approvals, again))) is None
    assert capsys.readouterr().out == ""


def test_who_approves_is_told_last_whom_it_does_not_reach(
    capsys: pytest.CaptureFixture[str],
) -> None:
    made = approved({"a": "waiting"})
    early = reach(made, ["plan"], {"plan": SIGNED + timedelta(hours=72)})
    show_approved(made, Text("記録", "on record"), early, Output.TABLE)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "on record"
    assert lines[-1].startswith("approve it again before 2026-11-28 22:00:00 JST")
    show_approved(made, Text("記録", "on record"), None, Output.JSON)
    assert json.loads(capsys.readouterr().out)["approval_ends_before"] is None
