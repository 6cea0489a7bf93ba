"""Debts that are open, what settles them, and that they are settled."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime

import psycopg
import sqlalchemy as sa

from moyai.operations.database.in_hand import in_hand
from moyai.planning.fleet.debts import Debt, Done
from moyai.texts import Text, document_of

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
_OWED = sa.text(
    "SELECT DISTINCT d.code FROM moyai.debt d JOIN moyai.operation o ON o.id = d.operation_id "
    "WHERE o.site = :site AND d.kind = :kind AND split_part(d.subject, ' ', 1) = :service "
    "AND d.opened_at <= :at AND (d.closed_at IS NULL OR d.closed_at > :at)"
)
_SETTLE = sa.text("SELECT moyai.settle(:id, :by, CAST(:reason AS jsonb))")


def open_debts(connection: sa.Connection, site: str) -> tuple[tuple[Debt, ...], datetime | None]:
    """The open debts of a site, in the order in which they are to be settled, with the server's clock; none and
    None where there are none."""
    rows = connection.execute(_OPEN, {"site": site}).all()
    return tuple(Debt(*row[:5]) for row in rows), rows[0].now if rows else None


def owed_at(
    connection: sa.Connection, site: str, kind: str, service: str, at: datetime
) -> frozenset[str]:
    """The codes of bodies to which work of a kind and service was owed at a moment."""
    given = {"site": site, "kind": kind, "service": service, "at": at}
    return frozenset(connection.execute(_OWED, given).scalars())


def done_since(connection: sa.Connection, site: str, debts: Sequence[Debt]) -> tuple[Done, ...]:
    """What was done with the bodies of debts, some at least, since the first of those was opened."""
    given = {
        "site": site,
        "codes": sorted({one.code for one in debts}),
        "kinds": sorted({one.kind for one in debts}),
        "since": min(one.opened_at for one in debts),
    }
    return tuple(Done(*row) for row in connection.execute(_DONE, given))


def hands_on(connection: sa.Connection, site: str, codes: Sequence[str]) -> frozenset[str]:
    """Those of some bodies that an operation has in hand, or has left half-way."""
    driver = connection.connection.driver_connection
    assert isinstance(driver, psycopg.Connection)
    return frozenset(in_hand(driver, site, codes)) if codes else frozenset()


def settle(connection: sa.Connection, debt: Debt, by: Done | None, why: Text) -> bool:
    """Close a debt, with the reason and what settled it; False where it was closed before."""
    given = {
        "id": debt.id,
        "by": None if by is None else by.operation,
        "reason": json.dumps(document_of(why), ensure_ascii=False),
    }
    return bool(connection.execute(_SETTLE, given).scalar())
