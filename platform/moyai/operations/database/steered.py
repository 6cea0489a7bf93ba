"""What persons asked of an operation that lets it go on, as it stands on record."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from moyai.planning.fleet.going_on import ACTIONS, Word

_WORDS = sa.text(
    "SELECT action, actor, asked, signature, signed_at, what, codes, at FROM moyai.steering "
    "WHERE operation_id = :id AND action = ANY (:actions) ORDER BY id"
)

# As `moyai.put_steering` asks for it.
_PAUSED = sa.text(
    "SELECT actor, at FROM moyai.steering WHERE operation_id = :id "
    "AND (action = 'pause' OR action = 'before' AND asked = 'pause') ORDER BY at DESC LIMIT 1"
)


@dataclass(frozen=True, slots=True)
class Pause:
    """That somebody paused a proposal."""

    email: str
    """As the person said, who may have signed it."""
    at: datetime
    """When it was put on record, by the database's clock."""


def last_pause(connection: sa.Connection, operation: str) -> Pause | None:
    """The last that a person asked for of a proposal, whatever came after it; None: it is wanted paused until
    it is in the file, by nobody's word. Of operations of other kinds only what was signed is known."""
    row = connection.execute(_PAUSED, {"id": operation}).one_or_none()
    return None if row is None else Pause(row.actor.partition(":")[2], row.at)


def words_of(connection: sa.Connection, operation: str) -> tuple[Word, ...]:
    """In the order in which they were put on record. What was asked before there was a table is not there."""
    rows = connection.execute(_WORDS, {"id": operation, "actions": sorted(ACTIONS)})
    return tuple(
        Word(
            action=row.action,
            actor=row.actor,
            asked=row.asked,
            signature=row.signature,
            signed_at=row.signed_at,
            what=tuple(row.what or ()),
            codes=tuple(row.codes or ()),
            at=row.at,
        )
        for row in rows
    )
