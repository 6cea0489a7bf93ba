"""Operations that are cancelled without their plan, as no version at hand can read it.

What a step does, and how it is taken back, only the plan and its kind say. So nothing is taken back: a body
with steps that were begun and not taken back is held, with their names; all others are cancelled. One that a
worker of another version has in hand is that worker's to end.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import sqlalchemy as sa

from moyai.errors import MoyaiError
from moyai.operations.database.attempts import steps_of
from moyai.operations.database.deciding import Alive, abandon, members_of, waves
from moyai.operations.database.left import changed
from moyai.operations.durable.carrying.failures import to_document
from moyai.operations.durable.conducting.stranded import Stranded
from moyai.operations.kinds.kind import InDoubt
from moyai.planning.fleet import said
from moyai.planning.fleet.conducting import BodyChange, Decision, over_by_cancel, status_by_cancel
from moyai.planning.fleet.states import BodyStatus
from moyai.texts import Text, document_of


def give_up(connection: sa.Connection, operation: str, stranded: Stranded) -> bool:
    """End bodies in hand that nobody carries on; whether there were any."""
    tickets = sorted(stranded.given_up(connection, operation))
    left = _left(connection, operation, [code for code, _ in tickets])
    for code, carrier in tickets:
        abandon(connection, operation, code, carrier, _status(left[code]), _error(left[code]))
    return bool(tickets)


def cancelling(
    connection: sa.Connection, operation: Alive
) -> tuple[Decision, Mapping[str, Mapping[str, object]]] | None:
    """What is to be written of an operation that is being cancelled, and the errors of bodies that end by it;
    None: nothing changes."""
    members = members_of(connection, operation.id)
    waiting = [one.code for one in members if one.status == "waiting"]
    left = _left(connection, operation.id, waiting)
    running = {one.wave for one in members if one.status == "running"}
    bodies = tuple(BodyChange(code, _status(left[code]), said.CANCELLED) for code in waiting)
    over = over_by_cancel(waves(connection, operation.id), running)
    status = status_by_cancel(running)
    if not (bodies or over) and (status.status, status.reason) == (
        operation.status,
        operation.reason,
    ):
        return None
    errors = {code: _error(left[code]) for code in waiting}
    return Decision(bodies=bodies, waves=over, status=status), errors


def _left(
    connection: sa.Connection, operation: str, codes: Iterable[str]
) -> dict[str, tuple[str, ...]]:
    """Code → what of it is left changed, as `changed`."""
    found = steps_of(connection, [(operation, code) for code in codes])
    return {code: changed(steps) for (_, code), steps in found.items()}


def _status(left: Sequence[str]) -> BodyStatus:
    return "held" if left else "cancelled"


def _error(left: Iterable[str]) -> Mapping[str, object]:
    names = ", ".join(left)
    if not names:
        return {"what": document_of(said.CANCELLED)}
    error: MoyaiError = InDoubt(
        Text(
            "取り消されましたが、途中まで進んでいます。計画を読めないため、元に戻していません。",
            "cancelled, but it is half-way: as its plan cannot be read, nothing of it was taken back.",
        ),
        touched=Text(f"元に戻していない手順: {names}。", f"Not taken back: {names}."),
        remedy=Text(
            "団体の実際の状態を確かめてから、この団体の新しい計画で引き継いでください。",
            "Look at what is live, then plan this body anew: that takes it over.",
        ),
    )
    return to_document(error)
