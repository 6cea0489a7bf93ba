"""Where a plan is laxer than tenants.yaml, by name: refused unless it says so and that is approved. Pure.

What is stricter goes: fewer bodies at once, a longer soak, a narrower window. What a plan is laxer in are its
*exceptions*: it names them in its parameters, and they are approved as a subject of their own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

from moyai.planning.fleet import said
from moyai.planning.fleet.known_risks import known_risks
from moyai.planning.fleet.plans import OperationPlan, PlannedBody, PlannedWave
from moyai.planning.fleet.wanted import PARAMETER, named_exceptions, needs_approval
from moyai.planning.fleet.waves import divide, planned_wave
from moyai.planning.openings import ALWAYS, Calendar, is_always
from moyai.registry.maintenance import MaintenanceWindow
from moyai.registry.models import Registry, Tenant
from moyai.registry.operation_settings import OperationSettings
from moyai.texts import JAPAN, Text

WINDOWS = "windows"
LIMITS = "limits"
SOAK = "soak"
WAVES = "waves"
APPROVALS = "approvals"
ERRORS = "errors"


@dataclass(frozen=True, slots=True)
class Bounded:
    """A plan as it may be carried out by tenants.yaml."""

    plan: OperationPlan
    """With the frozen days of both."""
    bodies: Mapping[str, PlannedBody]
    """By code."""
    refused: Text | None = None
    """Why nothing of it may begin, or None."""
    waits: Mapping[str, Text] = field(default_factory=dict)
    """Bodies that may not begin, and why."""


def unbounded(plan: OperationPlan, _registry: Registry | None = None) -> Bounded:
    """A plan as it says."""
    return Bounded(plan, {body.code: body for body in plan.bodies})


def bounded(plan: OperationPlan, registry: Registry) -> Bounded:
    """A plan held against tenants.yaml: frozen days that the file has are kept, whatever the plan says; what
    it is laxer in, and does not name, is refused.

    Raises `UsageError` for a selector of the settings that cannot be read.
    """
    tenants = {one.code: one for one in registry.tenants}
    asked = needs_approval(plan)
    bodies = tuple(_frozen(body, tenants.get(body.code), asked) for body in plan.bodies)
    found = unbounded(replace(plan, bodies=bodies))
    if not asked:
        return found
    named = named_exceptions(plan)
    unsaid = laxer(plan, registry) - set(named)
    if unsaid - {WINDOWS}:
        return replace(found, refused=said.laxer(sorted(unsaid - {WINDOWS})))
    if WINDOWS not in unsaid:
        return found
    why = said.laxer([WINDOWS])
    return replace(found, waits=dict.fromkeys(_laxer_windows(plan, tenants), why))


def with_exceptions(plan: OperationPlan, registry: Registry) -> OperationPlan:
    """A plan that names what it is laxer in than a file, beside what it names already. Raises as `bounded`."""
    names = laxer(plan, registry) | set(named_exceptions(plan))
    if not names:
        return plan
    return replace(plan, parameters={**plan.parameters, PARAMETER: tuple(sorted(names))})


def laxer(plan: OperationPlan, registry: Registry) -> frozenset[str]:
    """What a plan is laxer in than tenants.yaml, by name; nothing of one that needs no approval. Raises as
    `bounded`."""
    if not needs_approval(plan):
        return frozenset()
    settings = registry.operations
    tenants = {one.code: one for one in registry.tenants}
    found = set[str]()
    if _laxer_windows(plan, tenants):
        found.add(WINDOWS)
    if plan.approval_seconds > settings.approval_hours * 3600:
        found.add(APPROVALS)
    if settings.same_errors and not 0 < plan.same_errors <= settings.same_errors:
        found.add(ERRORS)
    return frozenset(found | _laxer_waves(plan, registry))


def _frozen(body: PlannedBody, tenant: Tenant | None, is_asked: bool) -> PlannedBody:
    """With the frozen days of tenants.yaml beside the plan's; without a calendar where the plan needs
    approval too, as it is about changes."""
    if tenant is None or (body.calendar is None and not is_asked):
        return body
    planned = body.calendar or Calendar(ALWAYS, ())
    more = tuple(one for one in tenant.freezes if one not in planned.freezes)
    if not more:
        return body
    return replace(body, calendar=Calendar(planned.window, (*planned.freezes, *more)))


def _laxer_windows(plan: OperationPlan, tenants: Mapping[str, Tenant]) -> Sequence[str]:
    """The codes of bodies that may begin outside the windows that tenants.yaml has of them."""
    return [
        body.code
        for body in plan.bodies
        if (tenant := tenants.get(body.code)) is not None
        and (
            body.calendar is None or not is_within(body.calendar.window, tenant.maintenance_window)
        )
    ]


def is_within(inner: MaintenanceWindow, outer: MaintenanceWindow) -> bool:
    """Whether a window is never open while another is closed, as far as days and hours tell at once."""
    if inner == outer or is_always(outer):
        return True
    begins = timedelta(hours=inner.start.hour, minutes=inner.start.minute)
    from_then = timedelta(hours=outer.start.hour, minutes=outer.start.minute)
    return (
        set(inner.days) <= set(outer.days)
        and from_then <= begins
        and begins + timedelta(hours=inner.hours) <= from_then + timedelta(hours=outer.hours)
    )


def _laxer_waves(plan: OperationPlan, registry: Registry) -> set[str]:
    """What waves are laxer in than those that tenants.yaml would put their bodies in; `WAVES` where bodies do
    not wait for those that it has in a wave before. A wave may be parted, not joined with another; no more of
    all its parts may fail than of the whole."""
    settings = registry.operations
    planned = {body.code: body.wave for body in plan.bodies}
    bodies = [one for one in registry.tenants if one.code in planned]
    day = plan.planned_at.astimezone(JAPAN).date()
    found, before, names = set[str](), 0, dict[int, set[str]]()
    tolerances = {one.number: one.limits.tolerance for one in plan.waves}
    for wave, codes in divide(settings, bodies, day, known_risks(plan)):
        numbers = {planned[code] for code in codes}
        if min(numbers) <= before:
            found.add(WAVES)
        before = max(before, *numbers)
        if sum(tolerances[one] for one in numbers) > wave.limits.tolerance and len(numbers) > 1:
            found.add(LIMITS)
        for number in numbers:
            names.setdefault(number, set()).add(wave.name)
    sizes = Counter(planned.values())
    for one in plan.waves:
        for name in names.get(one.number, ()):
            found |= _laxer_wave(one, name, sizes[one.number], settings)
    return found


def _laxer_wave(wave: PlannedWave, name: str, bodies: int, settings: OperationSettings) -> set[str]:
    """What a wave of so many bodies is laxer in than the one of a name in the settings."""
    expected = (
        planned_wave(settings, one, wave.number, bodies)
        for one in settings.waves
        if one.name == name
    )
    return min((_laxer_than(wave, one) for one in expected), key=len)


def _laxer_than(wave: PlannedWave, expected: PlannedWave) -> set[str]:
    found = set[str]()
    limits, most = wave.limits, expected.limits
    if (
        limits.max_concurrent > most.max_concurrent
        or limits.tolerance > most.tolerance
        or (limits.mode == "soft" and most.mode == "strict")
    ):
        found.add(LIMITS)
    if wave.soak_seconds < expected.soak_seconds:
        found.add(SOAK)
    if expected.needs_approval and not wave.needs_approval:
        found.add(APPROVALS)
    return found
