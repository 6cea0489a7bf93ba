"""Happenings and notices in the operations database: written, taken, marked.

A notice that is taken belongs to its taker for `LEASE_SECONDS`; who dies meanwhile leaves it to the others.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import sqlalchemy as sa

from moyai.operations.database.rows import document_of
from moyai.operations.notices.audiences import Notice
from moyai.operations.notices.happenings import Happening
from moyai.operations.notices.message import (
    Channel,
    Content,
    Message,
    Undelivered,
    address_hash,
    message_id,
)
from moyai.operations.notices.scene import BodyNow, Happened
from moyai.registry.operation_settings import Event
from moyai.texts import Text

LEASE_SECONDS = 300
"""Longer than any channel takes to answer or give up."""
TRIES = 20
"""Of one notice, before it is given up: about thirteen hours."""
_FIRST_SECONDS = 30
_LONGEST_SECONDS = 3600

_TELL = sa.text(
    "INSERT INTO moyai.happening (key, event, operation_id, code, facts) "
    "VALUES (:key, :event, :operation, :code, CAST(:facts AS jsonb)) ON CONFLICT (key) DO NOTHING"
)
_OPEN = sa.text(
    "SELECT id, key, event, operation_id, code, facts, at FROM moyai.happening "
    "WHERE addressed_at IS NULL AND (operation_id, event) = ("
    "SELECT operation_id, event FROM moyai.happening WHERE addressed_at IS NULL "
    "AND operation_id <> ALL (:strange) ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED) "
    "ORDER BY id LIMIT 500 FOR UPDATE SKIP LOCKED"
)
_BODIES = sa.text("SELECT code, status, error FROM moyai.body WHERE operation_id = :id")
_ADDRESSED = sa.text(
    "UPDATE moyai.happening SET addressed_at = clock_timestamp(), trouble = :trouble "
    "WHERE id = ANY (:ids)"
)
_NOTICE = sa.text(
    "INSERT INTO moyai.notice (key, event, operation_id, code, audience, channel, address_sha256, "
    "content) VALUES (:key, :event, :operation, :code, :audience, :channel, :address, "
    "CAST(:content AS jsonb)) ON CONFLICT (key) DO NOTHING"
)
_TAKE = sa.text(
    "UPDATE moyai.notice SET attempts = attempts + 1, "
    "next_try_at = clock_timestamp() + make_interval(secs => :lease) WHERE id = ("
    "SELECT id FROM moyai.notice WHERE sent_at IS NULL AND given_up_at IS NULL "
    "AND next_try_at <= clock_timestamp() AND channel <> ALL (:away) "
    "ORDER BY next_try_at, id LIMIT 1 FOR UPDATE SKIP LOCKED) "
    "RETURNING id, key, event, operation_id, audience, channel, address_sha256, content, "
    "created_at, attempts"
)
_SENT = sa.text(
    "UPDATE moyai.notice SET sent_at = clock_timestamp(), last_error = NULL "
    "WHERE id = :id AND sent_at IS NULL"
)
_UNSENT = sa.text(
    "UPDATE moyai.notice SET last_error = CAST(:error AS jsonb), "
    "next_try_at = clock_timestamp() + make_interval(secs => :seconds), "
    "given_up_at = CASE WHEN :final THEN clock_timestamp() END "
    "WHERE id = :id AND attempts = :attempts AND sent_at IS NULL"
)


@dataclass(frozen=True, slots=True)
class Open:
    """Happenings of one event and operation that nobody was told of yet."""

    ids: tuple[int, ...]
    happened: tuple[Happened, ...]


@dataclass(frozen=True, slots=True)
class Due:
    """A notice that this worker sends now."""

    id: int
    channel: Channel
    audience: str
    address_sha256: str
    attempts: int
    """With this one."""
    message: Message


def tell(connection: sa.Connection, operation: str, happenings: Iterable[Happening]) -> None:
    """Put on record what happened, in the transaction in which it happens; each key once."""
    given = [
        {
            "key": f"{one.event}:{operation}:{one.about}",
            "event": str(one.event),
            "operation": operation,
            "code": one.code,
            "facts": json.dumps(one.facts, ensure_ascii=False),
        }
        for one in happenings
    ]
    if given:
        connection.execute(_TELL, given)


def take_open(connection: sa.Connection, strange: Collection[str] = ()) -> Open | None:
    """The oldest happening that is to be told, with those of its operation and event, locked to the
    transaction's end; `strange`: operations that are left to others."""
    rows = connection.execute(_OPEN, {"strange": list(strange)}).all()
    if not rows:
        return None
    happened = (
        Happened(row.key, Event(row.event), row.operation_id, row.code, row.facts, row.at)
        for row in rows
    )
    return Open(tuple(row.id for row in rows), tuple(happened))


def bodies_of(connection: sa.Connection, operation: str) -> dict[str, BodyNow]:
    """How the bodies of an operation stand, by code."""
    rows = connection.execute(_BODIES, {"id": operation})
    return {row.code: BodyNow(row.status, row.error) for row in rows}


def address(
    connection: sa.Connection, taken: Open, notices: Sequence[Notice], trouble: str | None = None
) -> None:
    """Write the notices of happenings, and that they are written."""
    given = [
        {
            "key": one.key,
            "event": str(one.event),
            "operation": one.operation,
            "code": one.code,
            "audience": one.audience,
            "channel": str(one.channel),
            "address": address_hash(one.address),
            "content": json.dumps(asdict(one.content), ensure_ascii=False),
        }
        for one in notices
    ]
    if given:
        connection.execute(_NOTICE, given)
    connection.execute(_ADDRESSED, {"ids": list(taken.ids), "trouble": trouble})


def take_due(connection: sa.Connection, away: Sequence[Channel]) -> Due | None:
    """One notice whose time has come, taken from all others; `away`: channels that take nothing now."""
    given = {"lease": LEASE_SECONDS, "away": [str(one) for one in away]}
    row = connection.execute(_TAKE, given).one_or_none()
    if row is None:
        return None
    content = _content(row.content)
    message = Message(message_id(row.key), row.event, row.operation_id, row.created_at, content)
    return Due(
        row.id, Channel(row.channel), row.audience, row.address_sha256, row.attempts, message
    )


def sent(connection: sa.Connection, due: Due) -> None:
    """It was taken by its channel."""
    connection.execute(_SENT, {"id": due.id})


def not_sent(connection: sa.Connection, due: Due, error: Undelivered) -> bool:
    """It was not; whether it is given up."""
    final = error.final or due.attempts >= TRIES
    given = {"id": due.id, "attempts": due.attempts, "final": final}
    told = json.dumps(document_of(error.why), ensure_ascii=False)
    connection.execute(_UNSENT, {**given, "error": told, "seconds": pause(due.attempts)})
    return final


def pause(attempts: int) -> int:
    """Seconds from one try to the next: twice as long each time, an hour at most."""
    return min(_FIRST_SECONDS << min(attempts - 1, 20), _LONGEST_SECONDS)


def _content(document: Any) -> Content:
    subject, text = document["subject"], document["text"]
    return Content(Text(**subject), Text(**text), document["data"])
