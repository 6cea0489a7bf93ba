"""Approvals count for whom tenants.yaml lets approve, over this very plan, for as long as they hold."""

from __future__ import annotations

import sys
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given, settings
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parent))

from made_registries import sample

from moyai.approvals.keys import read_key
from moyai.approvals.rejections import Rejection
from moyai.approvals.signatures import armoured, signed_bytes
from moyai.approvals.subjects import (
    APPROVAL_NAMESPACE,
    PLAN,
    PLAN_NAMESPACE,
    approval_line,
    signed_line,
)
from moyai.approvals.wire import string
from moyai.planning.fleet.clearing import (
    Accepted,
    Approval,
    Facts,
    clearances,
    facts,
    hindered,
    judge,
    judge_planner,
)
from moyai.planning.fleet.plans import Limits, OperationPlan, PlannedBody, PlannedWave
from moyai.planning.fleet.second_person import CLOCKS_APART
from moyai.registry.models import Operator, Registry, Role, Tenant
from moyai.registry.operation_settings import BodyApprover

CLOCKS_APART_SECONDS = int(CLOCKS_APART.total_seconds())
OPERATION = "20261126-3"
NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
PLANNER, APPROVER, OTHER = "keikaku@example.jp", "shonin@example.jp", "hoka@example.jp"
BODY_S = "joho@city.example.jp"


@cache
def key(person: str) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.generate()


def public(person: str) -> str:
    raw = key(person).public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)
    return f"{raw.decode()} {person}"


def operator(email: str, role: Role = Role.APPROVER, **changes: object) -> Operator:
    made = Operator(email, email, role, "all", date(2027, 3, 31), public(email))
    return replace(made, **changes)  # type: ignore[arg-type]


CODES = tuple(body.code for body in sample().tenants[:3])


def registry(*operators: Operator) -> Registry:
    planner = operator(PLANNER, Role.OPERATOR)
    return replace(sample(), operators=(planner, *(operators or (operator(APPROVER),))))


def plan(**changes: object) -> OperationPlan:
    bodies = tuple(
        PlannedBody(code, f"団体{code}", wave, "0" * 64, (), 60, None, risks)
        for code, wave, risks in zip(
            CODES, (1, 2, 2), (("unverified-restore",), (), ()), strict=True
        )
    )
    waves = tuple(PlannedWave(n, f"w{n}", Limits(1, 0, "strict"), 0) for n in (1, 2))
    made = OperationPlan(
        "check",
        "",
        {},
        "sandbox",
        "",
        PLANNER,
        NOW,
        waves,
        bodies,
        same_errors=3,
        approval_seconds=3600,
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def signed(person: str, line: bytes, namespace: str) -> str:
    value = key(person).sign(signed_bytes(line, namespace))
    blob = read_key(public(person)).blob
    return armoured(blob, namespace, string(b"ssh-ed25519") + string(value))


def approval(
    subject: str, of: Facts, person: str = APPROVER, moment: datetime = NOW, **changes: object
) -> Approval:
    line = approval_line(of.operation, of.sha256, subject, moment)
    made = Approval(subject, person, signed(person, line, APPROVAL_NAMESPACE), moment, moment)
    return replace(made, **changes)  # type: ignore[arg-type]


def reason(one: Approval, of: Facts, known: Registry, now: datetime = NOW) -> str | None:
    judged = judge(one, of, known, now)
    if isinstance(judged, Accepted):
        return None
    assert all((judged.what.ja, judged.what.en, judged.remedy.ja, judged.remedy.en))
    return judged.reason


FACTS = facts(OPERATION, plan())
SUBJECTS = ("plan", "wave:2", f"body:{CODES[1]}", f"unverified-restore:{CODES[0]}")


def test_exceptions_that_a_plan_names_are_approved_by_who_approves_for_all_its_bodies() -> None:
    of = facts(OPERATION, plan(parameters={"exceptions": ("windows",)}))
    given_one = approval("exceptions", of)
    assert reason(given_one, of, registry()) is None
    assert clearances(of, [given_one], registry(), NOW) == frozenset()  # nobody signed the plan
    some = registry(operator(APPROVER, bodies=CODES[0]))
    assert reason(given_one, of, some) == "not-theirs"


@pytest.mark.parametrize("subject", SUBJECTS)
def test_an_approval_counts_for_its_subject_and_ages_out(subject: str) -> None:
    given_one = approval(subject, FACTS)
    judged = judge(given_one, FACTS, registry(), NOW)
    assert isinstance(judged, Accepted)
    assert (str(judged.subject), judged.until) == (subject, NOW + timedelta(hours=1))
    assert reason(given_one, FACTS, registry(), judged.until) == "aged-out"
    assert reason(given_one, FACTS, registry(), judged.until - timedelta(seconds=1)) is None


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(-CLOCKS_APART_SECONDS, 10_000), min_size=1))
def test_a_signature_grows_no_younger_by_being_put_on_record_again(delays: list[int]) -> None:
    mine = approval("plan", FACTS)
    recorded = [replace(mine, recorded_at=NOW + timedelta(seconds=one)) for one in delays]
    until = NOW + timedelta(seconds=FACTS.plan.approval_seconds)
    for one in recorded:
        judged = judge(one, FACTS, registry(), max(NOW, one.recorded_at))
        assert isinstance(judged, Rejection) or judged.until <= until
    assert clearances(planned(), recorded, registry(), until) == frozenset()


