"""The rules by which bodies share what joint systems cost (`cost_sharing`), as frozen values. Pure.

Amounts are whole yen. Percents, powers and factors are `Fraction`s, exactly as the file writes them.
Days are calendar days in Asia/Tokyo; a rule set holds from `start` until the day before `until`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from moyai.registry.cost_numbers import one_text
from moyai.registry.paths import Path

_NUMBER = re.compile(r"-?[0-9]{1,18}(\.[0-9]{1,30}|/[1-9][0-9]{0,2})?\Z")


class Rounding(StrEnum):
    """How a share is brought to the unit before the remainder is borne."""

    FLOOR = "floor"
    """Towards minus infinity: 切捨て of what is paid, and of what is paid back."""
    HALF_UP = "half_up"
    """To the nearest, halves away from zero: 四捨五入."""
    CEILING = "ceiling"
    """Towards plus infinity: 切上げ."""


class Bearer(StrEnum):
    """Who bears the remainder 端数 that rounding leaves."""

    LARGEST_REMAINDER = "largest_remainder"
    """A unit each, to those whose share lost most by rounding."""
    LEAD = "lead"
    """The lead body 幹事団体."""
    CARRY = "carry"
    """The next period: it is named in this one and added to that one."""


class ShareBy(StrEnum):
    """What a part of a pool is shared in proportion to."""

    EQUAL = "equal"
    """均等割: alike."""
    POPULATION = "population"
    """人口割: the reference population, to a power."""
    USAGE = "usage"
    """従量分: the quantity of a driver in the period."""
    DIRECT = "direct"
    """What bodies bear directly in the period."""
    PERCENT = "percent"
    """Percents that the rule itself gives, body by body."""


class WhenZero(StrEnum):
    """What happens to a part whose weights are all zero."""

    EQUAL = "equal"
    POPULATION = "population"
    OTHER_PARTS = "other_parts"
    """It is shared as the pool's other parts are."""
    UNALLOCATED = "unallocated"
    """It is shown as cost that no rule caught, and the period cannot be closed over it."""


class Prorating(StrEnum):
    """How a member that joins or leaves within a period counts."""

    DAYS = "days"
    """By the days it was in, of the period's days."""
    MONTH = "month"
    """In full where it was in on any day."""


class SubsidyWhen(StrEnum):
    """Whether a subsidy comes off before a pool is shared, or off bodies' shares after it."""

    BEFORE = "before"
    AFTER = "after"


class Treatment(StrEnum):
    """What contributions are under the consumption tax."""

    OUTSIDE_SCOPE = "outside_scope"
    """不課税: bodies bear the tax that was paid, as part of the cost."""
    TAXABLE = "taxable"
    """課税: each body's request has the tax on its net amount, once for each rate."""


@dataclass(frozen=True, slots=True)
class Condition:
    """One column of the rows and the values that it may have.

    `column` is a column of the rows (`ServiceName`), or `Tags.KEY` for a tag's value. A value matches
    exactly; `*` at its end matches whatever follows; None matches where there is no value. In a column of
    costs (`NUMBER_COLUMNS`) numbers are compared, in the one text that each has.
    """

    column: str
    values: tuple[str | None, ...]

    def __post_init__(self) -> None:
        values = tuple(None if one is None else one_text(self.column, one) for one in self.values)
        object.__setattr__(self, "values", values)

    def holds(self, value: str | None) -> bool:
        """Whether a row's value is one of them."""
        if value is not None:
            value = one_text(self.column, value)
        for wanted in self.values:
            if wanted is None or value is None:
                if wanted is value:
                    return True
            elif wanted.endswith("*"):
                if value.startswith(wanted[:-1]):
                    return True
            elif wanted == value:
                return True
        return False


@dataclass(frozen=True, slots=True)
class Direct:
    """Rows that one body bears whole: the value of a column says which.

    `bodies` maps the column's values onto codes; a value that is not in it is taken for a body's
    code, former code or slug. A row whose value means no body is not caught.
    """

    name: str
    where: tuple[Condition, ...]
    column: str
    bodies: Mapping[str, str]
    path: Path
    """Where in the file it stands."""


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a pool: what percent of it, and by what it is shared."""

    by: ShareBy
    percent: Fraction
    """0 < percent ≤ 100; a pool's parts make 100."""
    power: Fraction
    """Of the population; 1 elsewhere. log2 1.5 is HARP's."""
    driver: str | None
    """The driver of `usage`."""
    percents: Mapping[str, Fraction]
    """Code → percent, of `percent`; they make 100."""
    when_zero: WhenZero


@dataclass(frozen=True, slots=True)
class Subsidy:
    """Money from elsewhere that comes off what bodies bear; it is a payer of the bill of its own.

    Exactly one of `percent` and `amount` is set. `bodies` is a selector (of `after`).
    """

    name: str
    when: SubsidyWhen
    percent: Fraction | None
    amount: int | None
    bodies: str


@dataclass(frozen=True, slots=True)
class Flow:
    """A part of a pool that flows into another before that one is shared."""

    pool: str
    percent: Fraction
    """Of what the pool has; what flows nowhere is shared by the pool's own parts."""


