"""Which approvals of a plan count: who may say what, for how long, with whose key. Pure.

The rules are ADR 0012's. Nothing that is stored beside a plan is believed: its hash is reckoned here, the
signer's key, role and bodies are those of tenants.yaml as it is now.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from moyai.approvals.rejections import Rejection
from moyai.approvals.subjects import PLAN, Subject, parse, signed_line
from moyai.planning.fleet import refusals
from moyai.planning.fleet.approvers import Approver, of_body
from moyai.planning.fleet.plans import OperationPlan, PlannedBody, plan_sha256
from moyai.planning.fleet.second_person import (
    First,
    Said,
    Signed,
    another,
    judge_first,
    judge_second,
    may,
    secretary,
)
from moyai.planning.fleet.wanted import named_exceptions, needs_approval
from moyai.registry.models import Registry
from moyai.registry.persons import called
from moyai.texts import JAPAN


@dataclass(frozen=True, slots=True)
class Facts:
    """What an approval is judged against."""

    operation: str
    """Its id."""
    plan: OperationPlan
    sha256: str
    """Of the plan, reckoned: `facts` makes it."""
    planner_signature: str | None
    """Over the plan, where it is signed: its key may approve nothing, whoever has it by now."""


def facts(operation: str, plan: OperationPlan, planner_signature: str | None = None) -> Facts:
    """The facts of a plan, with its hash as it is. Worth keeping: a large plan takes a while to hash."""
    return Facts(operation, plan, plan_sha256(plan), planner_signature)


@dataclass(frozen=True, slots=True)
class Approval:
    """An approval on record. All of it is somebody's claim until it is judged."""

    subject: str
    """As `approvals.subjects` writes it."""
    email: str
    """Of who gave it."""
    signature: str
    """Armoured."""
    recorded_at: datetime
    """By the operations database's clock, in UTC."""
    signed_at: datetime | None
    """The moment in the line that was signed, in UTC; None: of a version whose lines had none."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """An approval that counts."""

    subject: Subject
    approver: Approver
    until: datetime
    """From this moment on it has aged out."""


def judge(approval: Approval, of: Facts, registry: Registry, now: datetime) -> Accepted | Rejection:
    """Whether an approval counts now, or why it does not. Raises nothing.

    An approver of the secretariat may approve what its `bodies` mean: all of the plan's for `plan`, the
    wave's for `wave:2`, the one for `body:…` and for a risk. A body's own approvers may approve its
    `body:…` only; where the plan asks for the body's own word and the body has approvers, nobody else's
    counts as that.
    """
    try:
        subject = parse(approval.subject)
    except ValueError:
        return refusals.unknown_subject(approval.subject)
    concerned = _concerned(subject, of.plan)
    if not concerned:
        return refusals.not_planned(subject)
    approver = _approver(approval.email, subject, concerned, registry)
    if isinstance(approver, Rejection):
        return approver
    signed = Signed(approval.signature, approval.recorded_at, approval.signed_at)
    said = Said(of.operation, of.sha256, subject, signed, of.plan.approval_seconds)
    planner = First(of.plan.planned_by, of.planner_signature)
    end = judge_second(approver, concerned, [planner], said, registry, now)
    return end if isinstance(end, Rejection) else Accepted(subject, approver, end)


def hindered(
    subject: Subject, email: str, of: Facts, registry: Registry, now: datetime
) -> Rejection | None:
    """Why nothing that a person signs now would count: the planner's signature, no such subject, role, last
    day, bodies, the same person or key as the planner's. None: it may count. Raises nothing."""
    nobody_s = void(of, registry, now)
    if nobody_s is not None:
        return nobody_s
    concerned = _concerned(subject, of.plan)
    if not concerned:
        return refusals.not_planned(subject)
    approver = _approver(email, subject, concerned, registry)
    if isinstance(approver, Rejection):
        return approver
    planner = First(of.plan.planned_by, of.planner_signature)
    day = now.astimezone(JAPAN).date()
    return may(approver, concerned, registry, day) or another(approver, [planner], registry)


def clearances(
    of: Facts, approvals: Iterable[Approval], registry: Registry, now: datetime
) -> frozenset[str]:
    """The subjects that are approved now: none where nobody can know who planned it."""
    return frozenset(clear_until(of, approvals, registry, now))


def clear_until(
    of: Facts, approvals: Iterable[Approval], registry: Registry, now: datetime
) -> dict[str, datetime]:
    """The same, each with the moment from which on the last of its approvals counts no longer."""
    if void(of, registry, now) is not None:
        return {}
    found: dict[str, datetime] = {}
    for approval in approvals:
        one = judge(approval, of, registry, now)
        if isinstance(one, Accepted):
            subject = str(one.subject)
            found[subject] = max(found.get(subject, one.until), one.until)
    return found


def void(of: Facts, registry: Registry, now: datetime) -> Rejection | None:
    """Why no approval of a plan counts, whoever gives it, or None: it is signed by who is said to have planned
    it, who may. Four eyes need the first pair too."""
    if not needs_approval(of.plan):
        return None
    signed = of.planner_signature
    if signed is None:
        return refusals.void_plan(refusals.unsigned(of.plan.planned_by))
    found = judge_planner(of, signed, registry, now)
    return None if found is None else refusals.void_plan(found)


def judge_planner(of: Facts, signature: str, registry: Registry, now: datetime) -> Rejection | None:
    """Whether the plan is signed by who is said to have planned it, an operator of today who may plan."""
    line = signed_line(of.operation, of.sha256, PLAN)
    return judge_first(First(of.plan.planned_by, signature), line, registry, now, of.plan.bodies)


def _concerned(subject: Subject, plan: OperationPlan) -> Sequence[PlannedBody]:
    """The bodies that a subject is about; none where the plan has no such subject."""
    if subject.kind == "plan" or (subject.kind == "exceptions" and named_exceptions(plan)):
        return plan.bodies
    if subject.wave is not None:
        return plan.wave_of(subject.wave)
    return [
        body
        for body in plan.bodies
        if body.code == subject.code and (subject.risk is None or subject.risk in body.risks)
    ]


def _approver(
    email: str, subject: Subject, concerned: Sequence[PlannedBody], registry: Registry
) -> Approver | Rejection:
    """Who gave an approval, among those whose word counts for the subject."""
    own: Sequence[Approver] = ()
    if subject.kind == "body":
        assert subject.code is not None
        own = of_body(registry, subject.code)
    found = called(own, email)
    if found is not None:
        return found
    if own and concerned[0].approves_itself:
        return refusals.body_s_own(concerned[0])
    return secretary(email, registry)
