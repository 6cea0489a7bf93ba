"""What people read of a deploy."""

from __future__ import annotations

from datetime import date

import pytest

from moyai.engine.stacks import Step
from moyai.operations.deploys.events import End, Phase, StackEnded, StackMoved
from moyai.operations.deploys.result import DeployResult
from moyai.planning.plans import Plan, PlannedStack
from moyai.planning.topology import TENANT
from moyai.texts import same
from moyai_cli.progress import follow
from moyai_cli.render import Output
from moyai_cli.views.deploys import show_result
from moyai_cli.views.plans import show_plan

BUCKET, RULES = "aws:s3/bucket:Bucket", "aws:s3/bucketVersioning:BucketVersioning"


@pytest.fixture(autouse=True)
def english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("moyai_cli.language.LANG", "en")


def shown(
    capsys: pytest.CaptureFixture[str],
    *ended: StackEnded,
    planned: tuple[PlannedStack, ...] = (),
    refreshed: bool = False,
) -> list[str]:
    show_result(DeployResult(Plan(date(2026, 11, 23), (), planned), ended), refreshed=refreshed)
    return capsys.readouterr().out.splitlines()


def ended(
    steps: tuple[Step, ...] = (), drift: tuple[Step, ...] = (), end: End = End.DONE
) -> StackEnded:
    return StackEnded("272027", "岸和田市", end, steps=steps, drift=drift)


def test_nobody_selected_is_not_called_up_to_date(capsys: pytest.CaptureFixture[str]) -> None:
    assert shown(capsys) == ["No body is selected."]
    show_plan(Plan(date(2026, 11, 23), (), ()), Output.TABLE)
    assert capsys.readouterr().out == "No body is selected.\n"
    unchanged = PlannedStack(TENANT, "272027", "岸和田市", "none", ())
    assert shown(capsys, planned=(unchanged,)) == ["Nothing to do: everything is as the file says."]


def test_what_a_deploy_leaves_otherwise_than_the_file_is_told_as_by_status(
    capsys: pytest.CaptureFixture[str],
) -> None:
    note = same("eapp-b 1.1.0 is newer than the file's release, 1.0.0")
    newer = [
        PlannedStack(TENANT, f"27000{at}", f"団体{at}", "none", (), notes=(note,))
        for at in range(7)
    ]
    unchanged = PlannedStack(TENANT, "272027", "岸和田市", "none", ())
    first, second = shown(capsys, planned=(*newer, unchanged))
    assert first == "Nothing to deploy. Not as the file says, and not for a deploy to change:"
    assert second.startswith(f"{note.en} — 270000 団体0, ")
    assert second.endswith("270004 団体4 and 2 more")
    assert "岸和田市" not in second


def test_a_refresh_that_finds_nothing_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert shown(capsys, ended(), refreshed=True) == [
        "1 of 1 stack applied.",
        "What is live is as it was applied: nothing had drifted.",
    ]
    assert shown(capsys, ended()) == ["1 of 1 stack applied."]
    drift = (Step("update", BUCKET, "documents", ("tags",)),)
    assert shown(capsys, ended(drift=drift), refreshed=True) == [
        f"272027 岸和田市: {BUCKET} documents had drifted [tags]",
        "1 of 1 stack applied.",
    ]


def test_what_had_drifted_is_told_with_whether_it_was_mended(
    capsys: pytest.CaptureFixture[str],
) -> None:
    drift = (
        Step("delete", BUCKET, "documents"),
        Step("delete", RULES, "documents"),
        Step("delete", RULES, "backups"),
        Step("update", BUCKET, "backups", ("tags",)),
    )
    steps = (
        Step("create", BUCKET, "documents"),
        Step("create", RULES, "documents"),
        Step("update", BUCKET, "backups", ("tags",)),
    )
    head = "272027 岸和田市:"
    assert shown(capsys, ended(steps, drift))[:-1] == [
        f"{head} {BUCKET} documents was gone; made anew, empty",
        f"{head} {RULES} documents was gone; made anew",
        f"{head} {RULES} backups was gone",
        f"{head} {BUCKET} backups had drifted [tags]; put back",
    ]


def test_where_nothing_was_applied_no_nought_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert shown(capsys, ended(end=End.FAILED)) == []


def test_services_are_named_on_the_way(capsys: pytest.CaptureFixture[str]) -> None:
    moved = [
        StackMoved("272027", "岸和田市", Phase.HEALTH, service) for service in ("chat", "eapp-b")
    ]
    assert list(follow(moved)) == moved
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[-1] for line in lines] == ["chat", "eapp-b"]
