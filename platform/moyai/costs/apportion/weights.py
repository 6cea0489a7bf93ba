"""What a body weighs in a part of a pool. Pure; weights are whole numbers on a scale of their own."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction
from functools import lru_cache
from math import lcm

from moyai.costs.apportion.inputs import Members, Presence
from moyai.registry.cost_rules import Part, Prorating, ShareBy

POWER_DIGITS = 30
"""Significant digits of a population's power, which is irrational in general."""
_CONTEXT = Context(prec=POWER_DIGITS + 10, rounding=ROUND_HALF_EVEN)
_SHOWN = Context(prec=POWER_DIGITS, rounding=ROUND_HALF_EVEN)


def part_weights(
    part: Part,
    prorating: Prorating,
    present: Mapping[str, Presence],
    members: Members,
    direct: Mapping[str, int],
) -> dict[str, int]:
    """Body → weight, for those who are present. Only their proportions mean something.

    Days count where they say nothing already: usage and direct costs arose on the days themselves.
    """
    if part.by is ShareBy.USAGE:
        assert part.driver is not None
        measured = members.drivers.get(part.driver, {})
        return _whole({code: measured.get(code, Fraction()) for code in present})
    if part.by is ShareBy.DIRECT:
        return {code: max(direct.get(code, 0), 0) for code in present}
    if part.by is ShareBy.EQUAL:
        own = dict.fromkeys(present, Fraction(1))
    elif part.by is ShareBy.POPULATION:
        own = {code: powered(members.populations.get(code, 0), part.power) for code in present}
    else:
        own = {code: part.percents.get(code, Fraction()) for code in present}
    return _whole(
        {
            code: own[code]
            if in_full(one, prorating)
            else own[code] * share_of_time(one, prorating)
            for code, one in present.items()
        }
    )


def share_of_time(presence: Presence, prorating: Prorating) -> Fraction:
    """How much of the period a member counts for."""
    if in_full(presence, prorating):
        return Fraction(1)
    return Fraction(presence.days, presence.of)


def in_full(presence: Presence, prorating: Prorating) -> bool:
    """Whether a member counts for all of the period, as most do."""
    return prorating is Prorating.MONTH or presence.days == presence.of


@lru_cache(maxsize=10_000)
def powered(population: int, power: Fraction) -> Fraction:
    """`population ** power` to 30 significant digits, half to even; exact for the power 1.

    The degressive share 逓減 of HARP (北海道) has the power log2 1.5: twice the residents, 1.5 times
    the share.
    """
    if power == 1 or population == 0:
        return Fraction(population)
    exponent = _CONTEXT.divide(Decimal(power.numerator), Decimal(power.denominator))
    return Fraction(_SHOWN.plus(_CONTEXT.power(Decimal(population), exponent)))


def _whole(weights: Mapping[str, Fraction]) -> dict[str, int]:
    """The same proportions in whole numbers."""
    scale = lcm(*(weight.denominator for weight in weights.values()))
    return {
        code: weight.numerator * (scale // weight.denominator) for code, weight in weights.items()
    }
