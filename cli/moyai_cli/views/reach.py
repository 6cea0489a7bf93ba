"""Approvals that run out before the work is done, for people and for programs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from moyai_cli.called import copyable
from moyai_cli.language import of
from moyai_cli.views.operation_records import utc

if TYPE_CHECKING:
    from moyai.operations.database.rows import OperationView
    from moyai.planning.fleet.plans import OperationPlan
    from moyai.planning.fleet.reaching import EndsBefore


def reach(view: OperationView, not_given: Sequence[str] = ()) -> EndsBefore | None:
    """As `moyai.operations.fleet.reach.reach`."""
    if view.row.ended_at is not None:
        return None
    from moyai.operations.fleet import reach as room  # only where it is needed

    return room.reach(view, not_given)


def reach_in_short(found: EndsBefore) -> str:
    """The warning where there is no room for names."""
    from moyai.planning.fleet.reach_words import reach_briefly  # only where it is needed

    return of(reach_briefly(found))


def reach_said(
    found: EndsBefore | None, plan: OperationPlan, operation: str | None = None
) -> list[str]:
    """The warning in lines; none where the approvals reach all."""
    if found is None:
        return []
    from moyai.planning.fleet.reach_words import reach_lines  # only where it is needed

    return [copyable(of(line)) for line in reach_lines(found, plan, operation)]


class Early:
    """The warning of an operation that is looked at again and again: foreseen anew with each approval and each
    minute, as that takes a while where there are many bodies."""

    def __init__(self) -> None:
        self._known: tuple[int, datetime] | None = None
        self._lines: list[str] = []

    def said(self, view: OperationView) -> list[str]:
        """The warning in lines, as `reach_said`."""
        if view.row.ended_at is not None:
            return []
        known = (len(view.approvals), view.now.replace(second=0, microsecond=0))
        if known != self._known:
            self._known = known
            self._lines = reach_said(reach(view), view.plan, view.row.id)
        return self._lines


def reach_record(found: EndsBefore | None) -> dict[str, object] | None:
    """The value of `approval_ends_before`: null where the approvals reach all."""
    if found is None:
        return None
    return {
        "subjects": list(found.subjects),
        "is_given": found.is_given,
        "until": utc(found.until),
        "bodies": [{"code": code, "begins": utc(at)} for code, at in found.begins.items()],
        "ends": utc(found.ends),
        "approve_from": utc(found.from_when),
        "suffices_later": found.suffices_later,
        "approval_hours": found.hours,
    }
