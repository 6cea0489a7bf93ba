"""A pool's parts by percent: how what is left of it comes to its members, exactly. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import lcm

from moyai.costs.apportion.allocation import PartShare
from moyai.costs.apportion.inputs import Members, Presence
from moyai.costs.apportion.rounding import Exact
from moyai.costs.apportion.weights import part_weights
from moyai.registry.cost_rules import Part, Pool, ShareBy, WhenZero
from moyai.texts import Text


@dataclass(frozen=True, slots=True)
class Weighed:
    """A part that has something to go by: its percent of what is shared, and its weights."""

    by: ShareBy
    driver: str | None
    percent: Fraction
    weights: Mapping[str, int]
    total: int

    def share_of(self, code: str) -> PartShare:
        """How it came to one body."""
        return PartShare(self.by, self.driver, self.percent, self.weights[code], self.total)


@dataclass(frozen=True, slots=True)
class PartsWeighed:
    """The parts that can be shared, their percents making 100, and the percent of the whole that has
    nothing to go by and is to be shown as unallocated."""

    parts: tuple[Weighed, ...]
    unallocated: Fraction
    notes: tuple[Text, ...]


def weigh(
    pool: Pool, sharers: Mapping[str, Presence], members: Members, direct: Mapping[str, int]
) -> PartsWeighed:
    """The weights of all parts for those who share, zero weights replaced as the rule says."""
    found: list[Weighed] = []
    lost = Fraction()
    notes: list[Text] = []
    for part in pool.parts:
        part, weights = _with_weights(part, pool, sharers, members, direct, notes)
        total = sum(weights.values())
        if total > 0:
            found.append(Weighed(part.by, part.driver, part.percent, weights, total))
        elif part.when_zero is not WhenZero.OTHER_PARTS:
            lost += part.percent
    whole = sum((one.percent for one in found), Fraction())
    if whole == 0:
        return PartsWeighed((), Fraction(100), tuple(notes))
    scaled = tuple(
        Weighed(one.by, one.driver, one.percent * 100 / whole, one.weights, one.total)
        for one in found
    )
    return PartsWeighed(scaled, lost, tuple(notes))


def _with_weights(
    part: Part,
    pool: Pool,
    sharers: Mapping[str, Presence],
    members: Members,
    direct: Mapping[str, int],
    notes: list[Text],
) -> tuple[Part, dict[str, int]]:
    """A part and its weights; where these are all zero, the part that stands in for it."""
    weights = part_weights(part, pool.prorating, sharers, members, direct)
    if any(weights.values()):
        return part, weights
    notes.append(_ZERO[part.when_zero](pool.title, str(float(part.percent))))
    if part.when_zero not in (WhenZero.EQUAL, WhenZero.POPULATION):
        return part, weights
    by = ShareBy(part.when_zero.value)
    part = Part(by, part.percent, Fraction(1), None, {}, WhenZero.UNALLOCATED)
    return part, part_weights(part, pool.prorating, sharers, members, direct)


def exact_shares(amount: int, parts: Sequence[Weighed]) -> Exact:
    """What an amount comes to for each body: over all parts, amount × percent / 100 × weight / total.

    The parts have the same bodies, and percents that make 100.
    """
    common = lcm(*(part.percent.denominator * 100 * part.total for part in parts))
    factors = [
        part.percent.numerator * (common // (part.percent.denominator * 100 * part.total))
        for part in parts
    ]
    return Exact(
        {
            code: amount
            * sum(factor * part.weights[code] for factor, part in zip(factors, parts, strict=True))
            for code in parts[0].weights
        },
        common,
    )


_ZERO = {
    WhenZero.EQUAL: lambda title, percent: Text(
        f"{title}: {percent} % の基準がすべて 0 のため、均等に分けました",
        f"{title}: nothing to go by for {percent} %, which was shared equally",
    ),
    WhenZero.POPULATION: lambda title, percent: Text(
        f"{title}: {percent} % の基準がすべて 0 のため、人口で分けました",
        f"{title}: nothing to go by for {percent} %, which was shared by population",
    ),
    WhenZero.OTHER_PARTS: lambda title, percent: Text(
        f"{title}: {percent} % の基準がすべて 0 のため、ほかの割合で分けました",
        f"{title}: nothing to go by for {percent} %, which was shared as the other parts",
    ),
    WhenZero.UNALLOCATED: lambda title, percent: Text(
        f"{title}: {percent} % の基準がすべて 0 のため、按分できません",
        f"{title}: nothing to go by for {percent} %, which is left unallocated",
    ),
}
