"""Debts that are settled by something else than the operation that left them, closed with the reason."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa

from moyai.planning.fleet.debts import Debt, Done, settled_by, why_void
from moyai.registry.models import Registry
from moyai.texts import JAPAN, Text, document_of

_OPEN = sa.text(
    "SELECT d.id, d.code, d.kind, d.subject, d.opened_at, clock_timestamp() AS now FROM moyai.debt d "
    "JOIN moyai.operation o ON o.id = d.operation_id WHERE d.closed_at IS NULL AND o.site = :site "
    "ORDER BY d.code, d.id"  # bodies' chains are locked by code, by all who write several
)
_DONE = sa.text(
    "SELECT o.id AS operation, b.code, o.kind, o.subject, b.ended_at FROM moyai.body b "
    "JOIN moyai.operation o ON o.id = b.operation_id "
    "WHERE b.status = 'done' AND b.ended_at IS NOT NULL AND b.code = ANY (:codes) "
    "AND o.kind = ANY (:kinds) AND o.site = :site AND b.ended_at >= :since"
)
_SETTLE = sa.text("SELECT moyai.settle(:id, :by, CAST(:reason AS jsonb))")
_LOOK_SECONDS = 20.0


class Debts:
    """What one conductor knows of them. For one thread."""

    def __init__(self, site: str, registry: Callable[[], Registry]) -> None:
        self._site = site
        self._registry = registry
        self._looked = -_LOOK_SECONDS

    @property
    def is_due(self) -> bool:
        """Whether to look now: now and then."""
        return time.monotonic() - self._looked >= _LOOK_SECONDS

    def look(self, connection: sa.Connection) -> int:
        """Close those that are settled, where a look is due; how many. Raises `MoyaiError` where tenants.yaml
        cannot be read."""
        if not self.is_due:
            return 0
        self._looked = time.monotonic()
        rows = connection.execute(_OPEN, {"site": self._site}).all()
        if not rows:
            return 0
        day, registry = rows[0].now.astimezone(JAPAN).date(), self._registry()
        open_ = [Debt(*row[:5]) for row in rows]
        done = self._done(connection, open_)
        closed = 0
        for debt in open_:
            by = settled_by(debt, done)
            why = _by(by) if by is not None else why_void(debt, registry, day)
            if why is not None:
                closed += _settle(connection, debt, by, why)
        return closed

    def _done(self, connection: sa.Connection, open_: list[Debt]) -> list[Done]:
        given: dict[str, Any] = {
            "site": self._site,
            "codes": sorted({one.code for one in open_}),
            "kinds": sorted({one.kind for one in open_}),
            "since": min(one.opened_at for one in open_),
        }
        return [Done(*row) for row in connection.execute(_DONE, given)]


def _by(done: Done) -> Text:
    return Text(
        f"{done.operation}（{done.subject}）で行われました",
        f"done by {done.operation} ({done.subject})",
    )


def _settle(connection: sa.Connection, debt: Debt, by: Done | None, why: Text) -> bool:
    given = {
        "id": debt.id,
        "by": None if by is None else by.operation,
        "reason": json.dumps(document_of(why), ensure_ascii=False),
    }
    return bool(connection.execute(_SETTLE, given).scalar())
