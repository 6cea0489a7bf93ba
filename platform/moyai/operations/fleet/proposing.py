"""An edit of one body's entry as a proposal: what the file would be, and what that would change of whom."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from moyai.errors import NOTHING_TOUCHED, Refused, UsageError
from moyai.json_value import JsonValue
from moyai.operations.deploys.plan import Wish, plan_of
from moyai.operations.deploys.preflight import refusal, refuse_exceeded
from moyai.operations.deploys.tenants import would_change
from moyai.operations.fleet.assembling import Part, assemble, known_of
from moyai.operations.kinds.deploy import DeployChange, changes_in
from moyai.operations.kinds.edit import edits_of
from moyai.operations.site.session import Session
from moyai.planning.fleet.durations import Measured
from moyai.planning.fleet.exceptions import with_exceptions
from moyai.planning.fleet.plans import OperationPlan
from moyai.planning.plans import Plan, PlannedStack
from moyai.registry.change import EntryEdit, TenantChanged
from moyai.registry.models import Tenant
from moyai.texts import Text

KIND = "edit"


@dataclass(frozen=True, slots=True)
class Proposal:
    """What is proposed."""

    base_sha256: str
    """Of the file that is edited."""
    after_sha256: str
    changes: tuple[EntryEdit, ...]
    changed: TenantChanged
    bodies: tuple[tuple[Tenant, DeployChange], ...]
    """The edited body first, whatever is deployed of it; then others that the edit changes."""
    foundation: tuple[str, ...]
    """Stacks of the foundation that it changes: they are deployed by hand."""


def subject_of(body: Tenant) -> str:
    """What the operation is about."""
    return f"{body.code} {body.name}"


def propose(session: Session, code: str, changes: Sequence[EntryEdit], day: date) -> Proposal:
    """Plan an edit; nothing is written. Raises as `would_change`, and `Refused` where a deploy would refuse
    what the file would say."""
    registry = session.workspace.registry
    changed = would_change(registry, code, changes)
    after = replace(session, workspace=replace(session.workspace, registry=changed.registry))
    then = plan_of(after, Wish("all", day))
    now = plan_of(session, Wish("all", day))
    refuse_exceeded(then)
    new = _changed_by(now, then)
    refused = [one for one in new if one.action == "refused"]
    if refused:
        raise refusal(refused)
    names = {one.name for one in new}
    deploys = changes_in(then, changed.registry.services)
    chosen = [code, *(one for one in deploys if one in names and one != code)]
    bodies = {body.code: body for body in changed.registry.tenants}
    return Proposal(
        registry.sha256,
        changed.registry.sha256,
        tuple(changes),
        changed,
        tuple((bodies[one], deploys[one]) for one in chosen),
        tuple(one.name for one in then.foundation if one.name in names),
    )


def _changed_by(now: Plan, then: Plan) -> list[PlannedStack]:
    """The stacks that would be something else."""
    before = {(one.project, one.name): one.fingerprint for one in now.stacks}
    return [one for one in then.stacks if before.get((one.project, one.name)) != one.fingerprint]


def plan_proposal(
    session: Session,
    found: Proposal,
    *,
    by: str,
    now: datetime,
    in_windows: bool = True,
    history: Iterable[Measured] = (),
    failed: Collection[str] = (),
) -> OperationPlan:
    """The plan, whose parameters are the edit itself: what is approved is the file's change with what it does.

    `by`: the operator's address. `in_windows`: False plans bodies for any time. `failed`: codes of bodies to
    which an edit of the same body's entry is owed (`fleet.risks`).
    """
    edits = tuple({"key": one.key, "value": one.value} for one in found.changes)
    parameters: Mapping[str, JsonValue] = {
        "code": found.changed.body.code,
        "edits": edits,
        "base_sha256": found.base_sha256,
        "after_sha256": found.after_sha256,
        "diff": found.changed.diff,
        "foundation": found.foundation,
    }
    parts = [
        Part(
            body,
            change.sha256,
            _texts(change),
            known=known_of(body.code, failed),
            marks=change.marks,
        )
        for body, change in found.bodies
    ]
    made = assemble(
        session.workspace,
        KIND,
        subject_of(found.changed.body),
        parameters,
        parts,
        by,
        now,
        history=history,
        in_windows=in_windows,
    )
    # It is carried out by the file that has the edit.
    return with_exceptions(made, found.changed.registry)


def _texts(change: DeployChange) -> tuple[Text, ...]:
    nothing = Text("環境は変わらない", "nothing of the environment changes")
    return change.texts if change.stack.runs else (nothing,)


def changes_of(plan: OperationPlan) -> tuple[str, tuple[EntryEdit, ...]]:
    """The body and the edits of a proposal's plan. Raises `UsageError` for a plan of another kind."""
    code = plan.parameters.get("code")
    if plan.kind != KIND or not isinstance(plan.parameters.get("edits"), Sequence):
        raise UsageError(
            Text(
                "それは団体設定の変更の提案ではありません。",
                "that is no proposal of an edit.",
            ),
            touched=NOTHING_TOUCHED,
            remedy=Text(
                "moyai operation list --kind edit で番号を確かめてください。",
                "Look at moyai operation list --kind edit.",
            ),
        )
    return str(code), edits_of(plan)


def moved(operation: str) -> Refused:
    """What is said where the file is not the one that was to be edited."""
    return Refused(
        Text(
            f"tenants.yaml は、{operation} が提案されたときから変わっています。",
            f"tenants.yaml is not what it was when {operation} was proposed.",
        ),
        touched=NOTHING_TOUCHED,
        remedy=Text(
            f"moyai operation cancel {operation} で取り消し、もう一度提案してください。",
            f"Cancel it with moyai operation cancel {operation}, and propose it anew.",
        ),
    )
