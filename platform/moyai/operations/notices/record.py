"""Happenings and notices in the operations database: written, taken, marked.

A notice that is taken belongs to its taker for `LEASE_SECONDS`; who dies meanwhile leaves it to the others.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import sqlalchemy as sa

from moyai.json_value import JsonValue
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
from moyai.texts import Text, document_of

LEASE_SECONDS = 300
"""Longer than any channel takes to answer or give up."""
TRIES = 20
"""Of one notice, before it is given up: about thirteen hours."""
_FIRST_SECONDS = 30
_LONGEST_SECONDS = 3600

_TELL = sa.text("SELECT moyai.tell(:operation, CAST(:happenings AS jsonb))")
_OPEN = sa.text(
    "SELECT id, key, event, operation_id, code, facts, at "
    "FROM moyai.open_happenings(CAST(:strange AS text[]))"
)
_OPEN_OF = sa.text(
    "SELECT id, key, event, operation_id, code, facts, at "
    "FROM moyai.open_happenings_of(:event, CAST(:strange AS text[]))"
)
_BODIES = sa.text("SELECT code, status, error, attempts FROM moyai.body WHERE operation_id = :id")
_ADDRESS = sa.text(
    "SELECT moyai.address(CAST(:ids AS bigint[]), CAST(:notices AS jsonb), :trouble)"
)
_TAKE = sa.text(
    "SELECT id, key, event, operation_id, audience, channel, address_sha256, content, created_at, "
    "attempts FROM moyai.take_notice(:lease, CAST(:away AS text[]))"
)
_SENT = sa.text("SELECT moyai.notice_sent(:id)")
_UNSENT = sa.text(
    "SELECT moyai.notice_unsent(:id, :attempts, CAST(:error AS jsonb), :seconds, :final)"
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
    given = documents(happenings)
    if given:
        connection.execute(_TELL, {"operation": operation, "happenings": _json(given)})


def documents(happenings: Iterable[Happening]) -> list[dict[str, JsonValue]]:
    """Happenings as `moyai.tell` takes them."""
    return [
        {"event": str(one.event), "about": one.about, "code": one.code, "facts": one.facts}
        for one in happenings
    ]


def take_open(
    connection: sa.Connection, strange: Collection[str] = (), only: Event | None = None
) -> Open | None:
    """The oldest happening that is to be told, with those of its operation and event, locked to the
    transaction's end; `strange`: operations that are left to others; `only`: of this event."""
    given: dict[str, object] = {"strange": list(strange)}
    if only is None:
        rows = connection.execute(_OPEN, given).all()
    else:
        rows = connection.execute(_OPEN_OF, {**given, "event": str(only)}).all()
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
    return {row.code: BodyNow(row.status, row.error, row.attempts > 0) for row in rows}


def address(
    connection: sa.Connection, taken: Open, notices: Sequence[Notice], trouble: str | None = None
) -> None:
    """Write the notices of happenings, and that they are written."""
    given = [
        {
            "key": one.key,
            "code": one.code,
            "audience": one.audience,
            "channel": str(one.channel),
            "address_sha256": address_hash(one.address),
            "content": asdict(one.content),
        }
        for one in notices
    ]
    connection.execute(
        _ADDRESS, {"ids": list(taken.ids), "notices": _json(given), "trouble": trouble}
    )


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
    told = _json(document_of(error.why))
    connection.execute(_UNSENT, {**given, "error": told, "seconds": pause(due.attempts)})
    return final


def pause(attempts: int) -> int:
    """Seconds from one try to the next: twice as long each time, an hour at most."""
    return min(_FIRST_SECONDS << min(attempts - 1, 20), _LONGEST_SECONDS)


def _content(document: Any) -> Content:
    subject, text = document["subject"], document["text"]
    return Content(Text(**subject), Text(**text), document["data"])


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
