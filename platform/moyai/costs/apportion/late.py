"""What the own rules of a corrected period leave to nobody, by those rules that catch it after them. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction

from moyai.costs.apportion.allocation import Allocation, Unallocated
from moyai.costs.apportion.catching import catch
from moyai.costs.apportion.inputs import Bucket, Caught, Likeness, Rate, likeness, rate_order
from moyai.costs.apportion.mixes import Mix, sum_of
from moyai.costs.apportion.rounding import to_whole_yen
from moyai.costs.periods import Period
from moyai.registry.cost_rules import RuleSet


@dataclass(frozen=True, slots=True)
class Taker:
    """A period whose rules catch late costs of others."""

    period: Period
    rules: RuleSet
    names: Mapping[str, str]
    """As `Members.names`."""

    def catches(self, one: Unallocated) -> Caught | None:
        """By which rule; what a pool left goes to the pool of that name."""
        if one.pool is None:
            return catch(self.rules, one.values, self.names)
        return None if self.rules.pool(one.pool) is None else Caught(one.pool, None)


@dataclass(frozen=True, slots=True)
class Late:
    """Late costs of one period."""

    taken: Mapping[Period, Mapping[Caught, Mix]] = field(default_factory=dict)
    """Taker → its rule → whole yen."""
    left: tuple[Unallocated, ...] = ()
    """What none catches."""
    rows: Mapping[Period, tuple[Unallocated, ...]] = field(default_factory=dict)
    """Taker → what it takes, told apart as the allocation has it: its yen are those of then."""


def late(made: Allocation, buckets: Iterable[Bucket], takers: Sequence[Taker]) -> Late:
    """Late costs of an allocation by the first taker that catches them. `buckets`: its bill's.

    Whole yen at each rate are those of the allocation, by takers and rules first and then by values: so they
    do not depend on the columns by which the rest is told apart.
    """
    found = Late({}, ())
    by_rate: dict[Rate, list[_Taken]] = {}
    rows: dict[Period, tuple[Unallocated, ...]] = {}
    for left in made.unallocated:
        one = replace(left, settled=made.period)
        taker = _first(one, takers)
        if taker is not None:
            rows[taker[0]] = (*rows.get(taker[0], ()), one)
        if one.pool is None:
            [rate] = one.by_rate
            by_rate.setdefault(rate, []).append((one, taker))
        elif taker is None:
            found = replace(found, left=(*found.left, one))
        else:
            found = _with(found, *taker, one.by_rate)
    exact: dict[tuple[Rate, Likeness], Fraction] = {}
    for bucket in buckets:
        if bucket.caught is None:
            key = bucket.rate, likeness(bucket.values)
            exact[key] = exact.get(key, Fraction()) + bucket.jpy
    for rate in sorted(by_rate, key=rate_order):
        found = _at_rate(found, rate, by_rate[rate], exact)
    return replace(found, rows=rows)


_Taker = tuple[Period, Caught]
_Taken = tuple[Unallocated, _Taker | None]
"""What no rule of its own catches, with who takes it and by which rule."""


def _at_rate(
    found: Late,
    rate: Rate,
    ones: Sequence[_Taken],
    exact: Mapping[tuple[Rate, Likeness], Fraction],
) -> Late:
    """What no rule of its own catches, at one rate."""
    sums: dict[_Taker, Fraction] = {}
    none: list[Unallocated] = []
    for one, taker in ones:
        if taker is None:
            none.append(one)
        else:
            sums[taker] = sums.get(taker, Fraction()) + exact[rate, likeness(one.values)]
    order = sorted(sums, key=lambda key: (key[0], key[1].rule, key[1].body or ""))
    rest = [exact[rate, likeness(one.values)] for one in none]
    whole = to_whole_yen([*(sums[key] for key in order), *rest], sum(one.jpy for one, _ in ones))
    for key, yen in zip(order, whole, strict=False):
        found = _with(found, *key, {rate: yen})
    left = (
        replace(one, jpy=yen, by_rate={rate: yen})
        for one, yen in zip(none, whole[len(order) :], strict=True)
    )
    return replace(found, left=(*found.left, *left))


def _first(one: Unallocated, takers: Sequence[Taker]) -> _Taker | None:
    for taker in takers:
        if (caught := taker.catches(one)) is not None:
            return taker.period, caught
    return None


def _with(found: Late, period: Period, caught: Caught, mix: Mapping[Rate, int]) -> Late:
    rules = found.taken.get(period, {})
    more = sum_of([rules.get(caught, {}), mix])
    return replace(found, taken={**found.taken, period: {**rules, caught: more}})
