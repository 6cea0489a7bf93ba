"""Bodies that upgrades left half-way: their writes closed, and nobody at work on them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa

from moyai.operations.database.attempts import steps_of
from moyai.operations.database.left import StepRecord, ledger_sha256, left_by
from moyai.operations.kinds.site import SiteSource
from moyai.operations.kinds.upgrade import reading_steps
from moyai.planning.fleet.taking_over import PARAMETER, TakenOver

# A plan of a whole federation is long: its parameters are read once for each operation.
_ENTRIES = sa.text(
    "WITH ops AS MATERIALIZED (SELECT id, planned_at, CAST(plan AS jsonb) -> 'parameters' AS given "
    "FROM moyai.operation WHERE kind = 'upgrade' AND site = :site "
    "AND split_part(subject, ' ', 1) = :service), "
    "codes AS (SELECT DISTINCT b.code FROM moyai.body b JOIN ops ON ops.id = b.operation_id "
    "WHERE b.status <> 'done' AND b.attempts > 0) "
    "SELECT ops.id, b.code, b.status, ops.given "
    "FROM moyai.body b JOIN ops ON ops.id = b.operation_id JOIN codes USING (code) "
    "WHERE b.attempts > 0 ORDER BY ops.planned_at, ops.id"
)
_SUCCESSORS = sa.text(
    "WITH touched AS MATERIALIZED (SELECT DISTINCT operation_id, code FROM moyai.step "
    "WHERE code = ANY (:codes) AND ordinal > 1 AND operation_id <> :id), "
    "ops AS MATERIALIZED (SELECT id, CAST(plan AS jsonb) #> '{parameters,takes_over}' AS taken "
    "FROM moyai.operation WHERE kind = :kind AND id IN (SELECT operation_id FROM touched)) "
    "SELECT t.code, ops.id FROM touched t JOIN ops ON ops.id = t.operation_id "
    "WHERE ops.taken #>> ARRAY[t.code, 'operation'] = :id"
)
_CLOSES = "close-writes"


@dataclass(frozen=True, slots=True)
class HalfWay:
    """One body that is half-way."""

    found: TakenOver
    is_released: bool
    """Whether the release that it was brought to is the one on record."""
    is_going: bool = False
    """Whether its operation is at it, or is about to be."""


def half_way(connection: sa.Connection, source: SiteSource, service: str) -> dict[str, HalfWay]:
    """The bodies of a site whose service an upgrade left half-way, by code."""
    reads = reading_steps(source)
    records: dict[tuple[str, str], tuple[StepRecord, ...]] = {}
    found: dict[str, HalfWay | None] = {}
    rows = connection.execute(_ENTRIES, {"site": source.site, "service": service}).all()
    steps = steps_of(connection, ((row.id, row.code) for row in rows))
    for operation, code, status, parameters in rows:
        entry = ((parameters.get(PARAMETER)) or {}).get(code)
        before: tuple[StepRecord, ...] = ()
        if entry is not None and entry["way"] != "afresh":
            before = records.get((entry["operation"], code), ())
        own = steps[operation, code]
        records[operation, code] = (*before, *own)
        if any(one.name not in reads for one in own):
            target = _target(parameters, entry, before, own)
            left = _of(operation, target, entry, (*before, *own), reads)
            going = status in ("waiting", "running")
            is_left = left is not None and status != "done"
            found[code] = replace(left, is_going=going) if left is not None and is_left else None
    return {code: one for code, one in found.items() if one is not None}


def successors(
    connection: sa.Connection, operation: str, kind: str, codes: Sequence[str]
) -> dict[str, str]:
    """The bodies of an operation that others have taken over, code → by which."""
    given = {"id": operation, "kind": kind, "codes": list(codes)}
    return {row.code: row.id for row in connection.execute(_SUCCESSORS, given)}


def _target(
    parameters: Mapping[str, Any],
    entry: Mapping[str, Any] | None,
    before: Sequence[StepRecord],
    own: Sequence[StepRecord],
) -> str:
    """The release that may be on record where the one before is not: that of the operation taken over
    from, if it may have put its own there and this one has put none."""
    may_be = "release" in left_by((*before, *own)).steps
    if entry is not None and may_be and all(one.name != "release" for one in own):
        return str(entry["target"])
    return str(parameters["release"])


def _of(
    operation: str,
    target: str,
    entry: Mapping[str, Any] | None,
    records: Sequence[StepRecord],
    reads: Set[str],
) -> HalfWay | None:
    left = left_by(records)
    came = left.results.get("preflight")
    if _CLOSES not in left.steps or came is None:
        return None
    begun = [one.name for one in records if one.name in left.steps and one.name not in reads]
    return HalfWay(
        TakenOver(
            operation=operation,
            closed_by=entry["closed_by"] if entry else operation,
            step=begun[-1],
            release=str(came["release"]),
            target=target,
            ledger=ledger_sha256(records),
        ),
        "release" in left.results,
    )
