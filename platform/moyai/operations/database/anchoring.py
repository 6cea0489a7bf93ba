"""Which heads of audit chains are to be anchored, which were, and whose turn it is."""

from __future__ import annotations

from datetime import UTC
from typing import Final

import sqlalchemy as sa

from moyai.audit.anchors import Anchor

ANCHORS: Final = "anchors"
_MOVED = sa.text("""
SELECT h.chain, h.seq, h.sha256, clock_timestamp() AS at FROM moyai.audit_head h
WHERE h.seq > 0 AND NOT EXISTS (
  SELECT 1 FROM moyai.anchor a
  WHERE a.chain = h.chain AND a.seq = h.seq AND a.sha256 = h.sha256 AND a.bucket = :bucket
    AND a.at > clock_timestamp() - make_interval(days => :days))
ORDER BY h.chain COLLATE "C"
""")
_ANCHORED = sa.text("SELECT moyai.anchored(:chain, :seq, :sha256, :at, :bucket, :version)")
_MY_TURN = sa.text("SELECT moyai.my_turn(:name, :seconds)")
_SOON = sa.text("SELECT moyai.soon(:name, :seconds)")
# All of these are in the federation's chain; of one that nobody ever anchored only the newest are looked at.
_EARLY = sa.text("""
SELECT moyai.my_turn('anchors early', :seconds) WHERE EXISTS (
  SELECT 1 FROM moyai.audit WHERE chain = 'federation'
    AND seq > greatest((SELECT max(seq) FROM moyai.anchor WHERE chain = 'federation'),
      (SELECT seq - 2000 FROM moyai.audit_head WHERE chain = 'federation'), 0)
    AND (starts_with(content, '{"action":"operation.approve"')
      OR starts_with(content, '{"action":"operation.status"')
        AND content ~ '"status":"(done|failed|cancelled|expired|held)"'))
""")


def moved(connection: sa.Connection, bucket: str, days: int) -> tuple[Anchor, ...]:
    """Heads that were not anchored in that bucket within so many days, with the server's moment."""
    rows = connection.execute(_MOVED, {"bucket": bucket, "days": days})
    return tuple(Anchor(row.chain, row.seq, row.sha256, row.at.astimezone(UTC)) for row in rows)


def anchored(connection: sa.Connection, anchor: Anchor, bucket: str, version: str) -> None:
    """Put on record that an anchor is in the bucket. Raises `sqlalchemy.exc.DBAPIError` for a head that the
    chain does not have."""
    given = {"chain": anchor.chain, "seq": anchor.seq, "sha256": anchor.sha256, "at": anchor.at}
    connection.execute(_ANCHORED, {**given, "bucket": bucket, "version": version})


def has_anchors(connection: sa.Connection) -> bool:
    """Whether any chain was ever anchored, by what is on record here."""
    return bool(connection.execute(sa.text("SELECT EXISTS (SELECT 1 FROM moyai.anchor)")).scalar())


def my_turn(connection: sa.Connection, name: str, seconds: float) -> bool:
    """Whether the caller does it now; nobody else then does for so many seconds."""
    return bool(connection.execute(_MY_TURN, {"name": name, "seconds": seconds}).scalar())


def early(connection: sa.Connection, seconds: float) -> bool:
    """Whether the caller anchors before it is time: since the federation's head was anchored an operation was
    approved, was held or has ended, and nobody did that for so many seconds."""
    return bool(connection.execute(_EARLY, {"seconds": seconds}).scalar())


def soon(connection: sa.Connection, name: str, seconds: float) -> None:
    """It could not be done: somebody tries again in so many seconds."""
    connection.execute(_SOON, {"name": name, "seconds": seconds})
