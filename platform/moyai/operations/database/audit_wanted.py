"""Which records the tables say that each chain has: what was begun, done, approved, asked for and noted down
is in both, as one transaction wrote them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from moyai.canonical_json import sha256_of
from moyai.errors import NOTHING_TOUCHED, OperationFailed
from moyai.texts import Text

Known = tuple[str, str, int | None, str]
"""Operation, what (`plan`, `begin`, `step`, `end`, `approve`), attempt, about: the step, or subject, person and
signed moment of an approval; else nothing. How it ended: `did`, attempt, step and status; `ended`, attempt, the
body's status; `wave`, its number, its status; `status`, None, the operation's. Of a deed or a run: its id,
`line`, None, the line's hash. Of what persons asked of an operation: `word`, the number among those alike,
action, person and signed moment; `wanted`, None, the last action; `released`, None, what was let go."""


@dataclass(frozen=True, slots=True)
class Ending:
    """How a step ended, beside its status."""

    at: datetime
    """In UTC."""
    sha256: str
    """Of its result or error, as `canonical_json.sha256_of`."""


Told = Mapping[Known, Ending | None]
"""What the tables say that a chain has a record of, and more of it where they know."""

_AT_ONCE = 2000
_WANTED = sa.text("""
WITH approved AS (
  SELECT operation_id, subject, substring(subject FROM '^[a-z][a-z-]*:([0-9]{6})$') AS code,
    substring(subject FROM '^wave:([0-9]+)$')::integer AS wave,
    concat_ws(' ', subject, operator,
      to_char(signed_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')) AS about
  FROM moyai.approval WHERE signed_at IS NOT NULL),
said AS (
  SELECT id, operation_id, action, codes, concat_ws(' ', 'operation.' || action, actor,
      to_char(signed_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')) AS about
  FROM moyai.steering WHERE action <> 'before'),
words AS (
  SELECT 'federation' AS chain, operation_id, about FROM said
  UNION ALL SELECT 'body:' || b.code, operation_id, s.about
    FROM said s JOIN moyai.body b USING (operation_id) WHERE s.action <> 'retry'
  UNION ALL SELECT 'body:' || code, operation_id, about FROM (
    SELECT DISTINCT id, operation_id, about, unnest(codes) AS code FROM said WHERE action = 'retry') retried),
-- A proposal is wanted paused until it begins, though nobody asked for that.
standing AS (
  SELECT id AS operation_id, 'wanted' AS what, 'operation.' || wanted AS about FROM moyai.operation
    WHERE wanted IN ('cancel', 'stop') OR wanted = 'pause' AND kind <> 'edit'
  UNION ALL SELECT id, 'released', jsonb_object_keys(released) FROM moyai.operation),
wanted AS (
  SELECT 'body:' || code AS chain, operation_id, 'plan' AS what, NULL::integer AS attempt, '' AS about
    FROM moyai.body
  UNION ALL SELECT 'body:' || code, operation_id, 'begin', number, ''
    FROM moyai.body, generate_series(1, attempts) AS number
  UNION ALL SELECT 'body:' || code, operation_id, 'end', nullif(attempts, 0), ''
    FROM moyai.body WHERE status NOT IN ('waiting', 'running')
  UNION ALL SELECT 'body:' || code, operation_id, 'step', attempt, step
    FROM moyai.step WHERE status <> 'intended'
  UNION ALL SELECT 'body:' || code, operation_id, 'ended', nullif(attempts, 0), status
    FROM moyai.body WHERE status NOT IN ('waiting', 'running')
  UNION ALL SELECT 'federation', operation_id, 'wave', number, status FROM moyai.wave
    WHERE status <> 'waiting'
  -- A person's word has it running again, too.
  UNION ALL SELECT 'federation', id, 'status', NULL, status FROM moyai.operation
    WHERE status NOT IN ('planned', 'running')
  UNION ALL SELECT 'body:' || b.code, a.operation_id, 'approve', NULL, a.about
    FROM approved a JOIN moyai.body b ON b.operation_id = a.operation_id
      AND CASE WHEN a.code IS NOT NULL THEN a.code = b.code
        ELSE a.wave IS NULL OR a.wave = b.wave END
  UNION ALL SELECT 'federation', id, 'plan', NULL, '' FROM moyai.operation
  UNION ALL SELECT 'federation', operation_id, 'approve', NULL, about FROM approved
  UNION ALL SELECT 'federation', split_part(key, '.', 1), 'line', NULL, sha256 FROM moyai.line_note
  UNION ALL SELECT chain, operation_id, 'word',
      (row_number() OVER (PARTITION BY chain, operation_id, about))::integer, about FROM words
  UNION ALL SELECT 'federation', operation_id, what, NULL, about FROM standing
  UNION ALL SELECT 'body:' || b.code, operation_id, s.what, NULL, s.about
    FROM standing s JOIN moyai.body b USING (operation_id)),
ended AS (
  SELECT *, NULL::timestamptz AS at, NULL AS result FROM wanted
  UNION ALL SELECT 'body:' || code, operation_id, 'did', attempt, step || ' ' || status, done_at,
      coalesce(result, 'null')::text
    FROM moyai.step WHERE status <> 'intended')
SELECT chain, operation_id, what, attempt, about, at, result FROM ended
WHERE CAST(:chain AS text) IS NULL OR chain = :chain
ORDER BY chain COLLATE "C"
""")
# Migrations of versions before have not let auditors; `prepare` does.
_MAY_ASK = sa.text("""
SELECT has_column_privilege('moyai.line_note', 'sha256', 'SELECT')
  AND has_column_privilege('moyai.steering', 'actor', 'SELECT')
  AND has_column_privilege('moyai.operation', 'released', 'SELECT')
  AND has_column_privilege('moyai.step', 'result', 'SELECT')
""")


def wanted_records(
    connection: sa.Connection, chain: str | None = None
) -> Iterator[tuple[str, Known, Ending | None]]:
    """Chain by chain in their order, each with what it has a record of: of all, or of one.

    Raises `OperationFailed` where the login may not read all of it: part of it would miss nothing of the rest.
    """
    if not connection.execute(_MAY_ASK).scalar_one():
        raise OperationFailed(_NOT_LET, touched=NOTHING_TOUCHED, remedy=_PREPARE)
    rows = connection.execute(
        _WANTED,
        {"chain": chain},
        execution_options={"stream_results": True, "yield_per": _AT_ONCE},
    )
    for row in rows:
        known = (row.operation_id, row.what, row.attempt, row.about)
        ended = None if row.at is None else Ending(row.at, sha256_of(json.loads(row.result)))
        yield row.chain, known, ended


_NOT_LET = Text(
    "このログインでは、監査記録と突き合わせる表の一部を読めません。",
    "this login may not read all the tables that audit records are held against.",
)
_PREPARE = Text("moyai operation prepare を実行してください。", "Run moyai operation prepare.")
