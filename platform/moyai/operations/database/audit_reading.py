"""Audit chains as they are on record, read as they come: memory stays flat however long a chain is."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from moyai.audit.records import SCHEMA, AuditRecord, Head, from_document, genesis
from moyai.canonical_json import canonical

_AT_ONCE = 1000
_NEVER = datetime(9999, 1, 1, tzinfo=UTC)
_HEADS = sa.text("""
SELECT c.chain, h.seq, h.sha256 FROM (
  SELECT chain FROM moyai.audit_head UNION SELECT DISTINCT chain FROM moyai.audit) c
LEFT JOIN moyai.audit_head h USING (chain)
WHERE CAST(:chain AS text) IS NULL OR c.chain = :chain
ORDER BY c.chain COLLATE "C"
""")
_RECORDS = sa.text("""
SELECT chain, seq, at, content, sha256 FROM moyai.audit WHERE chain = :chain ORDER BY seq
""")
_NEWEST = sa.text("""
SELECT chain, seq, at, content, sha256 FROM moyai.audit WHERE chain = :chain
ORDER BY seq DESC LIMIT :limit
""")
# Moments go up with the numbers, which have the index: the part of a chain of years is found by halves. Where a
# row is missing the halving ends, and the part is wider. The words are looked for and not the value: a record
# is canonical JSON.
_OF_OPERATION = sa.text("""
WITH RECURSIVE
whole AS (SELECT 1::bigint AS low, coalesce(max(seq), 0) + 1 AS high FROM moyai.audit WHERE chain = :chain),
first AS (
  SELECT low, high FROM whole
  UNION ALL
  SELECT CASE WHEN at < :since THEN middle + 1 ELSE low END, CASE WHEN at < :since THEN high ELSE middle END
  FROM (SELECT low, high, (low + high) / 2 AS middle, (SELECT a.at FROM moyai.audit a
    WHERE a.chain = :chain AND a.seq = (low + high) / 2) AS at FROM first WHERE low < high) halved
  WHERE at IS NOT NULL),
last AS (
  SELECT low, high FROM whole
  UNION ALL
  SELECT CASE WHEN at <= :until THEN middle + 1 ELSE low END, CASE WHEN at <= :until THEN high ELSE middle END
  FROM (SELECT low, high, (low + high) / 2 AS middle, (SELECT a.at FROM moyai.audit a
    WHERE a.chain = :chain AND a.seq = (low + high) / 2) AS at FROM last WHERE low < high) halved
  WHERE at IS NOT NULL)
SELECT chain, seq, at, content, sha256 FROM moyai.audit
WHERE chain = :chain AND seq >= (SELECT max(low) FROM first)
  AND seq < (SELECT min(high) FROM last) AND position(:words IN content) > 0 ORDER BY seq
""").bindparams(sa.bindparam("until", type_=sa.DateTime(timezone=True)))


@contextmanager
def one_moment(engine: sa.Engine) -> Iterator[sa.Connection]:
    """A connection to which the database stands still: heads and records fit together."""
    with engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
        yield connection


def heads(connection: sa.Connection, chain: str | None = None) -> tuple[Head, ...]:
    """The heads of all chains, or of one, by name. One that has records and no head has the genesis as its
    head: all its records are beyond it."""
    rows = connection.execute(_HEADS, {"chain": chain}).all()
    return tuple(
        genesis(row.chain) if row.seq is None else Head(row.chain, row.seq, row.sha256)
        for row in rows
    )


def moment_of(connection: sa.Connection) -> datetime:
    """When a transaction of `one_moment` began, by the server's clock, in UTC."""
    moment: datetime = connection.execute(sa.text("SELECT transaction_timestamp()")).scalar_one()
    return moment.astimezone(UTC)


def of_operation(
    connection: sa.Connection,
    chain: str,
    operation: str,
    since: datetime,
    until: datetime | None = None,
) -> tuple[AuditRecord, ...]:
    """A chain's records about one operation between two moments, in their order. `until`: None: up to now.

    The clock may have been put back by what the caller leaves room for at both ends.
    """
    given = {
        "chain": chain,
        "since": since,
        "until": until or _NEVER,
        "words": f'"operation":{canonical(operation).decode()}',
    }
    rows = connection.execute(_OF_OPERATION, given)
    return tuple(one for one in map(_record, rows) if one.operation == operation)


def records(connection: sa.Connection, chain: str) -> Iterator[AuditRecord]:
    """A chain from its first record on. Of a row that was changed behind Moyai's back comes a record that
    `audit.verify` finds changed."""
    rows = connection.execute(
        _RECORDS,
        {"chain": chain},
        execution_options={"stream_results": True, "yield_per": _AT_ONCE},
    )
    return map(_record, rows)


def newest(connection: sa.Connection, chain: str, limit: int) -> tuple[AuditRecord, ...]:
    """The newest records of a chain, in their order."""
    rows = connection.execute(_NEWEST, {"chain": chain, "limit": limit}).all()
    return tuple(_record(row) for row in reversed(rows))


def _record(row: Any) -> AuditRecord:
    found = _read(row.content, row.sha256)
    if found is None or (found.chain, found.seq, found.at) != (row.chain, row.seq, row.at):
        return _changed(row)
    return found


def _read(content: str, sha256: str) -> AuditRecord | None:
    """The record that a row says; None where its bytes are not those that were hashed, or not canonical."""
    raw = content.encode("utf-8", "surrogatepass")
    try:
        document = json.loads(raw)
        if hashlib.sha256(raw).hexdigest() != sha256 or canonical(document) != raw:
            return None
        if document.pop("schema") != SCHEMA:
            return None
        return from_document({**document, "sha256": sha256})
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError):
        return None


def _changed(row: Any) -> AuditRecord:
    """In the row's place, with nothing of its content: its hash is not that of what this says."""
    return AuditRecord(
        chain=row.chain,
        seq=row.seq,
        at=row.at.astimezone(UTC),
        actor="moyai",
        action="?",
        operation=None,
        plan_sha256=None,
        code=None,
        step=None,
        attempt=None,
        result="?",
        details={},
        previous_sha256="",
        sha256=row.sha256,
    )
