"""Which records the tables say that each chain has: what was begun, done and approved is in both, as one
transaction wrote them."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa

Known = tuple[str, str, int | None, str]
"""Operation, what (`plan`, `begin`, `step`, `end`, `approve`), attempt, about: the step, or subject, person and
signed moment of an approval; else nothing."""

_AT_ONCE = 2000
_WANTED = sa.text("""
WITH approved AS (
  SELECT operation_id, subject, substring(subject FROM '^[a-z][a-z-]*:([0-9]{6})$') AS code,
    substring(subject FROM '^wave:([0-9]+)$')::integer AS wave,
    concat_ws(' ', subject, operator,
      to_char(signed_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')) AS about
  FROM moyai.approval WHERE signed_at IS NOT NULL),
wanted AS (
  SELECT 'body:' || code AS chain, operation_id, 'plan' AS what, NULL::integer AS attempt, '' AS about
    FROM moyai.body
  UNION ALL SELECT 'body:' || code, operation_id, 'begin', number, ''
    FROM moyai.body, generate_series(1, attempts) AS number
  UNION ALL SELECT 'body:' || code, operation_id, 'end', nullif(attempts, 0), ''
    FROM moyai.body WHERE status NOT IN ('waiting', 'running')
  UNION ALL SELECT 'body:' || code, operation_id, 'step', attempt, step
    FROM moyai.step WHERE status <> 'intended'
  UNION ALL SELECT 'body:' || b.code, a.operation_id, 'approve', NULL, a.about
    FROM approved a JOIN moyai.body b ON b.operation_id = a.operation_id
      AND CASE WHEN a.code IS NOT NULL THEN a.code = b.code
        ELSE a.wave IS NULL OR a.wave = b.wave END
  UNION ALL SELECT 'federation', id, 'plan', NULL, '' FROM moyai.operation
  UNION ALL SELECT 'federation', operation_id, 'approve', NULL, about FROM approved)
SELECT chain, operation_id, what, attempt, about FROM wanted
WHERE CAST(:chain AS text) IS NULL OR chain = :chain
ORDER BY chain COLLATE "C"
""")


def wanted_records(
    connection: sa.Connection, chain: str | None = None
) -> Iterator[tuple[str, Known]]:
    """Chain by chain in their order, each with what it has a record of: of all, or of one."""
    rows = connection.execute(
        _WANTED,
        {"chain": chain},
        execution_options={"stream_results": True, "yield_per": _AT_ONCE},
    )
    for row in rows:
        yield row.chain, (row.operation_id, row.what, row.attempt, row.about)