def test_a_moment_that_was_not_signed_does_not_count() -> None:
    mine = approval("plan", FACTS)
    for later in (NOW + timedelta(seconds=1), NOW - timedelta(days=1)):
        assert reason(replace(mine, signed_at=later), FACTS, registry()) == "wrong-signature"
    for odd in (NOW + timedelta(microseconds=1), NOW.replace(year=1926), NOW.replace(tzinfo=None)):
        assert reason(replace(mine, signed_at=odd), FACTS, registry()) == "unknown-moment"


def test_an_approval_of_a_version_that_signed_no_moment_counts_no_longer() -> None:
    line = signed_line(OPERATION, FACTS.sha256, "plan")
    old = Approval("plan", APPROVER, signed(APPROVER, line, APPROVAL_NAMESPACE), NOW, None)
    assert reason(old, FACTS, registry()) == "no-moment"
    assert reason(replace(old, signed_at=NOW), FACTS, registry()) == "wrong-signature"


def test_a_signature_of_the_future_never_counts() -> None:
    within = approval("plan", FACTS, moment=NOW + timedelta(minutes=5))
    assert reason(replace(within, recorded_at=NOW), FACTS, registry()) is None
    ahead = approval("plan", FACTS, moment=NOW + timedelta(minutes=5, seconds=1))
    for recorded_at, now in ((NOW, NOW), (NOW, ahead.recorded_at), (ahead.recorded_at, NOW)):
        one = replace(ahead, recorded_at=recorded_at)
        assert reason(one, FACTS, registry(), now) == "future"


def test_a_subject_that_the_plan_does_not_have_is_not_approved() -> None:
    risks = (f"unverified-restore:{CODES[1]}", f"other:{CODES[0]}")
    for subject in ("exceptions", "wave:3", "body:999999", *risks):
        assert reason(approval(subject, FACTS), FACTS, registry()) == "not-planned"
    assert (
        reason(replace(approval("plan", FACTS), subject="x"), FACTS, registry())
        == "unknown-subject"
    )


def test_a_signature_over_something_else_does_not_count() -> None:
    plan_approval = approval("plan", FACTS)
    assert reason(replace(plan_approval, subject="wave:2"), FACTS, registry()) == "wrong-signature"
    for others in (facts("20261126-4", plan()), facts(OPERATION, plan(same_errors=4))):
        assert reason(plan_approval, others, registry()) == "wrong-signature"
    line = approval_line(OPERATION, FACTS.sha256, "plan", NOW)
    wrong_use = replace(plan_approval, signature=signed(APPROVER, line, PLAN_NAMESPACE))
    assert reason(wrong_use, FACTS, registry()) == "wrong-namespace"
    another_s = approval("plan", FACTS, OTHER, email=APPROVER)
    assert reason(another_s, FACTS, registry()) == "wrong-key"
    assert reason(replace(plan_approval, signature="yes"), FACTS, registry()) == "malformed"


