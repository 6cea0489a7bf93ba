"""What the own rules of a corrected period leave to nobody, by those rules that catch it after them. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction

from moyai.costs.apportion.allocation import Allocation, Unallocated
from moyai.costs.apportion.catching import catch
from moyai.costs.apportion.inputs import Bucket, Caught, Rate, rate_order
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
    by_rate: dict[Rate, list[Unallocated]] = {}
    for one in made.unallocated:
        if one.pool is None:
            [rate] = one.by_rate
            by_rate.setdefault(rate, []).append(replace(one, settled=made.period))
        else:
            found = _with_left(found, replace(one, settled=made.period), takers)
    exact: dict[_Likeness, Fraction] = {}
    for bucket in buckets:
        if bucket.caught is None:
            key = _likeness(bucket.rate, bucket.values)
            exact[key] = exact.get(key, Fraction()) + bucket.jpy
    for rate in sorted(by_rate, key=rate_order):
        found = _at_rate(found, rate, by_rate[rate], exact, takers)
    rows: dict[Period, tuple[Unallocated, ...]] = {}
    for one in made.unallocated:
        if (taker := _first(one, takers)) is not None:
            rows[taker[0]] = (*rows.get(taker[0], ()), replace(one, settled=made.period))
    return replace(found, rows=rows)


def _with_left(found: Late, one: Unallocated, takers: Sequence[Taker]) -> Late:
    """What a pool left, whole yen already."""
    taker = _first(one, takers)
    if taker is None:
        return Late(found.taken, (*found.left, one))
    return _with(found, *taker, one.by_rate)


def _at_rate(
    found: Late,
    rate: Rate,
    ones: Sequence[Unallocated],
    exact: Mapping[_Likeness, Fraction],
    takers: Sequence[Taker],
) -> Late:
    """What no rule of its own catches, at one rate."""
    sums: dict[tuple[Period, Caught], Fraction] = {}
    none: list[Unallocated] = []
    for one in ones:
        taker = _first(one, takers)
        if taker is None:
            none.append(one)
        else:
            sums[taker] = sums.get(taker, Fraction()) + exact[_likeness(rate, one.values)]
    order = sorted(sums, key=lambda key: (key[0], key[1].rule, key[1].body or ""))
    rest = [exact[_likeness(rate, one.values)] for one in none]
    whole = to_whole_yen([*(sums[key] for key in order), *rest], sum(one.jpy for one in ones))
    for key, yen in zip(order, whole, strict=False):
        found = _with(found, *key, {rate: yen})
    left = (
        replace(one, jpy=yen, by_rate={rate: yen})
        for one, yen in zip(none, whole[len(order) :], strict=True)
    )
    return Late(found.taken, (*found.left, *left))


_Likeness = tuple[Rate, tuple[tuple[str, bool, str], ...]]


def _likeness(rate: Rate, values: Mapping[str, str | None]) -> _Likeness:
    """Alike in the rate and in every column; no value is not an empty one."""
    words = ((name, value is not None, value or "") for name, value in values.items())
    return rate, tuple(sorted(words))


def _first(one: Unallocated, takers: Sequence[Taker]) -> tuple[Period, Caught] | None:
    for taker in takers:
        if (caught := taker.catches(one)) is not None:
            return taker.period, caught
    return None


def _with(found: Late, period: Period, caught: Caught, mix: Mapping[Rate, int]) -> Late:
    rules = found.taken.get(period, {})
    more = sum_of([rules.get(caught, {}), mix])
    return replace(found, taken={**found.taken, period: {**rules, caught: more}})
