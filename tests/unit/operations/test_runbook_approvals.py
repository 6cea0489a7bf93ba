"""Whose signature lets a step of a runbook begin: the rules of plans, over runs."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parent))

from signers import APPROVES, OTHER, RUNS, Signer, operator, public, registry

from moyai.approvals.subjects import APPROVAL_NAMESPACE, PLAN_NAMESPACE, approval_line
from moyai.operations.runbooks.judging import APPROVAL_HOURS, Judge
from moyai.operations.runbooks.records import Approval, RunRecord
from moyai.registry.models import Registry, Role
from moyai.registry.operation_settings import BodyApprover
from moyai.runbook.commands import Plain
from moyai.runbook.model import Runbook
from moyai.runbook.read import read

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
BOOK = """\
---
name: trial
title: { ja: 試し, en: Trial }
purpose: { ja: 試す。, en: Trying. }
parameters:
  body: { type: code, required: false, description: { ja: 団体, en: Body } }
  bodies: { type: selector, required: false, description: { ja: 団体, en: Bodies } }
steps:
  - id: act
    kind: command
    title: { ja: 行う, en: Act }
    run: ["true"]
    timeout_seconds: 20
    idempotency: safe
    approval: true
    no_undo: { ja: なし, en: None }
---
{{ step("act") }}
"""
FIRST, SECOND = (body.code for body in registry().tenants[:2])


def book(text: str = BOOK) -> Runbook:
    found = read("trial.md.j2", text.encode())
    assert found.runbook is not None, [one.render("en") for one in found.problems]
    return found.runbook


def run_of(known: Registry, runners: Iterable[str] = (RUNS,), **values: Plain) -> RunRecord:
    record = RunRecord(
        "r20261126-1", "trial", book().sha256, "sandbox", RUNS, NOW.isoformat(), values
    )
    line = Judge(known).run_line(book(), record)
    signed = {email: Signer(email).sign(line, PLAN_NAMESPACE) for email in runners}
    return replace(record, runners=signed)


def approval(
    record: RunRecord,
    known: Registry,
    by: str = APPROVES,
    moment: datetime = NOW,
    key: str | None = None,
    namespace: str = APPROVAL_NAMESPACE,
) -> Approval:
    line = approval_line(record.id, Judge(known).sha256(book(), record, moment), "act", moment)
    signature = Signer(key or by).sign(line, namespace)
    return Approval(by, signature, moment.isoformat(), moment.isoformat())


def why(
    given: Approval,
    record: RunRecord,
    known: Registry,
    now: datetime = NOW,
    runbook: Runbook | None = None,
) -> str | None:
    found = Judge(known).approval(runbook or book(), record, "act", given, now)
    return None if found is None else found.reason


def test_another_operator_who_approves_is_taken_and_its_key_tells_who_that_is() -> None:
    known, record = registry(), run_of(registry())
    given = approval(record, known)
    assert why(given, record, known) is None
    assert Judge(known).signer(given.signature) == APPROVES
    assert Judge(known).signer("nonsense") is None
    assert Judge(registry(operator(OTHER))).signer(given.signature) is None


def test_the_rules_of_plans_are_those_of_runs() -> None:
    known = registry()
    record = run_of(known)
    good = approval(record, known)
    cases = [
        (good, registry(operator(OTHER)), NOW, "unknown-person"),
        (good, registry(operator(APPROVES, Role.AUDITOR)), NOW, "no-approver"),
        (good, registry(operator(APPROVES, Role.OPERATOR)), NOW, "no-approver"),
        (good, known, NOW + timedelta(hours=APPROVAL_HOURS), "aged-out"),
        (good, registry(operator(APPROVES, bodies=FIRST)), NOW, "not-theirs"),
        (replace(good, signed_at=None), known, NOW, "no-moment"),
        (replace(good, signature="good"), known, NOW, "malformed"),
        (approval(record, known, key=OTHER), known, NOW, "wrong-key"),
        (approval(record, known, namespace=PLAN_NAMESPACE), known, NOW, "wrong-namespace"),
        (approval(replace(record, id="r20261126-2"), known), known, NOW, "wrong-signature"),
    ]
    for one, of, now, reason in cases:
        assert why(one, record, of, now) == reason
    late = replace(operator(APPROVES), expires=date(2026, 11, 25))
    assert why(good, record, registry(late)) == "expired-person"
    changed = book(BOOK.replace("Act }", "Act! }"))
    assert why(good, record, known, runbook=changed) == "wrong-signature"
    other_values = replace(record, values={"body": FIRST})
    assert why(good, other_values, known) == "wrong-signature"


def test_nobody_who_carried_the_run_on_approves_it_by_another_name_or_key_either() -> None:
    known = registry(operator(APPROVES), operator(OTHER))
    both = run_of(known, (RUNS, APPROVES))
    assert why(approval(both, known), both, known) == "same-person"
    assert why(approval(both, known, OTHER), both, known) is None
    twin = registry(replace(operator(APPROVES), ssh_key=public(RUNS)))
    record = run_of(twin)
    assert why(approval(record, twin, key=RUNS), record, twin) == "same-key"
    gone = replace(twin, operators=twin.operators[1:])
    assert why(approval(record, gone, key=RUNS), record, gone) == "same-key"


def test_who_runs_it_is_proved_by_a_signature_and_not_by_a_name() -> None:
    known = registry()
    record = run_of(known)
    judge = Judge(known)

    def of(email: str, signature: str | None) -> str | None:
        runners = {} if signature is None else {email: signature}
        found = judge.runner(book(), replace(record, runners=runners), email, NOW)
        return None if found is None else found.reason

    line = judge.run_line(book(), record)
    assert of(RUNS, Signer(RUNS).sign(line, PLAN_NAMESPACE)) is None
    assert of(RUNS, None) == "unsigned"
    assert of(RUNS, Signer(APPROVES).sign(line, PLAN_NAMESPACE)) == "wrong-key"
    assert of(RUNS, Signer(RUNS).sign(line, APPROVAL_NAMESPACE)) == "wrong-namespace"
    assert of(RUNS, Signer(RUNS).sign(line + b"x", PLAN_NAMESPACE)) == "wrong-signature"
    assert of("root", Signer(RUNS).sign(line, PLAN_NAMESPACE)) == "unknown-person"
    answered = replace(record, values={**record.values, "answer": "yes"})
    assert judge.run_line(book(), answered) == line, "answers come while it runs"


def test_an_approver_s_bodies_have_to_be_those_that_the_run_is_about() -> None:
    first_only = registry(operator(APPROVES, bodies=FIRST))
    expected: list[tuple[dict[str, Plain], str | None]] = [
        ({"body": FIRST}, None),
        ({"body": SECOND}, "not-theirs"),
        ({"body": "999997"}, "not-theirs"),
        ({"bodies": FIRST}, None),
        ({"bodies": f"{FIRST} or {SECOND}"}, "not-theirs"),
        ({"body": FIRST, "bodies": SECOND}, "not-theirs"),
        ({"bodies": "(("}, "not-theirs"),
        ({}, "not-theirs"),
    ]
    for values, reason in expected:
        record = run_of(first_only, **values)
        assert why(approval(record, first_only), record, first_only) == reason, values


def test_a_body_that_a_selector_means_since_makes_the_approval_none() -> None:
    known = registry()
    record = run_of(known, bodies=f"not {FIRST}")
    given = approval(record, known)
    assert why(given, record, known) is None
    fewer = replace(known, tenants=known.tenants[:-1])
    assert why(given, record, fewer) == "wrong-signature"


def test_a_body_s_own_approver_approves_no_step() -> None:
    person = BodyApprover("情報課", OTHER, date(2027, 3, 31), public(OTHER))
    known = registry()
    tenants = (replace(known.tenants[0], approvers=(person,)), *known.tenants[1:])
    known = replace(known, tenants=tenants)
    record = run_of(known, body=FIRST)
    assert why(approval(record, known, OTHER), record, known) == "not-its-body"


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(0, APPROVAL_HOURS * 7200), min_size=1))
def test_an_approval_grows_no_younger_by_being_put_on_record_again(delays: list[int]) -> None:
    known, record = registry(), run_of(registry())
    mine = approval(record, known)
    end = NOW + timedelta(hours=APPROVAL_HOURS)
    for seconds in delays:
        again = replace(mine, at=(NOW + timedelta(seconds=seconds)).isoformat())
        assert why(again, record, known, end) == "aged-out"


@settings(max_examples=50, deadline=None)
@given(st.integers(301, 400 * 86_400), st.integers(0, 400 * 86_400))
def test_a_moment_ahead_of_the_clock_counts_whatever_the_file_says_for_none(
    ahead: int, recorded: int
) -> None:
    known, record = registry(), run_of(registry())
    mine = approval(record, known, moment=NOW + timedelta(seconds=ahead))
    told = replace(mine, at=(NOW + timedelta(seconds=recorded)).isoformat())
    assert why(told, record, known) == "future"
    skewed = approval(record, known, moment=NOW + timedelta(seconds=min(ahead, 300)))
    assert why(replace(skewed, at=NOW.isoformat()), record, known) is None


@settings(max_examples=30, deadline=None)
@given(st.text(), st.text())
def test_judging_raises_nothing(email: str, signature: str) -> None:
    known, record = registry(), run_of(registry())
    for by in (email, APPROVES):
        one = Approval(by, signature, NOW.isoformat(), NOW.isoformat())
        assert why(one, record, known) is not None
