"""Whole yen by rate of tax: flowed on and split so that each rate's sum stays. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction
from math import lcm

from moyai.costs.apportion.allocation import Payer, PayerKind
from moyai.costs.apportion.inputs import Rate, rate_order
from moyai.costs.apportion.rounding import Exact, divide, to_whole_yen
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
    (`is_mixed`), amounts say the less of what they are of, the nearer the whole is to nothing: then rates go
    by the pool's `shares` to that degree, so that a small credit changes little.
    """
    if not amounts:
        return {}
    *others, last = sorted(mix, key=rate_order)
    found: dict[Payer | int, Mix] = {payer: {} for payer in amounts}
    if is_mixed(mix):
        names = {_name(payer): payer for payer in amounts}
        exact = _mixed({name: amounts[payer] for name, payer in names.items()}, mix, shares)
        for rate in others:
            parts = to_whole_yen([exact[rate][name] for name in sorted(names)], mix[rate])
            for name, yen in zip(sorted(names), parts, strict=True):
                found[names[name]][rate] = yen
    else:
        for rate in others:
            for payer, yen in _proportional(mix[rate], amounts).items():
                found[payer][rate] = yen
    for payer, yen in amounts.items():
        found[payer][last] = yen - sum(found[payer].values())
    return found


def _proportional(yen: int, amounts: Mapping[Payer | int, int]) -> dict[Payer | int, int]:
    names = {_name(payer): payer for payer in amounts}
    weights = {name: amounts[payer] for name, payer in names.items()}
    if sum(weights.values()) == 0:
        weights = dict.fromkeys(weights, 1)
    return {names[name]: part for name, part in divide(yen, weights).items()}


def _mixed(
    amounts: Mapping[str, int], mix: Mix, shares: Exact | None
) -> dict[Rate, dict[str, Fraction]]:
    """Exact yen by rate and name, of rates that stand against one another.

    With the whole S, the sum G of all rates' sizes, and what a payer weighs s: it has the part
    `p = amount × sign(S) / G + (1 − |S| / G) × s` of each rate, and what that is not of its amount
    by the rates' sizes. Parts sum to 1. Where all rates have one sign, p is amount / S.
    """
    whole, size = sum(mix.values()), sum(map(abs, mix.values()))
    sign = (whole > 0) - (whole < 0)
    weights = _weights(amounts, shares)
    of = sum(weights.values())
    parts = {
        name: Fraction(yen * sign, size)
        + (1 - Fraction(abs(whole), size)) * Fraction(weights[name], of)
        for name, yen in amounts.items()
    }
    return {
        rate: {
            name: parts[name] * yen
            + (amounts[name] - parts[name] * whole) * Fraction(abs(yen), size)
            for name in amounts
        }
        for rate, yen in mix.items()
    }


def _weights(amounts: Mapping[str, int], shares: Exact | None) -> dict[str, int]:
    """What payers weigh: bodies by their shares; without these by their amounts' size, or alike."""
    if shares is not None:
        weights = dict.fromkeys(amounts, 0)
        for code, numerator in shares.numerators.items():
            if (name := _body(code)) in weights:
                weights[name] = numerator
        if any(weights.values()):
            return weights
    sizes = {name: abs(yen) for name, yen in amounts.items()}
    return sizes if any(sizes.values()) else dict.fromkeys(amounts, 1)


def _name(payer: Payer | int) -> str:
    """Orders payers; numbers are of what is left."""
    return f"{payer.kind.value}:{payer.name}" if isinstance(payer, Payer) else f"{OWN}{payer}"


def _body(code: str) -> str:
    return _name(Payer(PayerKind.BODY, code))


def sum_of(mixes: Iterable[Mapping[Rate, int]]) -> Mix:
    """All of them together; rates of ¥0 are left out of each."""
    found: Mix = {}
    for mix in mixes:
        for rate, yen in mix.items():
            if yen:
                found[rate] = found.get(rate, 0) + yen
    return found