@dataclass(frozen=True, slots=True)
class Pool:
    """Costs that members share. Rows are caught by `where`, if no rule before it caught them."""

    name: str
    title: str
    where: tuple[Condition, ...] | None
    """None: only what flows in from other pools; (): every row that is left."""
    service: str | None
    """Members are in it on the days on which their subscription of this service is active."""
    members: str
    """A selector; who is in it, of those that use the service where one is named."""
    prorating: Prorating
    base_fee: int
    """Yen a period that each member bears before the parts are shared (基本料); with `prorating`."""
    fixed: Mapping[str, int]
    """Code → yen a period that a member bears in place of a share."""
    parts: tuple[Part, ...]
    minimum: int | None
    """Yen a period that each member bears at least."""
    maximum: int | None
    """Yen a period that each member bears at most."""
    joining_fee: int
    """Yen that a member bears in the period in which it joins, to the others' relief; not where the
    pool itself began on that day."""
    leaving_fee: int
    """The same in the period in which it leaves."""
    subsidies: tuple[Subsidy, ...]
    flows: tuple[Flow, ...]
    path: Path


@dataclass(frozen=True, slots=True)
class RoundingRule:
    """To which unit shares are rounded, how, and who bears what is left."""

    unit: int
    """Yen: 1 or 1,000 (or 10, 100)."""
    method: Rounding
    bearer: Bearer
    lead: str | None
    """The lead body's code; set where `bearer` is `lead`."""


@dataclass(frozen=True, slots=True)
class TaxRule:
    """The consumption tax on contributions. It is rounded once for each rate and request."""

    treatment: Treatment
    method: Rounding
    difference: Bearer
    """Who bears the difference between the tax on the whole and the sum of the bodies' taxes."""
    lead: str | None


@dataclass(frozen=True, slots=True)
class ReferencePopulation:
    """基準人口: the edition, and counts that stand in place of the bodies' own. Code → residents."""

    as_of: date | None
    source: str | None
    counts: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class RuleSet:
    """What an assembly agreed on, for a span of time. Periods are shared by the set of their first
    day."""

    name: str
    start: date
    """Of a proposal, which has no dates, the first day that there is."""
    until: date | None
    agreed: str | None
    """By whom and when, as statements say it."""
    population: ReferencePopulation
    rounding: RoundingRule
    tax: TaxRule
    direct: tuple[Direct, ...]
    pools: tuple[Pool, ...]
    path: Path

    def pool(self, name: str) -> Pool | None:
        """The pool of this name, or None."""
        return next((pool for pool in self.pools if pool.name == name), None)

    @property
    def services(self) -> dict[str, str | None]:
        """Rule → its service; direct rules have none."""
        direct = dict.fromkeys(rule.name for rule in self.direct)
        return {**direct, **{pool.name: pool.service for pool in self.pools}}

    def columns(self) -> tuple[str, ...]:
        """Every column of the rows that a rule looks at, in order of names."""
        conditions = [
            *(condition for rule in self.direct for condition in rule.where),
            *(condition for pool in self.pools for condition in pool.where or ()),
        ]
        looked_at = {rule.column for rule in self.direct}
        return tuple(sorted(looked_at | {condition.column for condition in conditions}))


@dataclass(frozen=True, slots=True)
class Instalments:
    """On which days a request is paid, and from which amount on in parts. Month and day, `05-08`."""

    days: tuple[str, ...]
    above: int
    """Yen; a request up to it is paid on the first of the days."""


@dataclass(frozen=True, slots=True)
class Issuer:
    """Who sends the requests. `registration_number`: T and 13 digits, where it is registered."""

    name: str
    registration_number: str | None
    contact: str | None
    bank: str | None


@dataclass(frozen=True, slots=True)
class Budget:
    """What a fiscal year may cost, of a body, of a service, of both, or in all. Whole yen."""

    fiscal_year: int
    body: str | None
    service: str | None
    amount: int
    committed: bool
    """Whether it is a 債務負担行為: a commitment that binds the year."""
    warn_percent: Fraction
    monthly_usd: Fraction | None = None
    """What AWS may bill for it a month, US dollars to the cent; None: AWS does not watch it."""


@dataclass(frozen=True, slots=True)
class CostSharing:
    """All of `cost_sharing`. Rule sets are in order of time and do not overlap."""

    issuer: Issuer
    rule_sets: tuple[RuleSet, ...]
    instalments: Instalments | None
    budgets: tuple[Budget, ...]
    proposals: tuple[RuleSet, ...] = ()
    """In the file's order. They hold on no day: no period is shared by one."""

    @property
    def all_rules(self) -> tuple[RuleSet, ...]:
        """Rule sets and proposals; names differ."""
        return (*self.rule_sets, *self.proposals)

    def on(self, day: date) -> RuleSet | None:
        """The rule set that holds on a day, or None."""
        return next(
            (
                rules
                for rules in self.rule_sets
                if rules.start <= day and (rules.until is None or day < rules.until)
            ),
            None,
        )


def exact(written: int | float | str) -> Fraction:
    """A number as the file writes it, exactly: `40`, `33.3`, `1/3`. Raises `ValueError` where it is none.

    Decimals have 30 places at most, and fractions a denominator below 1,000: sums of many of them stay
    numbers of a readable size.
    """
    words = written if isinstance(written, str) else format(Decimal(repr(written)), "f")
    if not _NUMBER.match(words):
        raise ValueError(f"'{words}' is no number")
    return Fraction(words)
