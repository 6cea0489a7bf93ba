"""What other keys and rates would come to: for those who decide. Nothing is changed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import comb
from pathlib import Path

from moyai.costs.analysis.compare import (
    Key,
    Search,
    amounts,
    keys_of,
    search_blends,
)
from moyai.costs.analysis.sensitivity import at_rate, rate_of
from moyai.costs.intake.words import NotAValue, number_of
from moyai.costs.ledger.invoices import Invoice
from moyai.costs.periods import Period, period_of
from moyai.errors import NOTHING_TOUCHED, UsageError
from moyai.operations.costs.periods import open_costs, reckoned
from moyai.registry.cost_rules import ShareBy, exact
from moyai.texts import Text

_MOST_BLENDS = 10_000
"""Each of them may have to be divided in full."""
_STEPS = (5, 10, 20, 25, 50)
_MOST_UNASKED = 300
"""Blends that are tried where no step is said: the smallest step of `_STEPS` with no more."""


@dataclass(frozen=True, slots=True)
class Blended:
    """A search for blends that keep every body within a percent of the present."""

    period: Period
    within: Fraction
    """Percent."""
    keys: tuple[Key, ...]
    step: int
    """Percent."""
    search: Search
    names: Mapping[str, str]
    is_taxed: bool
    """Whether there is tax beside net amounts. What is searched is before it always, as that is what rules
    share; the tax follows it."""


@dataclass(frozen=True, slots=True)
class AtOther:
    """What bodies would bear at another rate."""

    rate: Decimal
    amounts: Mapping[str, int]
    """Code → yen, with tax."""

    @property
    def total(self) -> int:
        """What all bodies would bear."""
        return sum(self.amounts.values())


@dataclass(frozen=True, slots=True)
class PresentRate:
    """At which rate an invoice was brought to yen."""

    issuer: str
    number: str
    rate: Fraction
    """Yen for one unit of its currency."""


@dataclass(frozen=True, slots=True)
class Sensitive:
    """A period at other exchange rates."""

    period: Period
    currency: str
    present_rates: tuple[PresentRate, ...]
    """Of the invoices in that currency, by issuer and number; one of nothing has none."""
    present: Mapping[str, int]
    """Code → yen, with tax."""
    others: tuple[AtOther, ...]
    names: Mapping[str, str]
    is_taxed: bool
    """Whether there is tax beside net amounts."""


def blends(
    file: Path | None, site: str, period: str, within: str, step: int | None, keys: Sequence[str]
) -> Blended:
    """Blends of keys (`equal`, `population:0.585`, `usage:requests`, `direct`; without any, equal, population
    and those that the period's rules use), in steps of percents, the same for all pools. Raises as
    `allocation`, and `UsageError` for what is no key, too many blends, or a step that does not divide 100."""
    if step is not None and 100 % step:
        raise _no_step(step)
    opened = open_costs(file, site)
    made = reckoned(opened, period_of(period))
    inputs = made.inputs
    drivers = inputs.members.drivers
    wanted = tuple(dict.fromkeys(_key(words, drivers) for words in keys))
    if not wanted:
        # what has no figures in the period weighs nothing now
        wanted = tuple(k for k in keys_of(inputs.rules) if k.driver is None or k.driver in drivers)
    limit = Fraction(_number(within, "--within"))
    step = step or _step_for(len(wanted))
    count = _blends(len(wanted), step)
    if count > _MOST_BLENDS:
        raise _refused(
            f"試す配合が {count:,} 通りあります（{_MOST_BLENDS:,} まで）。--step を大きくしてください。",
            f"that is {count:,} blends, more than {_MOST_BLENDS:,}; take a larger --step.",
        )
    if not amounts(opened.reckoner().otherwise(made).allocation):
        when = made.basis.period
        raise _refused(
            f"{when} に負担する団体がないため、配合を比べられません。",
            f"no body bears anything in {when}: there is nothing to compare blends with.",
        )
    found = search_blends(made.converted.bill, inputs.rules, inputs.members, wanted, limit, step)
    return Blended(made.basis.period, limit, wanted, step, found, inputs.names, made.is_taxed)


def _no_step(step: int) -> UsageError:
    """With such a step one key would never have all of it, and which one, the order of keys would say."""
    divisors = [one for one in range(1, 101) if 100 % one == 0]
    below = max(one for one in divisors if one < step)
    above = min(one for one in divisors if one > step)
    return _refused(
        f"{step} % 刻みでは 100 % になりません。{below} か {above} にしてください。",
        f"in steps of {step} % blends do not reach 100 %; take {below} or {above}.",
    )


def _blends(keys: int, step: int) -> int:
    """How many blends of so many keys there are."""
    return comb(100 // step + keys - 1, keys - 1)


def _step_for(keys: int) -> int:
    return next((step for step in _STEPS if _blends(keys, step) <= _MOST_UNASKED), _STEPS[-1])


def sensitivity(
    file: Path | None, site: str, period: str, currency: str, rates: Sequence[str]
) -> Sensitive:
    """Each body's yen at other exchange rates of a currency. Raises as `allocation`, and `UsageError`
    for what is no rate, and where no invoice is in that currency."""
    opened = open_costs(file, site)
    made = reckoned(opened, period_of(period))
    invoices = made.basis.invoices
    if all(one.currency != currency for one in invoices):
        raise _refused(
            f"{made.basis.period} に {currency} の請求書はありません。",
            f"{made.basis.period} has no invoice in {currency}.",
        )
    reckoner = opened.reckoner()
    others = []
    for words in rates:
        rate = _number(words, "--rate")
        moved = at_rate(invoices, currency, rate).invoices
        others.append(AtOther(rate, reckoner.otherwise(made, invoices=moved).sums.bodies))
    present = reckoner.otherwise(made)
    return Sensitive(
        made.basis.period,
        currency,
        tuple(_present_rates(invoices, currency)),
        present.sums.bodies,
        tuple(others),
        made.inputs.names,
        present.is_taxed,
    )


def _present_rates(invoices: Sequence[Invoice], currency: str) -> Iterator[PresentRate]:
    for one in invoices:
        rate = rate_of(one)
        if one.currency == currency and rate is not None:
            yield PresentRate(one.issuer, one.number, rate)


def _key(words: str, drivers: Mapping[str, object]) -> Key:
    name, _, more = words.partition(":")
    if words in ("equal", "population", "direct"):
        return Key(ShareBy(words))
    if name == "population":
        try:
            return Key(ShareBy.POPULATION, power=exact(more))
        except ValueError:
            pass
    if name == "usage" and more in drivers:
        return Key(ShareBy.USAGE, driver=more)
    known = ", ".join(f"usage:{driver}" for driver in sorted(drivers))
    also = f", {known}" if known else ""
    raise _refused(
        f"「{words}」は配合の鍵ではありません（equal, population, population:0.585, direct{also}）。",
        f"'{words}' is no key; there are equal, population, population:0.585, direct{also}.",
    )


def _number(words: str, option: str) -> Decimal:
    try:
        found = number_of(words)
    except NotAValue as error:
        raise _refused(f"{option}: {error.reason.ja}。", f"{option}: {error.reason.en}.") from None
    if found <= 0:
        raise _refused(f"{option} は 0 より大きい数です。", f"{option} is above 0.")
    return found


def _refused(ja: str, en: str) -> UsageError:
    return UsageError(Text(ja, en), touched=NOTHING_TOUCHED)
