"""Bodies that operations have in hand: by what is on record, whichever machine's worker is at them, or none.

A body is in hand from the first step that changes something to its end, and while what was left of it is no
state to deploy over: writes closed, or passwords of two kinds. Knows no worker: one that died has its bodies in
hand until another has brought them to their end.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, LiteralString

import psycopg
from psycopg.rows import namedtuple_row

from moyai.operations.database.left import StepRecord, changed, left_by
from moyai.planning.fleet.step_names import changes

_HALF_WAY: Mapping[str, tuple[str, ...]] = {
    "upgrade": ("close-writes", "back-"),
    "rotate": ("set:",),
}
"""Kind → how names of steps begin that leave a body half-way, where they are not taken back."""
_OPENS = frozenset({"open-writes", "back-open-writes"})
"""Steps that end it where they are done, whatever is said of the body afterwards."""

_STEPS = """
  coalesce((SELECT jsonb_agg(jsonb_build_object('step', s.step, 'ordinal', s.ordinal, 'status', s.status,
      'attempt', s.attempt, 'at', extract(epoch FROM s.intended_at)) ORDER BY s.attempt, s.ordinal)
    FROM moyai.step s WHERE s.operation_id = b.operation_id AND s.code = b.code), '[]') AS steps
FROM moyai.body b JOIN moyai.operation o ON o.id = b.operation_id
WHERE o.site = %(site)s AND b.code = ANY (%(codes)s)
"""
_ENTRY = "SELECT o.id, o.kind, o.subject, o.planned_by, b.code, b.status, b.attempts,"
_RUNNING = "".join((_ENTRY, _STEPS, " AND b.status = 'running'"))
_BEGUN = "".join(
    (
        _ENTRY,
        _STEPS,
        """ AND b.attempts > 0
  AND (b.status = 'running' OR (o.kind IN ('upgrade', 'rotate') AND EXISTS (SELECT 1 FROM moyai.body other
    WHERE other.code = b.code AND other.attempts > 0 AND other.status IN ('waiting', 'held'))))""",
    )
)


@dataclass(frozen=True, slots=True)
class InHand:
    """An operation that has a body in hand."""

    operation: str
    kind: str
    subject: str
    planned_by: str
    code: str
    step: str
    """The last step that was begun and not taken back; one that is being taken back has `-` before it."""
    is_running: bool
    """Whether it is at the body, or about to be; else it was left half-way."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A body in an operation that has begun it. `steps`: all of them with their attempts, the oldest first."""

    operation: str
    kind: str
    subject: str
    planned_by: str
    code: str
    status: str
    attempts: int
    steps: tuple[tuple[int, StepRecord], ...]
    changed_at: float = 0.0
    """When the last of those that change something was begun, in seconds."""


def in_hand(
    connection: psycopg.Connection[Any], site: str, codes: Sequence[str]
) -> dict[str, InHand]:
    """The bodies among those that an operation has in hand, by code."""
    return found_in(_entries(connection, _BEGUN, site, codes))


def running(connection: psycopg.Connection[Any], site: str, code: str) -> InHand | None:
    """The operation that is at a body and has begun to change it, or None: quicker than `in_hand`."""
    return found_in(_entries(connection, _RUNNING, site, (code,))).get(code)


def found_in(entries: Iterable[Entry]) -> dict[str, InHand]:
    """The bodies in hand by entries. Pure."""
    at_work: dict[str, InHand] = {}
    left: dict[tuple[str, str, str], InHand | None] = {}
    for one in sorted(entries, key=lambda one: one.changed_at):
        if one.status == "running" and (begun := _begun(one)) is not None:
            at_work[one.code] = _told(one, begun, is_running=True)
        elif any(changes(step.name) for _, step in one.steps):
            # What a later operation brought to an end, one before has not left half-way any more.
            last = _left_at(one)
            told = None if last is None else _told(one, last, is_running=False)
            left[one.code, one.kind, one.subject.partition(" ")[0]] = told
    return {one.code: one for one in left.values() if one is not None} | at_work


def _begun(one: Entry) -> str | None:
    """The last changing step that this attempt has begun, or that those before left; None: there is none."""
    now = [step.name for attempt, step in one.steps if attempt == one.attempts]
    if any(changes(name) for name in now):
        return now[-1]
    names = changed(_records(one))
    return names[-1] if names else None


def _left_at(one: Entry) -> str | None:
    """The last step of a body that it was left half-way with; None: it was not."""
    if one.status in ("done", "running"):
        return None
    heads = _HALF_WAY.get(one.kind, ())
    left = left_by(_records(one))
    if not any(name.startswith(heads) for name in left.steps):
        return None
    return changed(_records(one))[-1] if _OPENS.isdisjoint(left.results) else None


def _records(one: Entry) -> tuple[StepRecord, ...]:
    return tuple(step for _, step in one.steps)


def _told(one: Entry, step: str, *, is_running: bool) -> InHand:
    given = (one.operation, one.kind, one.subject, one.planned_by, one.code, step)
    return InHand(*given, is_running=is_running)


def _entries(
    connection: psycopg.Connection[Any], statement: LiteralString, site: str, codes: Sequence[str]
) -> list[Entry]:
    with connection.cursor(row_factory=namedtuple_row) as cursor:
        rows = cursor.execute(statement, {"site": site, "codes": list(codes)}).fetchall()
    return [_entry(row) for row in rows]


def _entry(row: Any) -> Entry:
    given = (row.id, row.kind, row.subject, row.planned_by, row.code, row.status, row.attempts)
    steps = tuple(
        (one["attempt"], StepRecord(one["step"], one["ordinal"], one["status"], {}))
        for one in row.steps
    )
    moments = [float(one["at"]) for one in row.steps if changes(one["step"])]
    return Entry(*given, steps=steps, changed_at=max(moments, default=0.0))
