"""Which bodies are in which wave. Pure.

A body belongs to the first wave of the settings that takes it: by selector, by a share, by what is known of
it, or as the rest.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from fractions import Fraction
from math import ceil, floor
from types import MappingProxyType

from moyai.planning.fleet.plans import Limits, PlannedWave
from moyai.planning.selectors import parse
from moyai.registry.models import Tenant
from moyai.registry.operation_settings import Amount, OperationSettings, Wave

Risks = Mapping[str, Collection[str]]
"""Code → what is known of a body at planning, by name (`registry.operation_settings.Risk`)."""
_NONE: Risks = MappingProxyType({})


def divide(
    settings: OperationSettings, bodies: Sequence[Tenant], day: date, risks: Risks = _NONE
) -> tuple[tuple[PlannedWave, tuple[str, ...]], ...]:
    """The waves of an operation on these bodies (in the file's order), with the codes of each.

    A share is of all bodies of the operation, rounded up, and takes those with the smallest population
    first (unknown ones last), then in the file's order. A body with a risk that a wave names is in that wave,
    unless one before takes it by selector: no share or rest does, wherever it stands. Codes stand in the
    file's order in each wave. A wave with nobody is left out; numbers begin at 1. Shares among the limits are
    of the wave's bodies. Bodies that no wave takes, where none is the rest, go into the last wave.
    Raises `UsageError` for a selector that cannot be read.
    """
    left = list(bodies)
    taken: list[tuple[Wave, list[Tenant]]] = []
    for at, wave in enumerate(settings.waves):
        later = {one for other in settings.waves[at + 1 :] for one in other.risks}
        free = [body for body in left if later.isdisjoint(risks.get(body.code, ()))]
        chosen = _chosen(wave, left, free, len(bodies), day, risks)
        codes = {body.code for body in chosen}
        left = [body for body in left if body.code not in codes]
        taken.append((wave, chosen))
    if left and taken:
        taken[-1][1].extend(left)
    place = {body.code: at for at, body in enumerate(bodies)}
    some = [
        (wave, sorted((body.code for body in chosen), key=place.__getitem__))
        for wave, chosen in taken
        if chosen
    ]
    return tuple(
        (planned_wave(settings, wave, number, len(codes)), tuple(codes))
        for number, (wave, codes) in enumerate(some, 1)
    )


def _chosen(
    wave: Wave,
    left: Sequence[Tenant],
    free: Sequence[Tenant],
    total: int,
    day: date,
    risks: Risks,
) -> list[Tenant]:
    """Whom a wave takes of those that are left. `free`: those of them that no later wave takes by risk."""
    if wave.select is not None:
        selector = parse(wave.select)
        return [body for body in left if selector.matches(body, day)]
    if wave.risks:
        named = frozenset(wave.risks)
        return [body for body in left if not named.isdisjoint(risks.get(body.code, ()))]
    if wave.share is not None:
        return sorted(free, key=_residents)[: _up(wave.share, total)]
    return list(free) if wave.rest else []


def _residents(body: Tenant) -> tuple[bool, int]:
    """For sorting: unknown populations last."""
    if body.population is None:
        return True, 0
    return False, body.population.count


def planned_wave(settings: OperationSettings, wave: Wave, number: int, bodies: int) -> PlannedWave:
    """A wave of the settings as it is planned for so many bodies."""
    tolerance = wave.failure_tolerance or settings.failure_tolerance
    limits = Limits(
        max(1, _up(wave.max_concurrent or settings.max_concurrent, bodies)),
        _down(tolerance.bodies, bodies),
        tolerance.mode,
    )
    return PlannedWave(number, wave.name, limits, wave.soak_minutes * 60, wave.needs_approval)


def _up(amount: Amount, total: int) -> int:
    return ceil(_exact(amount, total))


def _down(amount: Amount, total: int) -> int:
    return floor(_exact(amount, total))


def _exact(amount: Amount, total: int) -> Fraction:
    if amount.percent is not None:
        return amount.percent * total / 100
    return Fraction(amount.count or 0)
