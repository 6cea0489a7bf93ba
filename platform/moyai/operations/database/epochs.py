"""Epochs of the operations database: each begins where it was restored from an older copy.

By psycopg itself, as `reading`: a list says at once that the database is known to be older than what was done.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import psycopg

from moyai.errors import NOTHING_TOUCHED, Refused
from moyai.texts import Text, in_japan

if TYPE_CHECKING:
    import sqlalchemy as sa

    from moyai.audit.anchors import Anchor

    Connection = psycopg.Connection[Any] | sa.Connection

_BEHIND = "SELECT found_at, what FROM moyai.behind"
_EPOCH = "SELECT max(number), (array_agg(database::text ORDER BY number))[1] FROM moyai.epoch"
_HEAD = (
    "SELECT seq, sha256, (SELECT coalesce(sum(seq), 0)::bigint FROM moyai.audit_head) "
    "FROM moyai.audit_head WHERE chain = 'federation'"
)
_HAS = "SELECT sha256 FROM moyai.audit WHERE chain = 'federation' AND seq = %s"
_STRANGE = """
SELECT given.chain, given.seq, given.sha256 FROM
  jsonb_to_recordset(CAST(%s AS jsonb)) AS given (chain text, seq bigint, sha256 text)
  LEFT JOIN moyai.audit a ON a.chain = given.chain AND a.seq = given.seq
WHERE a.sha256 IS DISTINCT FROM given.sha256 AND NOT EXISTS (SELECT 1 FROM moyai.lost_anchor l
  WHERE l.chain = given.chain AND l.seq = given.seq AND l.sha256 = given.sha256)
"""
_ANCHORED = """
SELECT h.chain, a.seq, a.sha256 FROM moyai.audit_head h LEFT JOIN LATERAL (
  SELECT seq, sha256 FROM moyai.anchor a WHERE a.chain = h.chain AND a.bucket = %s
  ORDER BY seq DESC LIMIT 1) a ON true
"""
_ANCHORED_COUNT = "SELECT count(*) FROM moyai.anchor WHERE bucket = %s"
_AT_WORK = """
SELECT DISTINCT 'body:' || b.code FROM moyai.body b JOIN moyai.operation o ON o.id = b.operation_id
WHERE b.status IN ('waiting', 'running') AND o.status IN ('planned', 'running', 'paused', 'held')
"""
_WOULD_HOLD = """
SELECT b.operation_id, b.code, b.name, b.step, b.status
FROM moyai.body b JOIN moyai.operation o ON o.id = b.operation_id
WHERE (b.status = 'running' OR b.status = 'waiting' AND o.wanted NOT IN ('cancel', 'stop'))
  AND (o.status IN ('running', 'paused', 'held') OR o.status = 'planned' AND (
    o.plan::jsonb->>'approval_seconds' = '0' OR EXISTS (SELECT 1 FROM moyai.approval a
      WHERE a.operation_id = o.id AND a.subject = 'plan' AND a.plan_sha256 = o.plan_sha256)))
ORDER BY b.operation_id, b.code
"""
_COPIED = """
SELECT greatest(max(s.intended_at), max(s.done_at), (SELECT max(greatest(o.planned_at, o.began_at,
  o.ended_at)) FROM moyai.operation o)) FROM moyai.step s
