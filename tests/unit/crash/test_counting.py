"""What crash campaigns count from outside: each kind of wrong is seen where it is, and nowhere else."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from tests.crash.operations.campaign import Outcome
from tests.crash.operations.check import Findings
from tests.crash.operations.page import page
from tests.crash.operations.report import outcomes_of, report
from tests.crash.sandbox.counting import (
    QUIET,
    Span,
    check_actions,
    check_backups,
    check_bound,
    check_held,
    check_migrations,
    check_requests,
    check_untouched,
    closed_spans,
    without,
)
from tests.crash.sandbox.recorder import Request
from tests.crash.sandbox.releases import migrations
from tests.crash.sandbox.rotation import check_asked
from tests.crash.sandbox.witness import Seen

from moyai.texts import Text

CODE, FAMILY, NUMBER = "272035", "osaka-272035-eapp-a", 7
EXPAND, CONTRACT = migrations(NUMBER).values()
CLOSE = 'ALTER TABLE "public"."procedure" ENABLE ALWAYS TRIGGER "moyai_writes_closed"'
OPEN = 'ALTER TABLE "public"."procedure" DISABLE TRIGGER "moyai_writes_closed"'


def _request(action: str, path: str = "/?", status: int = 200, **given: str) -> Request:
    return Request(1.0, 2.0, "ecs", action, path, given, status)


def _registered(release: str, status: int = 200, number: int = 8) -> Request:
    """As revision `number`; 7 is that of the release before."""
    found = _request(
        "RegisterTaskDefinition",
        status=status,
        family=FAMILY,
        image=f"there/moyai-eapp-a:{release}",
    )
    return replace(found, revision=number if found.done else None)


def _manifest(attempt: int) -> Request:
    path = f"/osaka-272035-backups/backups/eapp-a/20261126T183502Z-20261126-3-{attempt}.json?"
    return _request("PUT", path)


def _life(*words: str) -> list[Seen]:
    """Statements, each committed by itself, a second after the other."""
    texts = [f"-- phase: expand\n{one};\n" if "COLUMN" in one else one for one in words]
    return [
        Seen(at, float(at), str(at), "eapp_a_272035_owner", "ALTER TABLE", text)
        for at, text in enumerate(texts)
    ]


def _gone(number: int) -> Request:
    arn = f"arn:aws:ecs:ap-northeast-1:123456789012:task-definition/{FAMILY}:{number}"
    return _request("DeregisterTaskDefinition", taskDefinition=arn)


def _wrong(look: Callable[[Findings], object]) -> set[str]:
    found = Findings()
    look(found)
    return {name for name, many in found.counts().items() if many}


@pytest.mark.parametrize(
    ("asked", "wrong"),
    [
        ([_registered("1.7.0")], set()),
        ([_registered("1.7.0"), _registered("1.6.0"), _registered("1.7.0")], set()),
        ([_registered("1.7.0", 500), _registered("1.7.0")], set()),
        ([_registered("1.7.0"), _request("RunTask"), _request("UpdateService")], set()),
        ([_registered("1.7.0"), _registered("1.7.0")], {"duplicates"}),
        ([_registered("1.7.0"), _gone(8), _registered("1.7.0", number=9), _gone(7)], set()),
        (
            [_registered("1.7.0"), _gone(7), _registered("1.7.0", number=9), _gone(8)],
            {"duplicates"},
        ),
        # One more of an operation before, as whoever asked for it was killed, goes meanwhile.
        ([_gone(6), _registered("1.7.0"), _gone(8), _registered("1.7.0", number=9)], set()),
        ([], {"lost"}),
        ([_registered("1.7.0"), _registered("1.6.0")], set()),
        ([_registered("1.6.0")], {"lost"}),
        ([_registered("1.7.0"), _request("CreateSecret", Name="a")], {"duplicates"}),
    ],
)
def test_a_task_definition_is_made_once_each_way(asked: Sequence[Request], wrong: set[str]) -> None:
    assert _wrong(lambda found: check_requests(FAMILY, "1.7.0", asked, found)) == wrong


def test_what_an_undisturbed_upgrade_changes_is_all_that_any_may_change() -> None:
    asked = [_request(action) for action in ("RunTask", *QUIET, "PUT")]
    for quiet in (True, False):
        assert not _wrong(partial(check_actions, CODE, asked, quiet=quiet))
    twice = [*asked, *asked]
    assert not _wrong(partial(check_actions, CODE, twice))
    assert _wrong(partial(check_actions, CODE, twice, quiet=True)) == {"untrue"}
    more = [*asked, _request("PutParameter")]
    assert _wrong(partial(check_actions, CODE, more)) == {"duplicates"}


@pytest.mark.parametrize(
    ("attempts", "wrong"), [([1], set()), ([1, 2], set()), ([1, 1], {"duplicates"}), ([], {"lost"})]
)
def test_an_attempt_has_one_backup(attempts: Sequence[int], wrong: set[str]) -> None:
    asked = [_manifest(one) for one in attempts]
    assert _wrong(lambda found: check_backups(CODE, "20261126-3", asked, found)) == wrong


@pytest.mark.parametrize(
    ("lives", "wrong"),
    [
        ([_life(EXPAND, CONTRACT)], set()),
        ([_life(EXPAND, EXPAND, CONTRACT)], {"duplicates"}),
        ([_life(EXPAND)], {"lost"}),
        ([_life(EXPAND, CONTRACT), _life(EXPAND, CONTRACT)], set()),
    ],
)
def test_a_database_has_each_migration_once(lives: Sequence[list[Seen]], wrong: set[str]) -> None:
    assert _wrong(lambda found: check_migrations(CODE, NUMBER, lives, found)) == wrong


@pytest.mark.parametrize(
    ("words", "spans", "wrong"),
    [
        ((CLOSE, CLOSE, EXPAND, CONTRACT, OPEN, OPEN), 1, set()),
        ((CLOSE, EXPAND, OPEN, CLOSE, CONTRACT, OPEN), 2, set()),
        ((CLOSE, OPEN, EXPAND), 1, {"untrue"}),
        ((CLOSE, EXPAND), 0, {"untrue"}),
    ],
)
def test_nothing_is_migrated_while_writes_are_open(
    words: tuple[str, ...], spans: int, wrong: set[str]
) -> None:
    found = Findings()
    assert len(closed_spans(CODE, NUMBER, [_life(*words)], found)) == spans
    assert {name for name, many in found.counts().items() if many} == wrong


@pytest.mark.parametrize(("bound", "wrong"), [(2, set()), (1, {"over_concurrency"})])
def test_bodies_with_closed_writes_are_counted_at_each_moment(bound: int, wrong: set[str]) -> None:
    spans = [Span("1", 0, 5), Span("2", 4, 9), Span("3", 9, 12)]
    assert _wrong(lambda found: check_bound(spans, bound, found)) == wrong


def test_a_body_that_is_held_has_no_place_among_those_in_hand() -> None:
    held = [Span("1", 6, 8), Span("1", 2, 4)]
    kept = [*without(Span("1", 0, 7), held)]
    assert kept == [Span("1", 0, 2), Span("1", 4, 6)]
    assert [*without(Span("1", 2, 3), held)] == []
    assert [*without(Span("1", 8, 9), held)] == [Span("1", 8, 9)]


def test_nobody_is_at_a_body_that_is_held() -> None:
    life = _life(CLOSE, EXPAND)
    assert not _wrong(lambda found: check_held(CODE, [Span(CODE, 1, 9)], [life], found))
    assert _wrong(lambda found: check_held(CODE, [Span(CODE, 0, 9)], [life], found)) == {"untrue"}


def test_nothing_may_be_changed_of_a_body_whose_window_is_shut() -> None:
    assert not _wrong(lambda found: check_untouched(CODE, [], [[]], found))
    anchored = _request("PUT", "/osaka-shared-trail/audit/anchors/body:272035/1.json")
    assert not _wrong(lambda found: check_untouched(CODE, [anchored], [[]], found))
    asked = [_request("UpdateService")]
    assert _wrong(lambda found: check_untouched(CODE, asked, [[]], found)) == {"out_of_window"}
    life = _life(CLOSE)
    assert _wrong(lambda found: check_untouched(CODE, [], [life], found)) == {"out_of_window"}


def _rotated(
    *changes: str, begun: int = 1, uses: Sequence[str] = ("owner", "app")
) -> list[Request]:
    """`put:1` puts version 1 of both secrets, `now:1` makes it the current one."""
    asked = [_request("UpdateService", service=FAMILY)] * begun
    for change in changes:
        what, _, version = change.partition(":")
        for use in uses:
            given = {"SecretId": f"arn:aws:secretsmanager:x:1:secret:moyai/{CODE}/eapp-a/{use}-Ab1"}
            if what == "put":
                asked.append(_request("PutSecretValue", ClientRequestToken=version, **given))
            else:
                moved = {"VersionStage": "AWSCURRENT", "MoveToVersionId": version}
                asked.append(_request("UpdateSecretVersionStage", **moved, **given))
    return asked


@pytest.mark.parametrize(
    ("asked", "attempts", "wrong"),
    [
        (_rotated("put:1", "now:1"), 1, set()),
        (_rotated("put:1", "now:1", "now:0", "put:2", "now:2", begun=3), 2, set()),
        (_rotated("put:1", "put:1", "now:1"), 1, {"duplicates"}),
        (_rotated("put:1", "put:2", "now:2"), 1, {"duplicates"}),
        (_rotated("put:1", "now:1", "now:1"), 1, {"duplicates"}),
        (_rotated("put:1", "now:1", "now:0"), 2, {"lost"}),
        (_rotated("put:1"), 1, {"lost"}),
        (_rotated("put:1", "now:1", uses=("app",)), 1, {"duplicates", "lost"}),
        (_rotated("put:1", "now:1", begun=2), 1, {"duplicates"}),
        (_rotated("put:1", "now:1", begun=0), 1, {"duplicates"}),
        ([*_rotated("put:1", "now:1"), _request("CreateSecret", Name="a")], 1, {"duplicates"}),
    ],
)
def test_a_rotation_gives_each_secret_one_password_an_attempt(
    asked: Sequence[Request], attempts: int, wrong: set[str]
) -> None:
    assert _wrong(lambda found: check_asked(CODE, attempts, asked, found)) == wrong


def test_a_request_is_a_bodys_by_its_code_alone() -> None:
    assert _registered("1.7.0").is_about(CODE)
    assert not _registered("1.7.0").is_about("72035")
    assert not _request("PUT", "/osaka-9272035/a").is_about(CODE)


def test_campaigns_are_read_again_from_their_report(tmp_path: Path) -> None:
    found = Findings(lost=["one"])
    outcomes = [
        Outcome("workers", 3, 5, 1.5, 4, 0, 1, (0.5, 2.0), found, {"done": 5}, "", {"worker": 4}),
        Outcome(
            *("sandbox-all", 3, 2, 9.5, 6, 1, 0, (), Findings(), {"done": 2}, "", {"job": 6}),
            {"set-up": 10.5, "carrying": 8.0},
        ),
    ]
    path = tmp_path / "report.json"
    assert outcomes_of(path) == []
    path.write_text(json.dumps(report(outcomes)))
    assert report(outcomes_of(path)) == report(outcomes)
    assert report(outcomes)["killed"] == {"job": 6, "worker": 4}
    for language in ("ja", "en"):
        told = page(json.loads(path.read_text()), Text("", ""), language)
        assert "| `workers` | 1 | 5 | 4 | 160.0 | 0 | 1 | 1.25 |" in told
        assert "| `sandbox-all` | 1 | 2 | 6 | 18.0 | 1 |" in told
        assert "| `lost` | 1 |" in told
        assert "- `lost`: one" in told
