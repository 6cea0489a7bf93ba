"""Whole yen by rate of tax: flowed on and split so that each rate's sum stays. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction
from math import lcm

from moyai.costs.apportion.allocation import Payer, PayerKind
from moyai.costs.apportion.inputs import Rate, rate_order
from moyai.costs.apportion.rounding import Exact, divide
from moyai.registry.cost_rules import Pool

Mix = dict[Rate, int]
"""Whole yen by rate of tax."""

OWN = ""
"""Among flows: what stays in the pool itself."""


def flow(pool: Pool, mix: Mix) -> dict[str, Mix]:
    """Where a pool's yen go: into other pools, and what stays, under `OWN`."""
    percents = {flow.pool: flow.percent for flow in pool.flows}
    percents[OWN] = 100 - sum(percents.values(), Fraction())
    scale = lcm(*(percent.denominator for percent in percents.values()))
    weights = {name: int(percent * scale) for name, percent in percents.items()}
    found: dict[str, Mix] = {name: {} for name in percents}
    for rate, yen in mix.items():
        for name, moved in divide(yen, weights).items():
            found[name][rate] = moved
    return found


def is_mixed(mix: Mapping[Rate, int]) -> bool:
    """Whether costs at one rate stand against credits at another."""
    return bool(mix) and min(mix.values()) < 0 < max(mix.values())


def split(
    amounts: Mapping[Payer | int, int], mix: Mix, shares: Exact | None
) -> dict[Payer | int, Mix]:
    """Whole yen of payers, and of what is left, by rate: each one's rates sum to its amount, each rate's to
    the rate's.

    Rates are in each amount as in the whole. Where costs at one stand against credits at another
    (`is_mixed`), amounts say little of what they are of: then each rate goes by the pool's `shares`.
    """
    if not amounts:
        return {}
    if len(mix) == 1:
        [rate] = mix
        return {payer: {rate: yen} for payer, yen in amounts.items()}
    names = {
        f"{payer.kind.value}:{payer.name}" if isinstance(payer, Payer) else f"{OWN}{payer}": payer
        for payer in amounts
    }
    weights = {name: amounts[payer] for name, payer in names.items()}
    if shares is not None:
        weights = {name: _share_of(payer, shares) for name, payer in names.items()}
    if sum(weights.values()) == 0:
        weights = dict.fromkeys(weights, 1)
    found: dict[Payer | int, Mix] = {payer: {} for payer in amounts}
    *others, last = sorted(mix, key=rate_order)
    for rate in others:
        for name, yen in divide(mix[rate], weights).items():
            found[names[name]][rate] = yen
    for payer, yen in amounts.items():
        found[payer][last] = yen - sum(found[payer].values())
    return found


def _share_of(payer: Payer | int, shares: Exact) -> int:
    """What a body's share weighs; nothing of others."""
    if not isinstance(payer, Payer) or payer.kind is not PayerKind.BODY:
        return 0
    return shares.numerators.get(payer.name, 0)


def sum_of(mixes: Iterable[Mapping[Rate, int]]) -> Mix:
    """All of them together; rates of ¥0 are left out of each."""
    found: Mix = {}
    for mix in mixes:
        for rate, yen in mix.items():
            if yen:
                found[rate] = found.get(rate, 0) + yen
    return found
