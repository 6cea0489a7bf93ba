"""Whether what a plan says is known of a body is so: waves take bodies by it."""

from __future__ import annotations

from datetime import timedelta

from moyai.operations.kinds.as_shown import anew
from moyai.operations.kinds.kind import Moved, Work
from moyai.planning.fleet.known_risks import asked_for, risks_of
from moyai.planning.fleet.said import risk_words
from moyai.planning.fleet.wanted import needs_approval
from moyai.registry.models import Registry
from moyai.registry.operation_settings import Risk
from moyai.texts import Text


def hold_to_risks(
    registry: Registry, work: Work, *, service: str | None = None, contracts: bool = False
) -> None:
    """Believe a planner in no risk by which a wave takes bodies. Raises `Moved`.

    `service`: of an upgrade; `contracts`: whether among its migrations is one that code cannot go back over.
    Held against what was on record when it was planned; nothing is asked where no wave goes by it.
    """
    asked = asked_for(registry.operations)
    if not asked or not needs_approval(work.plan):
        return
    told = risks_of(work.plan, work.body)
    found = {Risk.CONTRACT: contracts}
    if Risk.FAILED_BEFORE in asked:
        found[Risk.FAILED_BEFORE] = work.owed(work.plan.planned_at)
    if Risk.UNVERIFIED in asked:
        days = registry.operations.verified_restore_days
        found[Risk.UNVERIFIED] = _unverified(work, service, days, Risk.UNVERIFIED in told)
    wrong = [one for one in found if one in asked and found[one] is not (one in told)]
    if wrong:
        words = [risk_words(one) for one in wrong]
        raise Moved(
            Text(
                "適用枠を分けるリスクが、計画と記録で違います: "
                + "、".join(one.ja for one in words),
                "risks by which waves are divided are not as the plan says: "
                + ", ".join(one.en for one in words),
            ),
            remedy=anew(work),
        )


def _unverified(work: Work, service: str | None, days: int, told: bool) -> bool:
    """Whether no restore counted at planning; as told where one was tried since, which hides those before."""
    if service is None:
        return False
    seen = work.verified(service)
    if seen is None:
        return True
    since = work.plan.planned_at - seen
    return told if since < timedelta() else since > timedelta(days=days)
