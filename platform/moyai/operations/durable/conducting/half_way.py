"""Bodies that earlier attempts left half-way and that would be cancelled: they are held, in sight."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

import sqlalchemy as sa

from moyai.operations.database.attempts import steps_of
from moyai.operations.database.left import left_by
from moyai.operations.durable.conducting.plans import KnownPlan
from moyai.operations.kinds.kind import Step
from moyai.planning.fleet import said
from moyai.planning.fleet.conducting import BodyChange, Decision
from moyai.planning.fleet.plans import OperationPlan, PlannedBody
from moyai.planning.fleet.states import OperationState

StepsOf = Callable[[OperationPlan, PlannedBody], Iterable[Step]]
"""The steps of a kind for a body."""


def in_sight(
    connection: sa.Connection,
    operation: str,
    known: KnownPlan,
    steps: StepsOf,
    state: OperationState,
    decision: Decision,
) -> Decision:
    """The same decision, but such bodies are held."""

    def seen(one: BodyChange) -> BodyChange:
        begun = one.status == "cancelled" and state.body(one.code).attempts > 0
        if begun and _is_half_way(connection, operation, known, steps, one.code):
            return BodyChange(one.code, "held", said.LEFT_HALF_WAY)
        return one

    return replace(decision, bodies=tuple(map(seen, decision.bodies)))


def _is_half_way(
    connection: sa.Connection, operation: str, known: KnownPlan, steps: StepsOf, code: str
) -> bool:
    """Whether earlier attempts left something of a waiting body that was not taken back."""
    left = left_by(steps_of(connection, [(operation, code)])[operation, code]).steps
    return any(
        not step.only_reads and step.name in left for step in steps(known.plan, known.body(code))
    )
