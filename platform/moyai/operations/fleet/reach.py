"""Whether the approvals of an operation reach the work that is left of it, as it stands on record.

By the moments on record alone: signatures are verified where they are put on record, and by workers; who lists
operations does not wait for that.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import cast

from moyai.operations.database.rows import OperationView
from moyai.planning.fleet.forecast import forecast
from moyai.planning.fleet.reaching import EndsBefore, ends_before, left_of
from moyai.planning.fleet.states import (
    BodyState,
    BodyStatus,
    OperationState,
    OperationStatus,
    WaveState,
    WaveStatus,
)
from moyai.planning.fleet.wanted import needs_approval


def reach(
    view: OperationView,
    not_given: Sequence[str] = (),
    given: Mapping[str, datetime] | None = None,
) -> EndsBefore | None:
    """The approvals that run out before what waits is done; None: they reach all of it, none is wanted, or
    nothing waits. `not_given`: subjects whose approvals on record do not count. `given`: until when others
    hold, whatever is on record."""
    waiting = {body.code for body in view.bodies if body.status == "waiting"}
    if view.row.ended_at is not None or not waiting or not needs_approval(view.plan):
        return None
    plan, start = left_of(view.plan, _state(view), view.now)
    until = {one: at for one, at in _on_record(view).items() if one not in not_given}
    return ends_before(plan, forecast(plan, start), until | dict(given or {}), view.now, waiting)


def _on_record(view: OperationView) -> dict[str, datetime]:
    """Subject → until when the latest approval of it holds, where it has not run out."""
    found: dict[str, datetime] = {}
    for one in view.approvals:
        if one.signed_at is None:
            continue
        until = min(one.signed_at, one.received_at) + timedelta(seconds=view.plan.approval_seconds)
        if until > view.now:
            found[one.subject] = max(found.get(one.subject, until), until)
    return found


def _state(view: OperationView) -> OperationState:
    return OperationState(
        cast("OperationStatus", view.row.status),
        view.row.planned_at,
        {row.code: BodyState(cast("BodyStatus", row.status), row.attempts) for row in view.bodies},
        tuple(
            WaveState(wave.number, cast("WaveStatus", wave.status), wave.began_at, wave.soak_until)
            for wave in view.waves
        ),
    )
