"""What is divided, and among whom. Pure values; made by `moyai.costs.bill` and `members`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from moyai.costs.apportion.rounding import total
from moyai.costs.periods import Period

Rate = Fraction | None
"""A rate of the consumption tax in percent; None where it plays no part."""


def rate_order(rate: Rate) -> Fraction:
    """Orders rates: none comes first."""
    return Fraction(-1) if rate is None else rate


Likeness = tuple[tuple[str, bool, str], ...]
"""Columns with their values, in order: no value is not an empty one."""


def likeness(values: Mapping[str, str | None]) -> Likeness:
    """What rows with these values are alike in; it can be ordered."""
    return tuple(sorted((name, value is not None, value or "") for name, value in values.items()))


@dataclass(frozen=True, slots=True)
class Caught:
    """By which rule rows are caught; `body` is set where a direct rule caught them."""

    rule: str
    body: str | None


@dataclass(frozen=True, slots=True)
class Bucket:
    """Rows that one rule catches, or that are alike where none does.

    `jpy` is exact yen: before tax where contributions are taxable, else with the tax that was paid.
    """

    caught: Caught | None
    values: Mapping[str, str | None]
    """Column → value, of the columns that rules look at; of rows that no rule catches."""
    jpy: Fraction
    rate: Rate
    rows: int


@dataclass(frozen=True, slots=True)
class Bill:
    """What a period costs. The buckets' yen sum to `jpy`."""

    period: Period
    jpy: int
    buckets: tuple[Bucket, ...]
    taxes: Mapping[Fraction, int] = field(default_factory=dict)
    """Rate in percent → the tax on the whole in yen; empty where the tax is part of the cost."""

    def __post_init__(self) -> None:
        whole = total(bucket.jpy for bucket in self.buckets)
        if whole != self.jpy:
            raise ValueError(f"the buckets' sum {whole} is not the bill, {self.jpy}")


@dataclass(frozen=True, slots=True)
class Carried:
    """Net yen that one period leaves a pool of the next, at the rate of tax at which they were bought."""

    pool: str
    rate: Rate
    jpy: int
    """Below zero where more was borne than there was."""


@dataclass(frozen=True, slots=True)
class TaxCarried:
    """Tax that one period leaves to the next. Rate in percent → yen."""

    on_net: Mapping[Fraction, int] = field(default_factory=dict)
    """On the net yen that it leaves to pools."""
    differences: Mapping[Fraction, int] = field(default_factory=dict)
    """What the payers' taxes did not come to."""

    def at(self, rate: Fraction) -> int:
        """All of a rate."""
        return self.on_net.get(rate, 0) + self.differences.get(rate, 0)

    @property
    def rates(self) -> frozenset[Fraction]:
        """All that there is something of."""
        return frozenset({*self.on_net, *self.differences})

    @property
    def jpy(self) -> int:
        """All of it."""
        return sum(self.on_net.values()) + sum(self.differences.values())


@dataclass(frozen=True, slots=True)
class Presence:
    """How long a member was in a pool in the period."""

    days: int
    """0 < days ≤ `of`."""
    of: int
    """The days that count as the whole period."""
    joins: bool = False
    """Whether it joined in this period, others being there before it."""
    leaves: bool = False


@dataclass(frozen=True, slots=True)
class Members:
    """Who shares the pools of a period, and by what. Bodies are keyed by code."""

    bodies: tuple[str, ...]
    """Every body of the federation, in order of codes."""
    by_pool: Mapping[str, Mapping[str, Presence]]
    """Pool → its members."""
    populations: Mapping[str, int]
    """Reference population; bodies without one (joint bodies) are not in it."""
    drivers: Mapping[str, Mapping[str, Fraction]]
    """Driver → body → quantity in the period."""
    subsidised: Mapping[str, Mapping[str, tuple[str, ...]]]
    """Pool → subsidy that comes off after sharing → the bodies whose shares it comes off, in order."""
    names: Mapping[str, str]
    """What values of direct rules' columns mean: code, former code and slug → code."""
    carried: tuple[Carried, ...] = ()
    """What the period before left to this one, in order of pools and rates."""

    def carried_into(self, pool: str) -> dict[Rate, int]:
        """What the period before left to a pool, by rate of tax."""
        found: dict[Rate, int] = {}
        for one in self.carried:
            if one.pool == pool:
                found[one.rate] = found.get(one.rate, 0) + one.jpy
        return found

    @property
    def codes(self) -> dict[str, str]:
        """Code and former code → code: names without slugs, which have letters."""
        return {name: code for name, code in self.names.items() if name.isdecimal()}
