"""Which backups operations have made, and when each was restored by way of trial."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import sqlalchemy as sa

_BACKUPS = sa.text("""
SELECT s.code,
  CASE WHEN o.kind = 'backup' THEN split_part(s.step, ':', 2) ELSE split_part(o.subject, ' ', 1) END
    AS service,
  s.done_at, s.result ->> 'manifest' AS manifest, CAST(s.result ->> 'bytes' AS bigint) AS bytes,
  s.result ->> 'release' AS release, CAST(s.result ->> 'schema_version' AS integer) AS schema_version,
  o.kind, s.operation_id AS operation,
  (SELECT max(t.done_at) FROM moyai.step t
    WHERE t.code = s.code AND t.status = 'done' AND t.step LIKE 'restore-test:%'
      AND t.result ->> 'manifest' = s.result ->> 'manifest') AS verified_at
FROM moyai.step s JOIN moyai.operation o ON o.id = s.operation_id
WHERE s.code = ANY (:codes) AND s.status = 'done' AND s.result ? 'manifest'
  AND ((o.kind = 'backup' AND s.step LIKE 'dump:%') OR (o.kind = 'upgrade' AND s.step = 'backup'))
ORDER BY s.code, service, s.done_at DESC, s.operation_id DESC
""")


@dataclass(frozen=True, slots=True)
class BackupRow:
    """One backup. Moments are UTC."""

    code: str
    service: str
    made_at: datetime
    manifest: str
    """Its key in the body's bucket of backups."""
    bytes: int
    """Of the dump, without objects."""
    release: str | None
    """None: made by an upgrade, which was coming from it."""
    schema_version: int
    kind: str
    """Of the operation: `backup`, or `upgrade`, whose backups are not tried."""
    operation: str
    verified_at: datetime | None
    """When it was restored by way of trial last."""


def backups(connection: sa.Connection, codes: list[str]) -> tuple[BackupRow, ...]:
    """The backups of bodies: by code and service, the newest first."""
    rows = connection.execute(_BACKUPS, {"codes": codes}).all()
    return tuple(
        BackupRow(
            row.code,
            row.service,
            row.done_at.astimezone(UTC),
            row.manifest,
            row.bytes,
            row.release,
            row.schema_version,
            row.kind,
            row.operation,
            None if row.verified_at is None else row.verified_at.astimezone(UTC),
        )
        for row in rows
    )
