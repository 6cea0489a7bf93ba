"""Who bears what of a bill, and why. Pure values, whole yen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction

from moyai.costs.apportion.inputs import Caught, Presence, Rate
from moyai.costs.periods import Period
from moyai.registry.cost_rules import ShareBy
from moyai.texts import Text


class PayerKind(StrEnum):
    """Who bears a part of the bill."""

    BODY = "body"
    SUBSIDY = "subsidy"
    """Money from elsewhere, by the name of the subsidy."""
    CARRY = "carry"
    """The next period, by the name of the pool."""


@dataclass(frozen=True, slots=True, order=True)
class Payer:
    """A body by its code, or what stands in for one by its name."""

    kind: PayerKind
    name: str


class LineKind(StrEnum):
    """What a line of a statement is."""

    DIRECT = "direct"
    FIXED = "fixed"
    BASE_FEE = "base_fee"
    SHARE = "share"
    JOINING_FEE = "joining_fee"
    LEAVING_FEE = "leaving_fee"
    FEE_RELIEF = "fee_relief"
    REMAINDER = "remainder"
    SUBSIDY = "subsidy"
    SETTLEMENT = "settlement"
    """What a closed period came to differently: 精算."""
    LATE = "late"
    """What a closed period's own rules caught not, and a direct rule of this one does."""


@dataclass(frozen=True, slots=True)
class PartShare:
    """How one part of a pool came to a body: `pool_jpy × percent / 100 × weight / of`."""

    by: ShareBy
    driver: str | None
    percent: Fraction
    """Of what is shared, other parts with nothing to go by left out."""
    weight: int
    of: int
    """The sum of all members' weights, on the same scale."""


@dataclass(frozen=True, slots=True)
class ShareLimits:
    """How a pool's least and most changed a share, the base fee counted in."""

    base_fee: int
    weighed: Fraction
    """What the parts and the base fee come to, exact yen."""
    least: int
    """Whole yen for the time that it was there."""
    most: int | None
    """Whole yen for the time that it was there; None: without end."""
    factor: Fraction
    """By which those of all members are multiplied, so that within least and most they sum to the same."""
    held: bool
    """False where there is less than all bear at least: then the factor is that of `least`."""

    @property
    def scaled(self) -> Fraction:
        """Times the factor, exact yen."""
        return (self.weighed if self.held else self.least) * self.factor

    @property
    def at_least(self) -> bool:
        """Whether it is at the least."""
        return self.held and self.scaled <= self.least

    @property
    def at_most(self) -> bool:
        """Whether it is at the most."""
        return self.held and self.most is not None and self.scaled >= self.most

    @property
    def share(self) -> Fraction:
        """Within least and most, without the base fee, before rounding: exact yen."""
        exact = Fraction(self.least) if self.at_least else self.scaled
        if self.at_most:
            assert self.most is not None
            exact = Fraction(self.most)
        return exact - self.base_fee


@dataclass(frozen=True, slots=True)
class Line:
    """One line of what a payer bears of one rule, whole yen."""

    kind: LineKind
    jpy: int
    parts: tuple[PartShare, ...] = ()
    """Of a share: how it was come to before least, most and rounding."""
    limits: ShareLimits | None = None
    """Of a share that least or most changed, its own or others'."""
    settled: Period | None = None
    """Of a late one: the closed period."""
    by_rule: int | None = None
    """Of a fixed amount or base fee that was reduced: what it comes to by the rule."""

    @property
    def limited(self) -> bool:
        """Whether least or most changed the share."""
        return self.limits is not None


@dataclass(frozen=True, slots=True)
class RuleMoved:
    """What a payer bears of one rule of a settled period, whole yen before tax."""

    rule: str
    title: Text
    """By the settled period's rules."""
    before: int
    """As billed."""
    after: int
    service: str | None = None
    """By the settled period's rules: they may have the rule of another service than later ones."""

    @property
    def difference(self) -> int:
        """What is settled."""
        return self.after - self.before


@dataclass(frozen=True, slots=True)
class Borne:
    """All that one payer bears of one rule. `by_rate` sums to the lines."""

    payer: Payer
    rule: str
    lines: tuple[Line, ...]
    by_rate: Mapping[Rate, int]
    presence: Presence | None = None
    moved: tuple[RuleMoved, ...] = ()
    """Of a settlement: what it is made of; the differences sum to the line."""

    @property
    def jpy(self) -> int:
        """Whole yen."""
        return sum(line.jpy for line in self.lines)