def test_the_person_has_to_be_an_approver_of_today() -> None:
    mine = approval("plan", FACTS)
    assert reason(mine, FACTS, registry(operator(OTHER))) == "unknown-person"
    for role in (Role.VIEWER, Role.OPERATOR, Role.AUDITOR):
        assert reason(mine, FACTS, registry(operator(APPROVER, role))) == "no-approver"
    last = registry(operator(APPROVER, expires=date(2026, 11, 26)))
    assert reason(mine, FACTS, last) is None
    midnight_in_japan = datetime(2026, 11, 26, 15, tzinfo=UTC)
    later = approval("plan", FACTS, moment=midnight_in_japan)
    assert reason(later, FACTS, last, midnight_in_japan) == "expired-person"
    assert reason(replace(mine, email=APPROVER.upper()), FACTS, registry()) is None


def test_the_approver_s_bodies_have_to_be_all_that_it_is_about() -> None:
    second_only = registry(operator(APPROVER, bodies=CODES[1]))
    expected = {"plan": "not-theirs", "wave:2": "not-theirs", f"body:{CODES[1]}": None}
    for subject, why in expected.items():
        assert reason(approval(subject, FACTS), FACTS, second_only) == why
    both = registry(operator(APPROVER, bodies=f"{CODES[1]} or {CODES[2]}"))
    assert reason(approval("wave:2", FACTS), FACTS, both) is None
    unreadable = registry(operator(APPROVER, bodies="(("))
    assert reason(approval("plan", FACTS), FACTS, unreadable) == "not-theirs"


def test_a_body_that_left_the_file_is_approved_by_who_has_all() -> None:
    gone = replace(registry(), tenants=sample().tenants[1:])
    assert reason(approval("plan", FACTS), FACTS, gone) is None
    by_name = replace(registry(operator(APPROVER, bodies=f"not {CODES[2]}")), tenants=gone.tenants)
    assert reason(approval("wave:1", FACTS), FACTS, by_name) == "not-theirs"
    assert reason(approval(f"body:{CODES[1]}", FACTS), FACTS, by_name) is None


def test_who_planned_does_not_approve_by_another_name_or_key_either() -> None:
    mine = approval("plan", FACTS, PLANNER)
    assert reason(mine, FACTS, registry(operator(PLANNER))) in ("no-approver", "same-person")
    alone = replace(sample(), operators=(operator(PLANNER),))
    assert reason(mine, FACTS, alone) == "same-person"
    twin = registry(operator(APPROVER, ssh_key=public(PLANNER)))
    assert reason(approval("plan", FACTS, PLANNER, email=APPROVER), FACTS, twin) == "same-key"
    gone = replace(twin, operators=twin.operators[1:])
    line = signed_line(OPERATION, FACTS.sha256, "plan")
    signed_plan = facts(OPERATION, plan(), signed(PLANNER, line, PLAN_NAMESPACE))
    assert (
        reason(approval("plan", signed_plan, PLANNER, email=APPROVER), signed_plan, gone)
        == "same-key"
    )


def with_approver(code: str, expires: date = date(2027, 3, 31)) -> Registry:
    person = BodyApprover("情報課", BODY_S, expires, public(BODY_S))

    def body(plain: Tenant) -> Tenant:
        return replace(plain, approvers=(person,)) if plain.code == code else plain

    known = registry()
    return replace(known, tenants=tuple(map(body, known.tenants)))


def test_a_body_s_own_approver_approves_its_slot_and_nothing_else() -> None:
    known = with_approver(CODES[1])
    slot = f"body:{CODES[1]}"
    assert reason(approval(slot, FACTS, BODY_S), FACTS, known) is None
    assert reason(approval(slot, FACTS), FACTS, known) is None
    for subject in ("plan", "wave:2", f"body:{CODES[2]}", f"unverified-restore:{CODES[0]}"):
        assert reason(approval(subject, FACTS, BODY_S), FACTS, known) == "not-its-body"


