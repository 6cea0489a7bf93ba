"""What each body's environment is, truthfully: unknown is never shown as fine. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from moyai.planning.conditions import Condition, Recorded
from moyai.planning.decisions import Basis, make_plan
from moyai.planning.plans import Plan, PlannedStack
from moyai.planning.topology import foundation_of
from moyai.texts import Text, in_japan

Status = Literal["current", "outdated", "in-hand", "failed", "orphaned", "unknown", "absent"]
"""`in-hand`: an operation is at it, or left it half-way; whatever else is on record of it."""


@dataclass(frozen=True, slots=True)
class TenantStatus:
    """One body's status. Times are UTC."""

    code: str
    slug: str
    name: str
    site: str
    status: Status
    reasons: tuple[Text, ...]
    releases: Mapping[str, str]
    """Service → release on record."""
    applied_at: datetime | None
    verified_at: datetime | None


def statuses_of(basis: Basis) -> tuple[TenantStatus, ...]:
    """The statuses of the selected bodies, vanished ones included."""
    plan = make_plan(basis)
    shaky = _shaky(basis, plan)
    bodies = {body.code: body for body in basis.registry.tenants}
    found: list[TenantStatus] = []
    for stack in plan.tenants:
        recorded = basis.tenants.get(stack.name, Recorded(stack.name))
        body = bodies.get(stack.name)
        status, reasons = _judged(stack, recorded)
        if status in ("current", "outdated") and body is not None:
            shaken = tuple(shaky[name] for name in foundation_of(body) if name in shaky)
            if shaken:
                status, reasons = "unknown", shaken
        found.append(
            TenantStatus(
                code=stack.name,
                slug=body.slug if body else recorded.facts.get("slug", ""),
                name=stack.title,
                site=basis.site.name,
                status=status,
                reasons=reasons,
                releases=recorded.releases,
                applied_at=recorded.applied_at,
                verified_at=recorded.verified_at,
            )
        )
    return tuple(found)


def _shaky(basis: Basis, plan: Plan) -> dict[str, Text]:
    """Stacks of the foundation that are not known to be as they were applied, with the reason."""
    found: dict[str, Text] = {}
    for stack in plan.foundation:
        recorded = basis.foundation.get(stack.name, Recorded(stack.name))
        status, reasons = _judged(stack, recorded)
        if status in ("failed", "unknown"):
            found[stack.name] = Text(
                f"共通基盤 {stack.name}: {reasons[0].ja}",
                f"foundation {stack.name}: {reasons[0].en}",
            )
    return found


def _judged(stack: PlannedStack, recorded: Recorded) -> tuple[Status, tuple[Text, ...]]:
    if stack.has_vanished:
        return "orphaned", stack.reasons
    condition = recorded.condition
    if condition is Condition.APPLIED:
        return _against_file(stack)
    return _STATUSES[condition], (_why(recorded),)


def _against_file(stack: PlannedStack) -> tuple[Status, tuple[Text, ...]]:
    if stack.action != "none":
        return "outdated", stack.reasons
    return ("outdated", stack.notes) if stack.notes else ("current", ())


_STATUSES: Mapping[Condition, Status] = {
    Condition.REBUILT: "unknown",
    Condition.FAILED: "failed",
    Condition.UNFINISHED: "unknown",
    Condition.ABSENT: "absent",
    Condition.DOUBTFUL: "unknown",
}


def _why(recorded: Recorded) -> Text:
    """Why a stack is not there as it was applied last."""
    if recorded.rebuilt is not None:
        return recorded.rebuilt
    if recorded.failure is not None:
        return recorded.failure
    if recorded.running_since is not None:
        since = in_japan(recorded.running_since)
        return Text(
            f"{since} に始めた適用がまだ終わっていないか、途中で終わった",
            f"a run begun at {since} has not ended, or was ended in the middle",
        )
    return recorded.doubt or Text("まだ環境がない", "there is no environment yet")
