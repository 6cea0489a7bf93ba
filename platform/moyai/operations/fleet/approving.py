"""Approvals of plans, waves, bodies' slots and risks: what is signed, and whether it counts before it is put on
record. Workers judge it anew."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import sqlalchemy as sa

from moyai.approvals.rejections import Rejection
from moyai.approvals.subjects import Subject, parse
from moyai.approvals.to_sign import ToSign, to_sign
from moyai.errors import NOTHING_TOUCHED, Refused, UsageError
from moyai.operations.database import writing
from moyai.operations.database.reading import shown
from moyai.operations.database.rows import ApprovalRow, OperationView
from moyai.operations.fleet.steering_words import look_at, refused
from moyai.planning.fleet import refusals
from moyai.planning.fleet.approvers import Approver, of_body, of_secretariat
from moyai.planning.fleet.clearing import (
    Accepted,
    Approval,
    Facts,
    clearances,
    facts,
    hindered,
    judge,
    void,
)
from moyai.planning.fleet.status_words import OPERATIONS, named
from moyai.planning.fleet.wanted import needs_approval, of_whole
from moyai.registry.models import Registry
from moyai.registry.persons import called
from moyai.texts import Text


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody is to sign."""

    operation: str
    subject: Subject
    sign: ToSign
    view: OperationView
    of: Facts


def wanted(engine: sa.Engine, operation: str, subject: str) -> Wanted:
    """What is signed to approve something now, by the database's clock. Raises `UsageError` for an unknown
    operation or subject, `Refused` where the kind asks for no approval."""
    with engine.connect() as connection:
        view = shown(connection, operation)
    if not needs_approval(view.plan):
        raise Refused(
            Text(f"{operation} に承認は要りません。", f"{operation} needs no approval."),
            touched=NOTHING_TOUCHED,
        )
    try:
        read = parse(subject)
    except ValueError:
        raise _usage(refusals.unknown_subject(subject)) from None
    if _is_there(read, view) and str(read) not in of_whole(view.plan):
        raise Refused(
            Text(
                f"{operation} の計画に {read} の承認は要りません。",
                f"the plan of {operation} wants no approval of {read}.",
            ),
            touched=NOTHING_TOUCHED,
            remedy=Text(
                f"要る承認: {'、'.join(of_whole(view.plan))}",
                f"It wants: {', '.join(of_whole(view.plan))}",
            ),
        )
    of = facts(operation, view.plan, view.planner_signature)
    return Wanted(operation, read, to_sign(operation, of.sha256, read, view.now), view, of)


def _is_there(subject: Subject, view: OperationView) -> bool:
    """Whether the plan has such a wave or body: what it does not have is told as that."""
    if subject.wave is not None:
        return any(one.number == subject.wave for one in view.plan.waves)
    return subject.kind == "body" and any(one.code == subject.code for one in view.plan.bodies)


def as_signed(asked: Wanted, line: str | None) -> Wanted:
    """What was signed elsewhere, with the moment that is in its line. Raises as `signed_moment`."""
    return replace(asked, sign=asked.sign.as_signed(line))


def signer_of(asked: Wanted, registry: Registry, email: str) -> Approver:
    """The person of an address whose key has to sign. Raises `UsageError` where tenants.yaml has none."""
    people = list(of_secretariat(registry))
    if asked.subject.kind == "body" and asked.subject.code is not None:
        people = [*of_body(registry, asked.subject.code), *people]
    found = called(people, email)
    if found is None:
        raise _usage(refusals.unknown_person(email))
    return found


def require_approver(asked: Wanted, registry: Registry, email: str) -> None:
    """Before anything is shown or signed: raises `Refused` where nothing that the person signs would count, or
    the operation has ended, `UsageError` where tenants.yaml has no such person."""
    signer_of(asked, registry, email)
    if asked.view.row.ended_at is not None:
        ended = named(OPERATIONS, asked.view.row.status)
        raise refused(
            Text(
                f"{asked.operation} は終わっています（{ended.ja}）。",
                f"{asked.operation} has ended as {ended.en}.",
            ),
            look_at(asked.operation),
        )
    found = hindered(asked.subject, email, asked.of, registry, asked.view.now)
    if found is not None:
        raise Refused(found.what, touched=NOTHING_TOUCHED, remedy=found.remedy)


def approve(
    engine: sa.Engine, registry: Registry, asked: Wanted, email: str, signature: str
) -> Accepted:
    """Put an approval on record that counts now. Raises `Refused` where it does not."""
    given = Approval(str(asked.subject), email, signature, asked.view.now, asked.sign.signed_at)
    nobody_s = void(asked.of, registry, asked.view.now)
    judged = nobody_s or judge(given, asked.of, registry, asked.view.now)
    if isinstance(judged, Rejection):
        raise Refused(judged.what, touched=NOTHING_TOUCHED, remedy=judged.remedy)
    with engine.begin() as connection:
        writing.approve(
            connection,
            asked.operation,
            given.subject,
            judged.approver.email,
            asked.of.sha256,
            signature,
            asked.sign.signed_at,
            is_own=judged.approver.body is not None,
        )
    return judged


def missing(view: OperationView, registry: Registry) -> Sequence[str]:
    """The subjects that a plan asks for and nobody has approved by now."""
    asked = of_whole(view.plan)
    if not asked or view.row.ended_at is not None:
        return ()
    of = facts(view.row.id, view.plan, view.planner_signature)
    cleared = clearances(of, map(_on_record, view.approvals), registry, view.now)
    return [subject for subject in asked if subject not in cleared]


def not_counted(view: OperationView, registry: Registry, subjects: Sequence[str]) -> Sequence[Text]:
    """Of subjects that are missing, why the approvals that are on record for them do not count; and of a plan
    that nobody can approve, why."""
    if subjects and view.row.ended_at is None:
        of = facts(view.row.id, view.plan, view.planner_signature)
        nobody_s = void(of, registry, view.now)
        if nobody_s is not None:
            return (nobody_s.what,)
    found: dict[Text, None] = {}
    for one in judged_approvals(view, registry):
        if one.row.subject in subjects and one.why_not is not None:
            what = f"{one.row.subject}, {one.row.operator}"
            found[Text(f"{what}: {one.why_not.ja}", f"{what}: {one.why_not.en}")] = None
    return tuple(found)


@dataclass(frozen=True, slots=True)
class JudgedApproval:
    """An approval on record, and whether it counts."""

    row: ApprovalRow
    why_not: Text | None
    """Why it does not; None: it counts."""


def judged_approvals(view: OperationView, registry: Registry) -> tuple[JudgedApproval, ...]:
    """Which approvals on record count, by tenants.yaml as it is now: now, or of an operation that has ended as
    of the moment at which each came on record, as all of them age out."""
    if not view.approvals:
        return ()
    of = facts(view.row.id, view.plan, view.planner_signature)
    has_ended = view.row.ended_at is not None
    found = []
    for one in view.approvals:
        judged = judge(_on_record(one), of, registry, one.received_at if has_ended else view.now)
        found.append(JudgedApproval(one, judged.what if isinstance(judged, Rejection) else None))
    return tuple(found)


def _on_record(one: ApprovalRow) -> Approval:
    return Approval(one.subject, one.operator, one.signature, one.received_at, one.signed_at)


def _usage(rejection: Rejection) -> UsageError:
    return UsageError(rejection.what, touched=NOTHING_TOUCHED, remedy=rejection.remedy)