def test_where_the_body_s_own_word_is_asked_for_nobody_else_s_counts() -> None:
    bodies = [replace(one, approves_itself=one.code == CODES[1]) for one in plan().bodies]
    asks = facts(OPERATION, plan(bodies=tuple(bodies)))
    slot, known = f"body:{CODES[1]}", with_approver(CODES[1])
    assert reason(approval(slot, asks, BODY_S), asks, known) is None
    assert reason(approval(slot, asks), asks, known) == "body-s-own"
    assert reason(approval("plan", asks), asks, known) is None
    expired = with_approver(CODES[1], date(2026, 3, 31))
    assert reason(approval(slot, asks, BODY_S), asks, expired) == "expired-person"
    assert reason(approval(slot, asks), asks, expired) == "body-s-own"
    assert reason(approval(slot, asks), asks, registry()) is None


def planned(person: str = PLANNER) -> Facts:
    line = signed_line(OPERATION, FACTS.sha256, "plan")
    return replace(FACTS, planner_signature=signed(person, line, PLAN_NAMESPACE))


def test_clearances_are_the_subjects_that_count_now() -> None:
    given_ones = [approval(subject, FACTS) for subject in SUBJECTS]
    assert clearances(planned(), given_ones, registry(), NOW) == set(SUBJECTS)
    old = approval(SUBJECTS[0], FACTS, moment=NOW - timedelta(hours=2), recorded_at=NOW)
    forged = replace(given_ones[1], signature=given_ones[0].signature)
    some = [old, forged, *given_ones[2:]]
    assert clearances(planned(), some, registry(), NOW) == set(SUBJECTS[2:])


def test_nothing_counts_of_a_plan_that_its_planner_did_not_sign() -> None:
    given_ones = [approval(subject, FACTS) for subject in SUBJECTS]
    assert clearances(FACTS, given_ones, registry(), NOW) == frozenset()
    forged = planned(APPROVER)  # who plans under another's name approves nothing
    assert clearances(forged, given_ones, registry(), NOW) == frozenset()


@settings(max_examples=30)
@given(st.text(), st.text(), st.text(), st.sampled_from(SUBJECTS))
def test_judging_raises_nothing(subject: str, email: str, signature: str, good: str) -> None:
    for one in (
        Approval(subject, email, signature, NOW, NOW),
        Approval(good, email, signature, NOW, NOW),
        Approval(good, APPROVER, signature, NOW, NOW),
        Approval(good, APPROVER, signature, NOW, None),
    ):
        assert isinstance(judge(one, FACTS, registry(), NOW), Rejection)


def test_the_plan_is_signed_by_who_planned_it() -> None:
    line = signed_line(OPERATION, FACTS.sha256, "plan")
    mine = signed(PLANNER, line, PLAN_NAMESPACE)
    assert judge_planner(FACTS, mine, registry(), NOW) is None

    def why(signature: str, known: Registry, now: datetime = NOW) -> str | None:
        rejection = judge_planner(FACTS, signature, known, now)
        return None if rejection is None else rejection.reason

    assert why(signed(APPROVER, line, PLAN_NAMESPACE), registry()) == "wrong-key"
    assert why(signed(PLANNER, line, APPROVAL_NAMESPACE), registry()) == "wrong-namespace"
    assert why(mine, replace(sample(), operators=())) == "unknown-person"
    assert why(mine, replace(sample(), operators=(operator(PLANNER, Role.VIEWER),))) == "no-planner"
    assert why(mine, registry(), NOW + timedelta(days=500)) == "expired-person"


def test_a_plan_whose_planner_s_signature_does_not_count_can_be_approved_by_nobody() -> None:
    line = signed_line(OPERATION, FACTS.sha256, "plan")
    good = replace(FACTS, planner_signature=signed(PLANNER, line, PLAN_NAMESPACE))
    assert hindered(PLAN, APPROVER, good, registry(), NOW) is None
    gone = replace(registry(), operators=(operator(APPROVER, Role.APPROVER),))
    for of, known, words in (
        (good, gone, PLANNER),
        (replace(FACTS, planner_signature=None), registry(), "has not signed it"),
        (replace(good, planner_signature="JUNK"), registry(), "no SSH signature"),
    ):
        found = hindered(PLAN, APPROVER, of, known, NOW)
        assert found is not None
        assert found.reason == "void-plan"
        assert words in found.what.en
