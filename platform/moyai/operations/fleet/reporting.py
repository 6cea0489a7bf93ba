"""What happened in an operation: body by body, step by step, with what became of each, owed and approved."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from moyai.audit.records import FEDERATION, AuditRecord
from moyai.operations.audit.record_words import details_of_stop
from moyai.operations.database.audit_reading import of_operation
from moyai.operations.database.left import BACK
from moyai.operations.database.reading import debts, shown, steps
from moyai.operations.database.rows import BodyRow, DebtRow, OperationView, StepRow
from moyai.operations.fleet.approving import JudgedApproval, judged_approvals
from moyai.operations.kinds.kind import ALREADY
from moyai.planning.fleet.ways_back import Way, WayBack, way_back_in
from moyai.registry.models import Registry
from moyai.texts import Text, same, text_in

_AT_ONCE = timedelta(minutes=1)
"""By which the clock may have been put back between a plan, or an end, and its record."""


@dataclass(frozen=True, slots=True)
class StepReport:
    """One step of one attempt."""

    step: str
    """Its name in English, without the mark of the way back."""
    title: Text
    is_back: bool
    """Whether it is the way back of that step: what became of it is `way_back`."""
    attempt: int
    status: str
    """`intended` (begun, no end on record), `done`, `failed`, `stopped` (by a person; it had not failed)."""
    began_at: datetime
    ended_at: datetime | None
    was_found: bool
    """Whether another worker found it done already."""
    error: Text | None
    way_back: WayBack | None = None
    """Of a way back that has ended: what became of the step."""
    remark: Text | None = None
    """Of a look that found the body as it is to be: that it is."""


@dataclass(frozen=True, slots=True)
class BodyReport:
    """One body."""

    row: BodyRow
    change: tuple[Text, ...]
    steps: tuple[StepReport, ...]
    """In the order in which they began, attempt by attempt."""

    @property
    def taken_back(self) -> tuple[str, ...]:
        """Steps of the last attempt that had changed something, and that is undone; by name."""
        return self.steps_that(Way.UNDONE)

    def steps_that(self, way: Way) -> tuple[str, ...]:
        """Steps of the last attempt with such an end of their way back, by name."""
        return tuple(
            one.step
            for one in self.steps
            if one.attempt == self.row.attempts
            and one.way_back is not None
            and one.way_back.way is way
        )


@dataclass(frozen=True, slots=True)
class Report:
    """One operation."""

    view: OperationView
    bodies: tuple[BodyReport, ...]
    debts: tuple[DebtRow, ...]
    """Owed to its bodies for its kind and subject, now."""

    events: tuple[AuditRecord, ...] = ()
    """What became of the whole, and who asked for what, in the federation's chain: its course."""
    approvals: tuple[JudgedApproval, ...] = ()
    """Each on record, and whether it counts."""

    @property
    def totals(self) -> Mapping[str, int]:
        """Status of bodies → how many."""
        return self.view.row.counts


def report(
    connection: sa.Connection,
    operation: str,
    registry: Registry,
    titles: Mapping[str, Text] | None = None,
) -> Report:
    """The report of an operation, as it stands. `titles`: of the kind's steps, by name; others stand by
    their names. `registry`: which approvals count.

    Raises `UsageError` where there is none of that id.
    """
    view = shown(connection, operation)
    by_code: dict[str, list[StepReport]] = {}
    for step in steps(connection, operation):
        by_code.setdefault(step.code, []).append(_step(step, titles or {}))
    return Report(
        view,
        tuple(_body(view, row, by_code.get(row.code, ())) for row in view.bodies),
        _owed(view, debts(connection)),
        of_operation(
            connection,
            FEDERATION,
            operation,
            view.row.planned_at - _AT_ONCE,
            None if view.row.ended_at is None else view.row.ended_at + _AT_ONCE,
        ),
        judged_approvals(view, registry),
    )


def _owed(view: OperationView, every: Iterable[DebtRow]) -> tuple[DebtRow, ...]:
    codes = {body.code for body in view.bodies}
    about = (view.row.kind, view.row.subject)
    return tuple(one for one in every if one.code in codes and (one.kind, one.subject) == about)


def _body(view: OperationView, row: BodyRow, found: Iterable[StepReport]) -> BodyReport:
    ordered = sorted(found, key=lambda one: (one.attempt, one.began_at))
    return BodyReport(row, view.plan.body(row.code).change, tuple(ordered))


def _step(row: StepRow, titles: Mapping[str, Text]) -> StepReport:
    is_back = row.step.startswith(BACK)
    name = row.step.removeprefix(BACK)
    error = text_in(row.result, "what") if row.status == "failed" else None
    is_stopped = row.status == "failed" and details_of_stop(row.result)
    return StepReport(
        step=name,
        title=titles.get(name, same(name)),
        is_back=is_back,
        attempt=row.attempt,
        status="stopped" if is_stopped else row.status,
        began_at=row.intended_at,
        ended_at=row.done_at,
        was_found=row.looked,
        error=error,
        way_back=way_back_in(row.result) if is_back and row.status == "done" else None,
        remark=text_in(row.result, ALREADY),
    )
