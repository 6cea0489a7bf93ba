"""Whether a restore of a body was tried lately, or somebody has taken on that none was, when its turn comes."""

from __future__ import annotations

from datetime import datetime, timedelta

from moyai.operations.kinds.kind import Moved, Unavailable, Work
from moyai.planning.fleet.wanted import needs_approval
from moyai.registry.operation_settings import Risk
from moyai.texts import Text

UNVERIFIED = Risk.UNVERIFIED.value
"""The risk of a body none of whose backups was restored of late, by way of trial."""


def keep_said(work: Work, service: str, days: int) -> None:
    """Raises `Moved` where no restore by way of trial counted at planning, and the plan does not say so: nobody
    was asked to take that on.

    `days`: for how many it counts (`operations.verified_restore_days`). None of a plan that needs no approval.
    """
    if UNVERIFIED in work.body.risks or not needs_approval(work.plan):
        return
    seen = work.verified(service)
    if seen is None or work.plan.planned_at - seen > timedelta(days=days):
        raise Moved(
            Text(
                f"復元試験（{days} 日以内）がないのに、計画はそれをリスクに挙げていません。",
                f"no restore was tried within {days} days, and the plan does not name that as a risk.",
            ),
            remedy=Text(
                "moyai backup run で復元試験までを行ってから moyai operation retry を実行するか、"
                "この団体だけ新しい計画を作って承認を受けてください。",
                "Have one tried with moyai backup run and run moyai operation retry, or plan this body anew "
                "and have that approved.",
            ),
        )


def keep_verified(work: Work, service: str, days: int, now: datetime) -> None:
    """Raises `Unavailable` where a restore by way of trial counted at planning and is too old by now, and as
    `keep_said`. What the plan names as a risk somebody has taken on."""
    seen, limit = work.verified(service), timedelta(days=days)
    if UNVERIFIED in work.body.risks or (seen is not None and now - seen <= limit):
        return
    keep_said(work, service, days)
    if seen is None or work.plan.planned_at - seen > limit:
        return
    raise Unavailable(
        Text(
            f"計画のときに数えた復元試験（{days} 日以内）が、もう古くなっています。",
            f"the restore by way of trial that counted when this was planned is older than {days} days by now.",
        ),
        remedy=Text(
            "moyai backup run で復元試験までを行ってから、moyai operation retry を実行してください。",
            "Have one tried with moyai backup run, then run moyai operation retry.",
        ),
    )