@dataclass(frozen=True, slots=True)
class PoolAccount:
    """What came into a pool and where it went, whole yen: the head of a statement's table."""

    name: str
    caught: int
    carried_in: int
    flowed_in: Mapping[str, int]
    """From which pool."""
    flowed_out: Mapping[str, int]
    """Into which pool."""
    subsidies: Mapping[str, int]
    """That came off before sharing."""
    shared: int
    """What members bear, what is carried or unallocated included."""
    caught_by_rate: Mapping[Rate, int]
    carried_in_by_rate: Mapping[Rate, int]
    settled_in: Mapping[Period, Mapping[Rate, int]]
    """Closed period → what its own rules leave of its corrections, and this pool takes."""
    flowed_in_by_rate: Mapping[str, Mapping[Rate, int]]
    """From which pool."""
    set_by_rule: int = 0
    """What fixed amounts and base fees come to by the rules: reduced to `shared` where that is less."""
    notes: tuple[Text, ...] = ()
    """What happened that a reader may not expect: limits that could not be held, no weights."""

    @property
    def is_reduced(self) -> bool:
        """Whether its fixed amounts and base fees are less than the rules say."""
        return self.set_by_rule > self.shared > 0

    @property
    def settled_in_jpy(self) -> dict[Period, int]:
        """Closed period → whole yen, as `settled_in`."""
        return {period: sum(mix.values()) for period, mix in sorted(self.settled_in.items())}


@dataclass(frozen=True, slots=True)
class Unallocated:
    """Cost that no rule caught, or that a rule left. A period cannot be closed over it."""

    reason: Text
    pool: str | None
    """The pool that left it; None: no rule caught it."""
    values: Mapping[str, str | None]
    """The rows' columns that rules look at; empty where a pool left it."""
    jpy: int
    rows: int
    settled: Period | None = None
    """The closed period of whose settlement it is."""
    by_rate: Mapping[Rate, int] = field(default_factory=dict)
    """Sums to `jpy`."""


@dataclass(frozen=True, slots=True)
class Settlement:
    """What a closed period comes to differently since its rows or invoices were corrected 精算.

    It is borne in an open period; the closed one stays as it is.
    """

    period: Period
    """The closed one."""
    jpy: int
    """What `borne`, `late` and `unallocated` sum to."""
    borne: Mapping[Payer, Mapping[Rate, int]]
    unallocated: tuple[Unallocated, ...]
    """What neither its own rules catch nor those of the periods that settled it."""
    taxes: Mapping[Fraction, int]
    """Rate in percent → what the tax on the whole is more."""
    late: Mapping[Caught, Mapping[Rate, int]] = field(default_factory=dict)
    """Rule of the open period → what its own rules leave to nobody, and this one catches."""
    rules: Mapping[Payer, tuple[RuleMoved, ...]] = field(default_factory=dict)
    """Payer of `borne` → all that it bore or bears of the period, in the order of its statement; differences
    sum to what it bears of the settlement. Bodies that merged into one are in it."""


@dataclass(frozen=True, slots=True)
class Allocation:
    """A whole bill, divided."""

    period: Period
    rules: str
    """The rule set's name."""
    bill_jpy: int
    carried_in_jpy: int
    settled_jpy: int
    """What closed periods' corrections add to the bill."""
    borne: tuple[Borne, ...]
    """In order of payer and rule."""
    pools: tuple[PoolAccount, ...]
    unallocated: tuple[Unallocated, ...]
    taxes: Mapping[Fraction, int]
    """Rate in percent → the tax on the whole, yen; empty where the tax is part of the cost."""

    @property
    def unallocated_jpy(self) -> int:
        """What nobody bears."""
        return sum(one.jpy for one in self.unallocated)

    @property
    def allocated_jpy(self) -> int:
        """What payers bear: of this bill, of what was carried into it, and of settlements."""
        return sum(one.jpy for one in self.borne)

    @property
    def difference_jpy(self) -> int:
        """0, always: `allocate` raises `AssertionError` otherwise."""
        whole = self.bill_jpy + self.carried_in_jpy + self.settled_jpy
        return whole - self.allocated_jpy - self.unallocated_jpy

    def bodies(self) -> Iterator[tuple[str, tuple[Borne, ...]]]:
        """Each body that bears something, by code, with all that it bears."""
        found: dict[str, list[Borne]] = {}
        for one in self.borne:
            if one.payer.kind is PayerKind.BODY:
                found.setdefault(one.payer.name, []).append(one)
        for code, borne in sorted(found.items()):
            yield code, tuple(borne)
