"""Operations as records for programs: the keys are part of the interface for machines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from moyai.operations.database.rows import (
    ApprovalRow,
    BodyRow,
    OperationRow,
    WaveRow,
)
from moyai.texts import Text, text_in
from moyai_cli.language import of


def operation_record(row: OperationRow) -> dict[str, object]:
    """One operation without waves and bodies. Moments are UTC."""
    return {
        "id": row.id,
        "kind": row.kind,
        "subject": row.subject,
        "site": row.site,
        "status": row.status,
        "reason": _words(row.reason),
        "wanted": row.wanted,
        "plan_sha256": row.plan_sha256,
        "planned_by": row.planned_by,
        "planned_at": utc(row.planned_at),
        "began_at": utc(row.began_at),
        "ended_at": utc(row.ended_at),
        "counts": dict(row.counts),
    }


def whole_record(
    row: OperationRow, waves: Sequence[WaveRow], bodies: Sequence[BodyRow]
) -> dict[str, object]:
    """One operation with waves and bodies."""
    return {
        **operation_record(row),
        "waves": [wave_record(wave, bodies) for wave in waves],
        "bodies": [body_record(body) for body in bodies],
    }


def wave_record(wave: WaveRow, bodies: Sequence[BodyRow]) -> dict[str, object]:
    """One wave with how its bodies stand."""
    counts: dict[str, int] = {}
    for body in bodies:
        if body.wave == wave.number:
            counts[body.status] = counts.get(body.status, 0) + 1
    return {
        "number": wave.number,
        "name": wave.name,
        "status": wave.status,
        "reason": _words(wave.reason),
        "began_at": utc(wave.began_at),
        "soak_until": utc(wave.soak_until),
        "healthy_at": utc(wave.healthy_at),
        "counts": counts,
    }


def body_record(body: BodyRow) -> dict[str, object]:
    """One body. `error` is the sentence that says what happened; touched and remedy stand beside."""
    return {
        "code": body.code,
        "name": body.name,
        "wave": body.wave,
        "status": body.status,
        "step": body.step,
        "attempts": body.attempts,
        "error": _part(body.error, "what"),
        "touched": _part(body.error, "touched"),
        "remedy": _part(body.error, "remedy"),
        "waits": _words(body.waits),
        "worker": body.worker,
        "began_at": utc(body.began_at),
        "ended_at": utc(body.ended_at),
    }


def approval_record(one: ApprovalRow) -> dict[str, object]:
    """One signature on record. `signed_at` is null where a version before signed none: it counts no longer."""
    return {
        "subject": one.subject,
        "operator": one.operator,
        "signed_at": utc(one.signed_at),
        "received_at": utc(one.received_at),
    }


def utc(moment: datetime | None) -> str | None:
    """A moment for programs."""
    return None if moment is None else moment.isoformat(timespec="seconds")


def _part(error: Mapping[str, Any] | None, name: str) -> str | None:
    found = text_in(error, name)
    return None if found is None else of(found)


def _words(text: Text | None) -> str | None:
    return None if text is None else of(text)