"""
_LAST = "SELECT number, copied_at FROM moyai.epoch WHERE number > 1 ORDER BY number DESC LIMIT 1"
_STILL_HELD = """
SELECT operation_id, code, name, step, status FROM moyai.body
WHERE status = 'held' AND error->>'type' = 'InDoubt' ORDER BY operation_id, code
"""
_LOST_BODIES = """
SELECT DISTINCT substr(chain, 6) FROM moyai.lost_anchor WHERE epoch = %s AND chain LIKE 'body:%%'
"""
_FOUND = "SELECT moyai.found_behind(CAST(%s AS jsonb))"
_RESTORED = "SELECT moyai.restored(%s, %s, CAST(%s AS jsonb), CAST(%s AS jsonb))"


@dataclass(frozen=True, slots=True)
class Behind:
    """That the database is known to be older than what was done, and nobody has declared it."""

    found_at: datetime
    """UTC."""
    what: Mapping[str, Any]
    """`by`: `anchors` (then `chains`: chain → from which record to which are lost), `host` (what a worker's
    host remembers), `fence` (a later job in a body's database) or `worker` (one that lived through it)."""

    def words(self) -> Text:
        """For people: what, what was not touched, what to do."""
        return _words(self)


@dataclass(frozen=True, slots=True)
class Mark:
    """How far a database has come, to know a copy of it by."""

    database: str
    """The same in all copies."""
    epoch: int
    seq: int
    """Of the federation's chain."""
    sha256: str
    records: int
    """In all chains."""


@dataclass(frozen=True, slots=True)
class HeldBody:
    """A body that is held because nobody can say what was done with it since the copy."""

    operation: str
    code: str
    name: str
    step: str | None
    before: str
    """What it was in the copy: `running`, `waiting`."""


@dataclass(frozen=True, slots=True)
class Declared:
    """What came of a declaration."""

    epoch: int
    copied_at: datetime | None
    """The newest moment that the copy has on record, in UTC; None: it has none."""
    held: tuple[HeldBody, ...]


def behind(connection: Connection) -> Behind | None:
    """Whether the database is known to be an older copy that nobody has declared."""
    row = _one(connection, _BEHIND, ())
    return None if row is None else Behind(row[0].astimezone(UTC), row[1])


def found_behind(connection: Connection, what: Mapping[str, object]) -> bool:
    """Say so, as a worker; whether it is the first to."""
    return bool(_one(connection, _FOUND, (json.dumps(what),))[0])


def epoch(connection: Connection) -> int:
    """The epoch on record."""
    return int(_one(connection, _EPOCH, ())[0])


def mark(connection: Connection) -> Mark | None:
    """How far the database has come; None before the federation's first record."""
    number, database = _one(connection, _EPOCH, ())
    head = _one(connection, _HEAD, ())
    return None if head is None else Mark(database, number, head[0], head[1], head[2])


def is_older(connection: Connection, known: Mark) -> bool:
    """Whether a database is an older copy of one that had come so far. What was declared since is not."""
    number, database = _one(connection, _EPOCH, ())
    if database != known.database or number > known.epoch:
        return False
    if number < known.epoch:
        return True
    now, has = mark(connection), _one(connection, _HAS, (known.seq,))
    return has is None or has[0] != known.sha256 or now is None or now.records < known.records


def anchored_last(connection: Connection, bucket: str) -> dict[str, tuple[int, str] | None]:
    """Chain → the newest of its heads that is on record as anchored in a bucket; None: none is."""
    rows = _all(connection, _ANCHORED, (bucket,))
    return {row[0]: None if row[1] is None else (row[1], row[2]) for row in rows}


def anchored_count(connection: Connection, bucket: str) -> int:
    """How many anchors are on record of a bucket."""
    (found,) = _one(connection, _ANCHORED_COUNT, (bucket,))
    return int(found)


def at_work(connection: Connection) -> list[str]:
    """The chains of bodies that wait or run in operations that have not ended."""
    return [row[0] for row in _all(connection, _AT_WORK, ())]


def strange(connection: Connection, anchors: Sequence[Anchor]) -> tuple[Anchor, ...]:
    """Those anchors that no record matches, but for those whose loss is declared."""
    given = [{"chain": one.chain, "seq": one.seq, "sha256": one.sha256} for one in anchors]
    rows = _all(connection, _STRANGE, (json.dumps(given),))
    found = {tuple(row) for row in rows}
    return tuple(one for one in anchors if (one.chain, one.seq, one.sha256) in found)


def held_by_it(connection: Connection) -> Declared:
    """What a declaration would come to now (`moyai.restored` does the same)."""
    (copied,) = _one(connection, _COPIED, ())
    held = tuple(HeldBody(*row) for row in _all(connection, _WOULD_HOLD, ()))
    return Declared(epoch(connection), None if copied is None else copied.astimezone(UTC), held)


def declared_last(connection: Connection) -> tuple[Declared, frozenset[str]] | None:
    """The last declaration, with the bodies that are held by one until now, and the codes of those of which
    records are lost; None: there was none."""
    row = _one(connection, _LAST, ())
    if row is None:
        return None
    number, copied = row
    held = tuple(HeldBody(*one) for one in _all(connection, _STILL_HELD, ()))
    codes = frozenset(str(one[0]) for one in _all(connection, _LOST_BODIES, (number,)))
    return Declared(number, None if copied is None else copied.astimezone(UTC), held), codes


def restored(
    connection: Connection,
    number: int,
    actor: str,
    lost: Iterable[Anchor],
    error: Mapping[str, object],
) -> Declared:
    """Declare, as an operator, that the database was restored: a new epoch begins; what ran or waited is held.

    `lost`: anchors that no record matches; `error`: what is said of bodies that are held. Raises
    `psycopg.Error`.
    """
    chains: dict[str, list[dict[str, object]]] = {}
    for one in lost:
        chains.setdefault(one.chain, []).append({"seq": one.seq, "sha256": one.sha256})
    listed = [{"chain": chain, "anchors": anchors} for chain, anchors in sorted(chains.items())]
    given = (number, actor, json.dumps(listed), json.dumps(error, ensure_ascii=False))
    (found,) = _one(connection, _RESTORED, given)
    copied = found["copied_at"]
    return Declared(
        found["epoch"],
        None if copied is None else datetime.fromisoformat(copied).astimezone(UTC),
        tuple(
            HeldBody(one["operation"], one["code"], one["name"], one["step"], one["before"])
            for one in found["held"]
        ),
    )


def behind_refused() -> Refused:
    """For people: nothing new begins in a copy that nobody has declared."""
    return Refused(
        Text(
            "運用データベースは、行われた作業より古い写しです。申告があるまで、新しい作業は始まりません。",
            "the operations database is a copy older than what was done: nothing new begins until that is "
            "declared.",
        ),
        touched=NOTHING_TOUCHED,
        remedy=DECLARE,
    )


DECLARE = Text(
    "手順書 database-host-lost（moyai runbook run database-host-lost）に沿って確かめ、古い写しから戻したのなら "
    "moyai operation restored を実行してください。戻していないなら、接続先が正しいか確かめてください。",
    "Follow the runbook database-host-lost (moyai runbook run database-host-lost); where it was brought back "
    "from an older copy, run moyai operation restored. Where it was not, see whether operations_database "
    "points to the right one.",
)


def _words(found: Behind) -> Text:
    chains = found.what.get("chains") or {}
    by = {
        "anchors": Text(
            f"ロックされたバケットの係留点より古い記録があります（{len(chains)} 件の連鎖）",
            f"anchors in the locked bucket are newer than its records ({len(chains)} chains)",
        ),
        "host": Text(
            "ワーカーの機械が覚えている記録より古い",
            "a worker's host remembers newer records",
        ),
        "fence": Text(
            "団体のデータベースに、知らないジョブの記録がある",
            "a body's own database has a later job on record",
        ),
        "worker": Text(
            "動いていたワーカーの足もとで古い状態に戻った",
            "it went back while a worker was at work",
        ),
    }.get(str(found.what.get("by")), Text("", ""))
    at = in_japan(found.found_at)
    return Text(
        f"運用データベースは、行われた作業より古い写しです（{by.ja}。{at} に判明）。新しい団体には着手せず、"
        f"途中の団体も進めていません。{DECLARE.ja}",
        f"The operations database is a copy older than what was done ({by.en}; found {at}). No body is begun, "
        f"and none that was in hand is carried on. {DECLARE.en}",
    )


def _one(connection: Connection, statement: str, given: Sequence[object]) -> Any:
    rows = _all(connection, statement, given)
    return rows[0] if rows else None


def _all(connection: Connection, statement: str, given: Sequence[object]) -> list[Any]:
    driver: Any = connection
    if not isinstance(driver, psycopg.Connection):
        driver = driver.connection.driver_connection
    with driver.cursor() as cursor:
        return list(cursor.execute(statement, given).fetchall())
