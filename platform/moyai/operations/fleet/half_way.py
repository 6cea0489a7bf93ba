"""Bodies that upgrades left half-way: their writes closed, and nobody at work on them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa

from moyai.operations.database.attempts import begun_entries, steps_of
from moyai.operations.database.left import StepRecord, changed, ledger_sha256, left_by
from moyai.operations.kinds.site import SiteSource
from moyai.planning.fleet.step_names import changes
from moyai.planning.fleet.taking_over import PARAMETER, TakenOver

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
    records: dict[tuple[str, str], tuple[StepRecord, ...]] = {}
    found: dict[str, HalfWay | None] = {}
    entries = begun_entries(connection, source.site, service)
    steps = steps_of(connection, ((one.operation, one.code) for one in entries))
    for one in entries:
        operation, code = one.operation, one.code
        entry = ((one.parameters.get(PARAMETER)) or {}).get(code)
        before: tuple[StepRecord, ...] = ()
        if entry is not None and entry["way"] != "afresh":
            before = records.get((entry["operation"], code), ())
        own = steps[operation, code]
        records[operation, code] = (*before, *own)
        if any(changes(step.name) for step in own):
            target = _target(one.parameters, entry, before, own)
            left = _of(operation, target, entry, (*before, *own))
            going = one.status in ("waiting", "running")
            is_left = left is not None and one.status != "done"
            found[code] = replace(left, is_going=going) if left is not None and is_left else None
    return {code: one for code, one in found.items() if one is not None}


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
) -> HalfWay | None:
    left = left_by(records)
    came = left.results.get("preflight")
    if _CLOSES not in left.steps or came is None:
        return None
    return HalfWay(
        TakenOver(
            operation=operation,
            closed_by=entry["closed_by"] if entry else operation,
            step=changed(records)[-1],
            release=str(came["release"]),
            target=target,
            ledger=ledger_sha256(records),
        ),
        "release" in left.results,
    )
