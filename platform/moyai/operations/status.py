"""What each body's environment is, truthfully: unknown is never shown as fine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from moyai.engine.state.records import StackRecord
from moyai.errors import UsageError
from moyai.operations.guards import orphan
from moyai.operations.plan import Plan, PlannedStack, make_plan
from moyai.operations.session import Session
from moyai.operations.site_state import SiteState
from moyai.planning.selectors import only
from moyai.planning.topology import TENANT, foundation_of
from moyai.registry.codes import is_well_formed
from moyai.texts import Text

State = Literal["current", "outdated", "failed", "orphaned", "unknown", "absent"]


@dataclass(frozen=True, slots=True)
class TenantStatus:
    """One body's status. Times are UTC."""

    code: str
    slug: str
    name: str
    site: str
    status: State
    reasons: tuple[Text, ...]
    releases: Mapping[str, str]
    """Service → release on record."""
    applied_at: datetime | None
    verified_at: datetime | None


def statuses(session: Session, selector: str, day: date) -> tuple[TenantStatus, ...]:
    """The statuses of the selected bodies, lost ones included where all are meant."""
    workspace, state = session.workspace, session.state
    plan = make_plan(workspace, state, selector, day)
    found: list[TenantStatus] = []
    shaky = _shaky(state, plan)
    bodies = {body.code: body for body in workspace.registry.tenants}
    for stack in plan.tenants:
        record = state.record(stack.stack)
        body = bodies.get(stack.stack.name)
        status, reasons = _judge(state, stack, record, lost=body is None)
        if status in ("current", "outdated") and body is not None:
            shaken = tuple(shaky[name] for name in foundation_of(body) if name in shaky)
            if shaken:
                status, reasons = "unknown", shaken
        found.append(
            TenantStatus(
                code=stack.stack.name,
                slug=body.slug if body else record.facts.get("slug", ""),
                name=stack.title,
                site=workspace.site.name,
                status=status,
                reasons=reasons,
                releases=record.releases,
                applied_at=record.applied_at,
                verified_at=record.verified_at,
            )
        )
    return tuple(found)


def _shaky(state: SiteState, plan: Plan) -> dict[str, Text]:
    """Stacks of the foundation that are not known to be as they were applied, with the reason."""
    found: dict[str, Text] = {}
    for stack in plan.foundation:
        status, reasons = _judge(state, stack, state.record(stack.stack), lost=False)
        if status in ("failed", "unknown"):
            name = stack.stack.name
            found[name] = Text(
                f"共通基盤 {name}: {reasons[0].ja}", f"foundation {name}: {reasons[0].en}"
            )
    return found


def _judge(
    state: SiteState, stack: PlannedStack, record: StackRecord, *, lost: bool
) -> tuple[State, tuple[Text, ...]]:
    if lost:
        return "orphaned", (orphan(stack.title),)
    gone = state.lost(record.stack)
    if gone is not None and record.applied_at is None:
        return "unknown", (gone,)
    if record.failure is not None:
        return "failed", (Text(record.failure, record.failure),)
    if record.running_since is not None:
        since = record.running_since.isoformat(timespec="seconds")
        return "unknown", (
            Text(
                f"{since} に始めた適用がまだ終わっていないか、途中で終わった",
                f"a run begun at {since} has not ended, or was ended in the middle",
            ),
        )
    if record.applied_at is None:
        return "absent", (Text("まだ環境がない", "there is no environment yet"),)
    doubt = state.doubt(record)
    if doubt is not None:
        return "unknown", (doubt,)
    if stack.action != "none":
        return "outdated", stack.reasons
    if stack.notes:
        return "outdated", stack.notes
    return "current", ()


def outputs(session: Session, code: str) -> Mapping[str, object]:
    """The outputs of one body's stack; empty where it has none. No passwords are among them."""
    from_stack = session.state.outputs_of(TENANT, (code,))
    return from_stack.get(code, {})


def outputs_of_one(session: Session, key: str) -> Mapping[str, object]:
    """The outputs of the body that a code, slug or name means, or of one that vanished, by code.

    Raises `UsageError` where there is no such body, or where it has no environment yet.
    """
    registry = session.workspace.registry
    if registry.tenant(key) is None and is_well_formed(key):
        lost = outputs(session, key)
        if lost:
            return lost
    body = only(registry, key)
    found = outputs(session, body.code)
    if not found:
        raise UsageError(
            Text(f"{body.name}の環境はまだありません。", f"{body.name} has no environment yet."),
            remedy=Text(
                f"moyai deploy {body.code} で作れます。", f"moyai deploy {body.code} makes it."
            ),
        )
    return found
