"""Each is told of what concerns it, and of nothing of others."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.operations.notices.scenes import (
    ERROR,
    KISHIWADA,
    OSAKA,
    SAKAI,
    SMTP,
    TODAY,
    a_plan,
    audiences,
    happened,
    operator,
    registry,
    sample,
    scene,
    told,
    with_approver,
)

from moyai.operations.notices.audiences import notices
from moyai.registry.models import Role
from moyai.registry.operation_settings import Event, Notifications

PLANNER, APPROVER = "operator:keikaku@jimukyoku.example.jp", "operator:shonin@jimukyoku.example.jp"


def test_a_held_body_is_told_to_operators_and_to_itself() -> None:
    found = told(happened(Event.BODY_HELD, OSAKA, status="held", error=ERROR))
    assert audiences(found) == [PLANNER, APPROVER, f"body:{OSAKA}"]
    assert [one.channel for one in found[3:]] == ["webhook", "sns"]


def test_nobody_is_told_where_nothing_is_set() -> None:
    by = registry(Notifications())
    assert told(happened(Event.DONE, status="done"), by=by) == ()


@pytest.mark.parametrize("event", list(Event))
def test_only_the_events_of_a_list_are_told(event: Event) -> None:
    others = tuple(one for one in Event if one is not event)
    by = registry(Notifications(SMTP, operators=others, bodies=others))
    one = happened(event, OSAKA, status="held", subjects=("plan",), reason=ERROR["what"])
    assert told(one, by=by) == ()


def test_approval_is_asked_of_approvers_other_than_the_planner() -> None:
    people = (
        operator("keikaku@jimukyoku.example.jp", Role.APPROVER),
        operator("other@example.jp", Role.APPROVER),
        operator("worker@example.jp", Role.OPERATOR),
    )
    one = happened(Event.APPROVAL_WANTED, subjects=("plan",))
    assert audiences(told(one, by=registry(operators=people))) == ["operator:other@example.jp"]


@pytest.mark.parametrize("role", [Role.VIEWER, Role.AUDITOR])
def test_who_may_do_nothing_is_told_nothing(role: Role) -> None:
    by = registry(operators=(operator("a@example.jp", role),))
    assert audiences(told(happened(Event.WAVE_HELD, wave=1), scene(_271004="done"), by))[:1] != [
        "operator:a@example.jp"
    ]


def test_an_operator_whose_rights_have_ended_is_told_nothing() -> None:
    by = registry(operators=(operator("a@example.jp", Role.APPROVER, until=date(2026, 11, 25)),))
    found = told(happened(Event.BODY_HELD, OSAKA, status="held"), by=by)
    assert audiences(found) == [f"body:{OSAKA}"]


def test_an_operator_hears_of_own_bodies_alone() -> None:
    by = registry(operators=(operator("a@example.jp", Role.OPERATOR, SAKAI),))
    group = [happened(Event.DEBT, one, status="failed", error=ERROR) for one in (OSAKA, SAKAI)]
    [mine] = [
        one for one in notices(group, scene(), by, TODAY) if one.audience.startswith("operator")
    ]
    assert "堺市" in mine.content.text.ja
    assert "大阪市" not in mine.content.text.ja
    assert [one["code"] for one in mine.content.data["bodies"]] == [SAKAI]  # type: ignore


def test_what_failed_together_is_one_mail_to_an_operator_and_one_to_each_body() -> None:
    group = [happened(Event.DEBT, one, status="failed", error=ERROR) for one in (OSAKA, SAKAI)]
    found = notices(group, scene(), registry(), TODAY)
    assert audiences(found) == [PLANNER, APPROVER, f"body:{OSAKA}", f"body:{SAKAI}"]
    assert [one.channel for one in found].count("webhook") == 2


def test_a_body_s_own_approval_is_asked_of_it_with_the_line_to_sign() -> None:
    plan = a_plan()
    own = replace(plan.bodies[0], approves_itself=True)
    plan = replace(plan, bodies=(own, *plan.bodies[1:]))
    one = happened(Event.APPROVAL_WANTED, subjects=("plan", f"body:{OSAKA}"))
    by = with_approver(OSAKA, "own@osaka.example.jp")
    found = told(one, scene(plan), by)
    [contact, approver] = [one for one in found if one.audience == f"body:{OSAKA}"]
    assert {contact.address, approver.address} == {"joho@osaka.example.jp", "own@osaka.example.jp"}
    line = f"20261126-3 {'ab' * 32} body:{OSAKA} $(date -u +%Y-%m-%dT%H:%M:%SZ)"
    assert f'line="{line}"; echo "$line"' in contact.content.text.ja
    assert 'echo "$line" | ssh-keygen -Y sign -n moyai-approval@1' in contact.content.text.ja
    [asked] = [one for one in found if one.audience == APPROVER]
    assert "団体自身の承認" not in asked.content.text.ja, "nobody else's word counts for it"


def test_an_approver_of_a_body_whose_rights_ended_is_not_asked() -> None:
    one = happened(Event.APPROVAL_WANTED, subjects=(f"body:{OSAKA}",))
    by = with_approver(OSAKA, "own@osaka.example.jp", date(2026, 11, 25))
    assert [n.address for n in told(one, by=by) if n.code] == ["joho@osaka.example.jp"]


def test_a_held_wave_is_told_to_its_bodies_that_wait() -> None:
    where = scene(_271004="failed", _271403="waiting", _272027="waiting")
    found = told(happened(Event.WAVE_HELD, wave=1, codes=(OSAKA,)), where)
    assert audiences(found) == [PLANNER, APPROVER, f"body:{SAKAI}"]


def test_the_end_is_told_to_each_body_by_how_it_ended_itself() -> None:
    where = scene(_271004="done", _271403="failed", _272027="waiting")
    found = told(happened(Event.DONE, status="failed"), where)
    words = {one.code: one.content.subject.ja for one in found if one.code}
    assert set(words) == {OSAKA, SAKAI}
    assert "完了しました" in words[OSAKA]
    assert "失敗しました" in words[SAKAI]


BODY_EVENTS = st.sampled_from(list(Event))
STATUSES = st.sampled_from(
    ["waiting", "running", "done", "failed", "held", "skipped", "moved", "cancelled"]
)


@given(BODY_EVENTS, st.sampled_from([OSAKA, SAKAI, KISHIWADA]), STATUSES, STATUSES, STATUSES)
def test_a_body_never_reads_of_another(
    event: Event, code: str, first: str, second: str, third: str
) -> None:
    where = scene(_271004=first, _271403=second, _272027=third)
    codes = (OSAKA, SAKAI, KISHIWADA)
    of_all = happened(event, wave=1, status="failed", codes=codes, subjects=(f"body:{code}",))
    of_one = happened(event, code, status="failed", error=ERROR, subjects=(f"body:{code}",))
    names = {OSAKA: "大阪市", SAKAI: "堺市", KISHIWADA: "岸和田市"}
    for one in (of_all, of_one):
        for notice in told(one, where):
            if not notice.audience.startswith("body:"):
                continue
            said = f"{notice.content}"
            for other in codes:
                if other != notice.code:
                    assert other not in said
                    assert names[other] not in said


@given(BODY_EVENTS, st.booleans(), STATUSES)
def test_keys_are_unique_and_no_address_of_a_hook_is_said(
    event: Event, of_body: bool, status: str
) -> None:
    one = happened(event, OSAKA if of_body else None, status=status, subjects=("plan",))
    found = told(one, scene(_271004=status))
    assert len({notice.key for notice in found}) == len(found)
    for notice in found:
        assert "secret-path" not in f"{notice.key}{notice.audience}{notice.content}"


def test_a_body_that_left_the_file_is_told_nothing_more() -> None:
    tenants = tuple(one for one in sample().tenants if one.code != OSAKA)
    found = told(happened(Event.DEBT, OSAKA, status="failed"), by=registry(tenants=tenants))
    assert audiences(found) == [PLANNER, APPROVER]
