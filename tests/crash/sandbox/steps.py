"""The named steps of each kind of operation, as the kinds say themselves, and places at their boundaries."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from tests.crash.sandbox.boundaries import WHEN

from moyai.json_value import JsonValue
from moyai.operations.kinds.kind import Step
from moyai.operations.kinds.site import SiteSource
from moyai.operations.kinds.table import KINDS
from moyai.planning.fleet.plans import Limits, OperationPlan, PlannedBody, PlannedWave
from moyai.planning.fleet.taking_over import PARAMETER, TakenOver, Way

_CODE = "000000"
_NEVER = datetime(2026, 1, 1, tzinfo=UTC)


def steps_of(kind: str, service: str, way: Way | None = None) -> tuple[Step, ...]:
    """The steps of one body that has one service. `way`: of one that is taken over."""
    parameters: dict[str, JsonValue] = {"services": {_CODE: [service]}}
    if way is not None:
        left = TakenOver("20260101-1", "20260101-1", "", "1.0.0", "1.1.0", "", way)
        parameters[PARAMETER] = {_CODE: left.entry()}
    body = PlannedBody(_CODE, "", 1, "", (), 1, None)
    wave = PlannedWave(1, "", Limits(1, 0, "soft"), 0)
    plan = OperationPlan(
        kind,
        "",
        parameters,
        "sandbox",
        "",
        "",
        _NEVER,
        (wave,),
        (body,),
        same_errors=0,
        approval_seconds=0,
    )
    # Nothing is opened to name steps.
    return KINDS[kind](SiteSource(Path("tenants.yaml"), "sandbox")).steps(plan, body)


def places_of(kind: str, service: str, way: Way | None = None) -> tuple[str, ...]:
    """The boundaries of an operation that goes well."""
    names = [step.name for step in steps_of(kind, service, way)]
    return tuple(f"{when}:{name}" for name in names for when in WHEN)


def places_back(kind: str, service: str) -> tuple[str, ...]:
    """The boundaries on the way back of one that fails."""
    names = [step.name for step in steps_of(kind, service) if not step.only_reads]
    return tuple(f"{when}:-{name}" for name in reversed(names) for when in WHEN)
