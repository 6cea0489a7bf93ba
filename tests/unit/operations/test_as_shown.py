"""A body whose plan tells people otherwise, or does not ask for its own word, is not begun."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from tests.sample import SAMPLE

from moyai.json_value import JsonValue
from moyai.operations.kinds.as_shown import anew, hold_to_shown, not_as_begun, not_as_planned
from moyai.operations.kinds.kind import Moved, Work
from moyai.planning.fleet.marks import parameters_of
from moyai.planning.fleet.plans import Limits, OperationPlan, PlannedBody, PlannedWave
from moyai.planning.openings import Calendar
from moyai.registry.load import require
from moyai.registry.models import Registry
from moyai.texts import Text

FILE = require(SAMPLE)
OWN = replace(FILE, operations=replace(FILE.operations, bodies_approve="all"))
TOLD = Text("eapp-b 1.0.0 → 1.1.0", "eapp-b 1.0.0 → 1.1.0")


def work(*told: Text, approves_itself: bool = False) -> Work:
    one = FILE.tenants[0]
    body = PlannedBody(one.code, one.name, 1, "0" * 64, told, 60, None, (), approves_itself)
    wave = PlannedWave(1, "w", Limits(1, 0, "strict"), 0)
    plan = OperationPlan(
        *("upgrade", "eapp-b 1.1.0", {}, "sandbox", "", "a@example.jp"),
        *(datetime(2026, 11, 26, tzinfo=UTC), (wave,), (body,), 3, 3600),
    )
    return Work("20261126-1", plan, body, 1, "key", {}, frozenset())


def begins(registry: Registry, asked: Work, *told: tuple[Text, ...]) -> bool:
    try:
        hold_to_shown(registry, asked, *told)
    except Moved:
        return False
    return True


def test_what_was_read_is_what_is_done() -> None:
    assert begins(FILE, work(TOLD), (TOLD,))
    assert begins(FILE, work(TOLD))
    assert begins(OWN, work(TOLD, approves_itself=True), (TOLD,))
    assert not begins(OWN, work(TOLD), (TOLD,))


@pytest.mark.parametrize("told", [(), (Text("無害", "harmless"),), (TOLD, TOLD)])
def test_a_plan_that_tells_people_otherwise_is_not_begun(told: tuple[Text, ...]) -> None:
    with pytest.raises(Moved, match=r"What would be done: eapp-b 1\.0\.0 → 1\.1\.0"):
        hold_to_shown(FILE, work(*told), (TOLD,))


def test_a_plan_that_leaves_out_a_body_s_own_word_is_not_begun() -> None:
    with pytest.raises(Moved, match="the body's own approval"):
        hold_to_shown(OWN, work(TOLD), (TOLD,))


PLANNED = Text("eapp-b: タグが変わった", "eapp-b: the tags changed")


def marked(*told: Text, **marks: str) -> Work:
    """A body of which the plan says that, hashed of what has these marks."""
    one = work(*told)
    plan = replace(one.plan, parameters=parameters_of([marks]))
    return replace(one, plan=plan)


def said(moved: Moved) -> str:
    assert moved.what.ja != moved.what.en
    return moved.what.en.partition("any more")[2].strip(". ")


def test_what_differs_from_the_plan_is_told_and_not_what_is_the_same() -> None:
    asked = marked(TOLD, PLANNED, health="1", migrations="1")
    now = {"health": "1"}
    assert said(not_as_planned(asked, (TOLD,), now)) == (
        "in the plan, and not any more: eapp-b: the tags changed"
    )
    more = Text("移行", "a migration")
    assert said(not_as_planned(asked, (TOLD, PLANNED, more), now)) == "not in the plan: a migration"
    both = said(not_as_planned(asked, (PLANNED,), {"health": "2", "migrations": "3"}))
    assert both == (
        "in the plan, and not any more: eapp-b 1.0.0 → 1.1.0. the same in words, and another in content: "
        "the health check; the text of migrations"
    )


@pytest.mark.parametrize(
    ("then", "now", "told"),
    [
        ({"migrations": "1"}, {"migrations": "2"}, "the text of migrations"),
        ({"part:tags": "1"}, {"part:tags": "2"}, "the tags changed"),
        (
            {"files:chat": "1"},
            {"files:chat": "2"},
            "chat: a migration, the health check or the manifest",
        ),
        ({}, {"migrations": "2"}, "files or code behind it are others"),
        ({"health": "1"}, {"migrations": "2"}, "files or code behind it are others"),
        ({"migrations": "1"}, {"migrations": "1"}, "files or code behind it are others"),
    ],
)
def test_where_the_words_are_the_same_it_says_what_of_it_is_not(
    then: dict[str, str], now: dict[str, str], told: str
) -> None:
    found = said(not_as_planned(marked(TOLD, **then), (TOLD,), now))
    assert found.endswith(told)
    assert "eapp-b 1.0.0" not in found, "the plan's own words say nothing"


def test_of_a_body_that_was_begun_what_may_be_done_by_now_is_no_difference() -> None:
    asked = marked(TOLD, **{"health": "1", "part:tags": "1", "action": "1"})
    assert not_as_begun(asked, {"part:tags": "2"}).what.en.endswith(": the tags changed")
    assert "its environment" in not_as_begun(asked, {"part:network": "2", "action": "2"}).what.en
    assert not_as_begun(asked, {"health": "2"}).what.en.endswith(": the health check")
    assert "its environment" in not_as_begun(asked, {"health": "1"}).what.en


@pytest.mark.parametrize("marks", [3, [], {"health": 3}, {"health": None}, {"x": ["1"]}])
def test_a_plan_without_marks_says_that_something_is_another(marks: JsonValue) -> None:
    one = work(TOLD)
    plan = replace(one.plan, parameters={"marks": marks})
    assert "are others" in said(not_as_planned(replace(one, plan=plan), (TOLD,), {"health": "1"}))


def test_what_has_moved_is_planned_anew_by_the_very_command() -> None:
    one = work(TOLD)
    code = one.body.code

    def command(
        kind: str, subject: str, calendar: Calendar | None = None, **given: JsonValue
    ) -> str:
        body = replace(one.body, calendar=calendar)
        plan = replace(one.plan, kind=kind, subject=subject, parameters=given)
        told = anew(replace(one, plan=plan, body=body))
        assert f"moyai operation retry 20261126-1 {code}" in told.ja
        found = re.match(
            r"Plan this body anew( with (?P<command>.*))?, and have that approved", told.en
        )
        assert found is not None
        return str(found["command"])

    own = Calendar(FILE.tenants[0].maintenance_window, ())
    assert command("upgrade", "eapp-b 1.1.0") == f"moyai upgrade eapp-b 1.1.0 {code} --any-time"
    assert command("upgrade", "chat 2.0.0", own, soak_seconds=60) == (
        f"moyai upgrade chat 2.0.0 {code} --soak 60"
    )
    assert command("deploy", "", own) == f"moyai deploy {code} --by-workers"
    assert command("rotate", "database-passwords", own) == f"moyai rotate database-passwords {code}"
    edits = ({"key": "name", "value": "a b"}, {"key": "tags.x", "value": None})
    assert command("edit", "堺市", own, code=code, edits=edits) == (
        f"moyai tenant edit {code} --set 'name=a b' --unset tags.x --propose"
    )
    assert command("edit", "堺市", own, code="other", edits=edits) == "None"


def test_marks_that_bodies_have_each_of_their_own_are_left_out_of_a_plan() -> None:
    bodies = [{"health": str(at % 2), "part:network": str(at)} for at in range(20)]
    assert parameters_of(bodies) == {"marks": {"health": ("0", "1")}}
    assert parameters_of([]) == {}
