"""Which approvals of a plan count: who may say what, for how long, with whose key. Pure.

The rules are ADR 0012's. Nothing that is stored beside a plan is believed: its hash is reckoned here, the
signer's key, role and bodies are those of tenants.yaml as it is now.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from moyai.approvals.keys import read_key
from moyai.approvals.rejections import Rejection
from moyai.approvals.signatures import read_signature, verify
from moyai.approvals.subjects import (
    APPROVAL_NAMESPACE,
    PLAN,
    PLAN_NAMESPACE,
    Subject,
    approval_line,
    parse,
    signed_line,
)
from moyai.approvals.wire import Malformed
from moyai.errors import UsageError
from moyai.planning.fleet import refusals
from moyai.planning.fleet.approvers import Approver, of_bodies, of_body, of_secretariat
from moyai.planning.fleet.plans import OperationPlan, PlannedBody, plan_sha256
from moyai.planning.selectors import parse as parse_selector
from moyai.registry.models import Registry
from moyai.registry.selector import ALL
from moyai.texts import JAPAN

CLOCKS_APART = timedelta(minutes=5)
"""So far may a signer's clock be ahead of the operations database's."""


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
    day = now.astimezone(JAPAN).date()
    approver = _approver(approval.email, subject, concerned, registry)
    if isinstance(approver, Rejection):
        return approver
    return (
        _may(approver, concerned, registry, day)
        or _another_than_planner(approver, of, registry)
        or _signed(approval, subject, of, approver)
        or _in_time(approval, subject, of, approver, now)
    )


def clearances(
    of: Facts, approvals: Iterable[Approval], registry: Registry, now: datetime
) -> frozenset[str]:
    """The subjects that are approved now: none where nobody can know who planned it."""
    if of.plan.approval_seconds > 0 and not _is_planned(of, registry, now):
        return frozenset()
    judged = (judge(approval, of, registry, now) for approval in approvals)
    return frozenset(str(one.subject) for one in judged if isinstance(one, Accepted))


def _is_planned(of: Facts, registry: Registry, now: datetime) -> bool:
    """Whether the plan is signed by who is said to have planned it: four eyes need the first pair too."""
    signed = of.planner_signature
    return signed is not None and judge_planner(of, signed, registry, now) is None


def judge_planner(of: Facts, signature: str, registry: Registry, now: datetime) -> Rejection | None:
    """Whether the plan is signed by who is said to have planned it, an operator of today who may plan."""
    planner = next(
        (one for one in of_secretariat(registry) if one.is_called(of.plan.planned_by)), None
    )
    if planner is None:
        return refusals.unknown_person(of.plan.planned_by)
    if planner.role not in ("operator", "approver"):
        return refusals.no_planner(planner.email)
    if now.astimezone(JAPAN).date() > planner.expires:
        return refusals.expired_person(planner.email, planner.expires)
    line = signed_line(of.operation, of.sha256, PLAN)
    return verify(signature, line, PLAN_NAMESPACE, planner.ssh_key)


def _concerned(subject: Subject, plan: OperationPlan) -> Sequence[PlannedBody]:
    """The bodies that a subject is about; none where the plan has no such subject."""
    if subject.kind == "plan":
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
    operators = [one for one in of_secretariat(registry) if one.is_called(email)]
    own: Sequence[Approver] = ()
    if subject.kind == "body":
        assert subject.code is not None
        own = of_body(registry, subject.code)
        if own and concerned[0].approves_itself:
            operators = []
    found = [one for one in own if one.is_called(email)] or operators
    if found:
        return found[0]
    if own and concerned[0].approves_itself:
        return refusals.body_s_own(concerned[0])
    if any(one.is_called(email) for one in of_bodies(registry)):
        return refusals.not_its_body(email)
    return refusals.unknown_person(email)


def _may(
    approver: Approver, concerned: Sequence[PlannedBody], registry: Registry, day: date
) -> Rejection | None:
    if approver.role != "approver":
        return refusals.no_approver(approver.email)
    if day > approver.expires:
        return refusals.expired_person(approver.email, approver.expires)
    if approver.body is not None:
        return None
    left = _not_meant(approver.bodies, concerned, registry, day)
    return refusals.not_theirs(approver.email, left) if left else None


def _not_meant(
    selector: str, concerned: Sequence[PlannedBody], registry: Registry, day: date
) -> Sequence[PlannedBody]:
    """The bodies that a selector does not mean. One that the file no longer has is meant by `all` only."""
    try:
        read = parse_selector(selector)
    except UsageError:
        return concerned
    if read.expression == ALL:
        return ()
    bodies = {body.code: body for body in registry.tenants}
    return [
        one
        for one in concerned
        if one.code not in bodies or not read.matches(bodies[one.code], day)
    ]


def _another_than_planner(approver: Approver, of: Facts, registry: Registry) -> Rejection | None:
    """Four eyes: neither the planner's address nor a key of the planner's."""
    planned_by = of.plan.planned_by
    if approver.is_called(planned_by):
        return refusals.same_person(approver.email)
    every = (*of_secretariat(registry), *of_bodies(registry))
    taken = [_blob(one.ssh_key) for one in every if one.is_called(planned_by)]
    own = _blob(approver.ssh_key)
    if own is not None and own in (*taken, _signed_with(of.planner_signature)):
        return refusals.same_key(approver.email)
    return None


def _blob(line: str) -> bytes | None:
    try:
        return read_key(line).blob
    except ValueError:
        return None  # whose signature counts for nothing


def _signed_with(signature: str | None) -> bytes | None:
    try:
        return None if signature is None else read_signature(signature).public_key
    except Malformed:
        return None


def _signed(
    approval: Approval, subject: Subject, of: Facts, approver: Approver
) -> Rejection | None:
    if approval.signed_at is None:
        return refusals.no_moment()
    try:
        line = approval_line(of.operation, of.sha256, subject, approval.signed_at)
    except ValueError:
        return refusals.unknown_moment()
    return verify(approval.signature, line, APPROVAL_NAMESPACE, approver.ssh_key)


def _in_time(
    approval: Approval, subject: Subject, of: Facts, approver: Approver, now: datetime
) -> Accepted | Rejection:
    """The age counts from the earlier moment: the same signature put on record again is no younger, and a
    line that was signed with a later moment than it came in with is none of now."""
    if approval.signed_at is None:
        return refusals.no_moment()
    if approval.signed_at > min(approval.recorded_at, now) + CLOCKS_APART:
        return refusals.signed_in_the_future(approval.signed_at)
    begins = min(approval.signed_at, approval.recorded_at)
    until = begins + timedelta(seconds=of.plan.approval_seconds)
    if now >= until:
        return refusals.aged_out(until)
    return Accepted(subject, approver, until)
