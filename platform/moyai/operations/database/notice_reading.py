"""Notices read: whom they are to, whether they were taken, why not; and what nobody is told of yet."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import sqlalchemy as sa

from moyai.texts import Text, text_of

NoticeStatus = Literal["sent", "waiting", "given_up", "open"]

_LISTED = sa.text(
    "SELECT operation_id, event, code, audience, channel, created_at, attempts, sent_at, "
    "given_up_at, next_try_at, last_error FROM moyai.notice "
    "WHERE (CAST(:operation AS text) IS NULL OR operation_id = :operation) "
    "AND (CAST(:days AS int) IS NULL OR created_at > clock_timestamp() - make_interval(days => :days)) "
    "AND (NOT :unsent OR sent_at IS NULL) ORDER BY id DESC LIMIT :limit"
)
_OPEN = sa.text(
    "SELECT operation_id, event, code, at FROM moyai.happening WHERE addressed_at IS NULL "
    "AND (CAST(:operation AS text) IS NULL OR operation_id = :operation) ORDER BY id DESC LIMIT :limit"
)


@dataclass(frozen=True, slots=True)
class NoticeRow:
    """One notice, or something that happened of which no worker has written notices yet (`open`: audience and
    channel are empty). Moments are UTC."""

    operation: str
    event: str
    code: str | None
    audience: str
    channel: str
    created_at: datetime
    attempts: int
    status: NoticeStatus
    sent_at: datetime | None
    next_try_at: datetime | None
    """Of one that waits."""
    error: Text | None
    """Of the last try."""


def notices(
    connection: sa.Connection,
    *,
    operation: str | None,
    unsent: bool,
    limit: int,
    days: int | None = None,
) -> tuple[NoticeRow, ...]:
    """What nobody is told of yet, however old, then notices, of the last days or all; the newest first; of one
    operation or of all, all of them or those that were not taken."""
    given = {"operation": operation, "unsent": unsent, "limit": limit, "days": days}
    still = [_open(row) for row in connection.execute(_OPEN, given)]
    listed = (_row(row) for row in connection.execute(_LISTED, given))
    return (*still, *listed)[:limit]


def _open(row: sa.Row[tuple[object, ...]]) -> NoticeRow:
    return NoticeRow(
        operation=row.operation_id,
        event=row.event,
        code=row.code,
        audience="",
        channel="",
        created_at=row.at,
        attempts=0,
        status="open",
        sent_at=None,
        next_try_at=None,
        error=None,
    )


def _row(row: sa.Row[tuple[object, ...]]) -> NoticeRow:
    status: NoticeStatus = "waiting"
    if row.sent_at is not None:
        status = "sent"
    elif row.given_up_at is not None:
        status = "given_up"
    return NoticeRow(
        operation=row.operation_id,
        event=row.event,
        code=row.code,
        audience=row.audience,
        channel=row.channel,
        created_at=row.created_at,
        attempts=row.attempts,
        status=status,
        sent_at=row.sent_at,
        next_try_at=row.next_try_at if status == "waiting" else None,
        error=text_of(row.last_error),
    )
