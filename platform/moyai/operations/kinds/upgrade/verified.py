"""Whether the tried restore that a plan rests on still counts when a body's turn comes."""

from __future__ import annotations

from datetime import datetime, timedelta

from moyai.operations.kinds.kind import Unavailable, Work
from moyai.texts import Text


def keep_verified(work: Work, service: str, days: int, now: datetime) -> None:
    """Raises `Unavailable` where a restore by way of trial counted at planning and is too old by now. What had
    none then is a risk that the plan names, and that somebody has taken on.

    `days`: for how many it counts (`operations.verified_restore_days`).
    """
    seen, limit = work.verified(service), timedelta(days=days)
    if seen is None or now - seen <= limit or work.plan.planned_at - seen > limit:
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
