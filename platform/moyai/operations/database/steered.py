"""What persons asked of an operation that lets it go on, as it stands on record."""

from __future__ import annotations

import sqlalchemy as sa

from moyai.planning.fleet.going_on import ACTIONS, Word

_WORDS = sa.text(
    "SELECT action, actor, asked, signature, signed_at, what, codes, at FROM moyai.steering "
    "WHERE operation_id = :id AND action = ANY (:actions) ORDER BY id"
)


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
