"""Operations that are cancelled without their plan, as no version at hand can read it.

What a step does, and how it is taken back, only the plan and its kind say. So nothing is taken back: a body
with steps that were begun and not taken back is held, with their names; all others are cancelled. One that a
worker of another version has in hand is that worker's to end.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from moyai.errors import MoyaiError
from moyai.operations.database.left import StepRecord, left_by
from moyai.operations.durable.carrying.failures import to_document
from moyai.operations.durable.conducting.stranded import Stranded
from moyai.operations.kinds.kind import InDoubt
from moyai.planning.fleet import said
from moyai.texts import Text, document_of, text_of

_BODIES = sa.text(
    "SELECT code, status, wave, attempts FROM moyai.body WHERE operation_id = :id ORDER BY code"
)
_STEPS = sa.text(
    "SELECT code, step, ordinal, status FROM moyai.step WHERE operation_id = :id "
    "ORDER BY code, attempt, ordinal"
)
_WAVES = sa.text(
    "SELECT number, status, began_at FROM moyai.wave WHERE operation_id = :id ORDER BY number"
)
_ABANDON = sa.text("SELECT moyai.abandon(:id, :code, :carrier, :status, CAST(:error AS jsonb))")
_FIRST_CHANGE = 2
"""The ordinal of the first step that may change something: the first of each kind looks."""


def give_up(connection: sa.Connection, operation: str, stranded: Stranded) -> bool:
    """End bodies in hand that nobody carries on; whether there were any."""
    codes = sorted(stranded.given_up(connection, operation))
    left = _left(connection, operation) if codes else {}
    for code, carrier in codes:
        error = _error(left.get(code, ()))
        given = {"id": operation, "code": code, "carrier": carrier, "error": _json(error)}
        connection.execute(_ABANDON, {**given, "status": _status(left.get(code, ()))})
    return bool(codes)


def cancelling(connection: sa.Connection, row: Any) -> Mapping[str, object] | None:
    """What `moyai.conduct` is to write of an operation that is being cancelled; None: nothing changes."""
    left = _left(connection, row.id)
    bodies = connection.execute(_BODIES, {"id": row.id}).all()
    running = {body.wave for body in bodies if body.status == "running"}
    cancelled = [
        {"code": body.code, "status": _status(left.get(body.code, ())), "reason": None}
        | {"error": _error(left.get(body.code, ()))}
        for body in bodies
        if body.status == "waiting"
    ]
    waves = [
        {"number": wave.number, "status": "done", "soak_until": None}
        | {"began_at": wave.began_at.isoformat() if wave.began_at else None}
        | {"reason": document_of(said.CANCELLED)}
        for wave in connection.execute(_WAVES, {"id": row.id})
        if wave.status not in ("waiting", "done") and wave.number not in running
    ]
    status, why = ("running", said.CANCELLING) if running else ("cancelled", said.CANCELLED)
    if not (cancelled or waves) and (status, why) == (row.status, text_of(row.reason)):
        return None
    return {
        "status": status,
        "reason": _json(document_of(why)),
        "cancelled": _json(cancelled),
        "waves": _json(waves),
        "begin": [],
    }


def _left(connection: sa.Connection, operation: str) -> dict[str, tuple[str, ...]]:
    """Code → steps that may have changed something, were begun and not taken back, in their order."""
    records: dict[str, list[StepRecord]] = {}
    for row in connection.execute(_STEPS, {"id": operation}):
        one = StepRecord(row.step, row.ordinal, row.status, {})
        records.setdefault(row.code, []).append(one)
    return {code: _changing(steps) for code, steps in records.items()}


def _changing(steps: Sequence[StepRecord]) -> tuple[str, ...]:
    left = left_by(steps).steps
    names = (one.name for one in steps if one.name in left and one.ordinal >= _FIRST_CHANGE)
    return tuple(dict.fromkeys(names))


def _status(left: Sequence[str]) -> str:
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


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
