"""How long bodies took in operations that ended well, for forecasts."""

from __future__ import annotations

import sqlalchemy as sa

from moyai.planning.fleet.durations import Measured, service_of

_OPERATIONS = 100
"""The newest of a kind and service; older ones say little of how long it takes today."""
_MEASURED = sa.text("""
SELECT o.kind, o.subject, b.code,
  CAST(ceil(extract(epoch FROM b.ended_at - b.began_at)) AS integer)
FROM (SELECT id, kind, subject, planned_at FROM moyai.operation
  WHERE kind = :kind AND split_part(subject, ' ', 1) = :service
  ORDER BY planned_at DESC, id DESC LIMIT :operations) o
JOIN moyai.body b ON b.operation_id = o.id
WHERE b.status = 'done' AND b.ended_at > b.began_at
  -- One that is done with its first look was as it was to be: that says nothing of how long the work takes.
  AND b.step IS DISTINCT FROM 'preflight'
ORDER BY o.planned_at, b.ended_at
""")


def measured(connection: sa.Connection, kind: str, subject: str) -> tuple[Measured, ...]:
    """How long bodies took that were worked on, oldest first, in the newest operations of a kind and of the
    subject's service."""
    given = {"kind": kind, "service": service_of(subject), "operations": _OPERATIONS}
    rows = connection.execute(_MEASURED, given).all()
    return tuple(Measured(*row) for row in rows)
