"""What bounds workers on record: calls of AWS that all may make together, memory that bodies took."""

from __future__ import annotations

from collections.abc import Mapping

import sqlalchemy as sa

_ALLOW = sa.text("SELECT granted, again_seconds FROM moyai.allow(:wanted, :per_second)")
_MEASURED = sa.text("SELECT moyai.measured(:kind, :code, :bytes)")
_LARGEST = sa.text("""
SELECT max(coalesce(m.bytes, :assumed)) FROM (
  SELECT DISTINCT kind FROM moyai.operation
  WHERE status IN ('planned', 'running', 'paused', 'held')) o
LEFT JOIN (
  SELECT kind, max(bytes) AS bytes FROM moyai.measure
  WHERE at > clock_timestamp() - interval '7 days' GROUP BY kind) m USING (kind)
""")


def allow(connection: sa.Connection, wanted: int, per_second: float) -> tuple[int, float]:
    """How many of the calls wanted may be made now, and seconds until there are more."""
    row = connection.execute(_ALLOW, {"wanted": wanted, "per_second": per_second}).one()
    return row.granted, row.again_seconds


def put_measures(connection: sa.Connection, highest: Mapping[tuple[str, str], int]) -> None:
    """Put on record what bodies took at most: kind and code → bytes."""
    rows = [
        {"kind": kind, "code": code, "bytes": high}
        for (kind, code), high in sorted(highest.items())
    ]
    if rows:
        connection.execute(_MEASURED, rows)


def largest_measure(connection: sa.Connection, assumed: int) -> int:
    """The most bytes that a body of the kinds at work took in the last week; `assumed` of a kind that was
    never measured, and where nothing is at work."""
    return int(connection.execute(_LARGEST, {"assumed": assumed}).scalar() or assumed)
