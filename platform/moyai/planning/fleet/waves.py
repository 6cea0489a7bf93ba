"""Which bodies are in which wave. Pure.

A body belongs to the first wave of the settings that takes it: by selector, by a share, or as the rest.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from fractions import Fraction
from math import ceil, floor

from moyai.planning.fleet.plans import Limits, PlannedWave
from moyai.planning.selectors import parse
from moyai.registry.models import Tenant
from moyai.registry.operation_settings import Amount, OperationSettings, Wave


def divide(
    settings: OperationSettings, bodies: Sequence[Tenant], day: date
) -> tuple[tuple[PlannedWave, tuple[str, ...]], ...]:
    """The waves of an operation on these bodies (in the file's order), with the codes of each.

    A share is of all bodies of the operation, rounded up, and takes those with the smallest population
    first (unknown ones last), then in the file's order. Codes stand in the file's order in each wave. A wave
    with nobody is left out; numbers begin at 1. Shares among the limits are of the wave's bodies.
    Bodies that no wave takes, where none is the rest, go into the last wave. Raises `UsageError` for a selector
    that cannot be read.
    """
    left = list(bodies)
    taken: list[tuple[Wave, list[Tenant]]] = []
    for wave in settings.waves:
        chosen = _chosen(wave, left, len(bodies), day)
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


def _chosen(wave: Wave, left: Sequence[Tenant], total: int, day: date) -> list[Tenant]:
    if wave.select is not None:
        selector = parse(wave.select)
        return [body for body in left if selector.matches(body, day)]
    if wave.share is not None:
        return sorted(left, key=_residents)[: _up(wave.share, total)]
    return list(left) if wave.rest else []


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
