"""A plan put together out of what would be done with each body: waves, limits, calendars, forecasts."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from fractions import Fraction

from moyai.json_value import JsonValue
from moyai.operations.site.workspace import Workspace
from moyai.planning.fleet import known_risks, marks
from moyai.planning.fleet.durations import Measured, forecast_seconds
from moyai.planning.fleet.exceptions import with_exceptions
from moyai.planning.fleet.marks import Marks
from moyai.planning.fleet.plans import OperationPlan, PlannedBody
from moyai.planning.fleet.waves import divide
from moyai.planning.openings import ALWAYS, Calendar
from moyai.planning.selectors import select
from moyai.registry.models import Tenant
from moyai.registry.operation_settings import (
    EVERYBODY,
    Amount,
    OperationSettings,
    Risk,
    Tolerance,
)
from moyai.texts import JAPAN, Text

_ALL_MAY_FAIL = Tolerance(Amount(percent=Fraction(100)), "soft")


@dataclass(frozen=True, slots=True)
class Part:
    """What would be done with one body."""

    body: Tenant
    change_sha256: str
    change: tuple[Text, ...]
    risks: tuple[str, ...] = ()
    """What needs an approval that says so."""
    known: tuple[str, ...] = ()
    """What else is known of it, by which a wave may take it."""
    marks: Marks = field(default_factory=dict)
    """Of what the change is hashed of, for people."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A body of the selector that the operation has nothing to do for, and why."""

    body: Tenant
    why: Text


def known_of(code: str, failed: Collection[str]) -> tuple[str, ...]:
    """What is known of a body, of work that is no upgrade. `failed`: codes of those to which it is owed."""
    return (Risk.FAILED_BEFORE.value,) if code in failed else ()


def all_at_once(settings: OperationSettings) -> OperationSettings:
    """For what changes nothing of a service: one wave, in which a body that fails holds up no other."""
    return replace(settings, waves=(EVERYBODY,), failure_tolerance=_ALL_MAY_FAIL, same_errors=0)


def assemble(
    workspace: Workspace,
    kind: str,
    subject: str,
    parameters: Mapping[str, JsonValue],
    parts: Sequence[Part],
    planned_by: str,
    planned_at: datetime,
    *,
    history: Iterable[Measured] = (),
    settings: OperationSettings | None = None,
    needs_approval: bool = True,
    in_windows: bool = True,
    assumed_seconds: int | None = None,
) -> OperationPlan:
    """The plan of an operation, which names what it is laxer in than tenants.yaml.

    `parts` in the file's order. `history`: what `database.durations.measured` knows, oldest first.
    `settings`: those of tenants.yaml unless given. `needs_approval`: False also leaves bodies unasked for
    their own slots. `in_windows`: whether bodies begin in their maintenance windows only; those of a plan
    that needs approval keep to their freezes without that too. `assumed_seconds`: of a body of which
    nothing was measured; None: as the settings say.
    Raises `UsageError` for a selector of the settings that cannot be read.
    """
    registry = workspace.registry
    given = settings or registry.operations
    day = planned_at.astimezone(JAPAN).date()
    by_code = {part.body.code: part for part in parts}
    assumed = given.duration_minutes * 60 if assumed_seconds is None else assumed_seconds
    seconds = forecast_seconds(kind, subject, list(by_code), history, assumed)
    own: frozenset[str] = frozenset()
    if needs_approval and given.bodies_approve is not None:
        own = frozenset(body.code for body in select(registry, given.bodies_approve, day))
    risks = {part.body.code: (*part.risks, *part.known) for part in parts}
    waves = divide(given, [part.body for part in parts], day, risks)
    known = known_risks.parameters_of({part.body.code: part.known for part in parts})
    hashed = marks.parameters_of(part.marks for part in parts)
    bodies = tuple(
        _body(
            by_code[code],
            wave.number,
            seconds[code],
            code in own,
            _calendar(by_code[code].body, in_windows, needs_approval),
        )
        for wave, codes in waves
        for code in codes
    )
    made = OperationPlan(
        kind=kind,
        subject=subject,
        parameters={**parameters, **known, **hashed},
        site=workspace.site.name,
        registry_sha256=registry.sha256,
        planned_by=planned_by,
        planned_at=planned_at,
        waves=tuple(wave for wave, _ in waves),
        bodies=bodies,
        same_errors=given.same_errors,
        approval_seconds=given.approval_hours * 3600 if needs_approval else 0,
    )
    return with_exceptions(made, registry)


def _calendar(body: Tenant, in_windows: bool, needs_approval: bool) -> Calendar | None:
    if in_windows:
        return Calendar(body.maintenance_window, body.freezes)
    return Calendar(ALWAYS, body.freezes) if needs_approval else None


def _body(
    part: Part, wave: int, seconds: int, approves_itself: bool, calendar: Calendar | None
) -> PlannedBody:
    body = part.body
    return PlannedBody(
        code=body.code,
        name=body.name,
        wave=wave,
        change_sha256=part.change_sha256,
        change=part.change,
        forecast_seconds=seconds,
        calendar=calendar,
        risks=part.risks,
        approves_itself=approves_itself,
    )
