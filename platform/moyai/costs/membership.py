"""Who is in which pool of a period, for how long, and what it is weighed by. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from itertools import pairwise

from moyai.costs.apportion.inputs import Carried, Members, Presence
from moyai.costs.periods import Period
from moyai.planning.selectors import parse
from moyai.registry.cost_rules import Pool, RuleSet, SubsidyWhen
from moyai.registry.models import Registry, Tenant


def members_of(
    registry: Registry,
    rules: RuleSet,
    period: Period,
    drivers: Mapping[str, Mapping[str, Fraction]],
    carried: tuple[Carried, ...] = (),
) -> Members:
    """The members of a rule set's pools in a period.

    `drivers`: driver → body's code or former code → quantity; `carried`: what the period before left.
    """
    names = names_of(registry)
    return Members(
        bodies=tuple(sorted(body.code for body in registry.tenants)),
        by_pool=_by_pool(registry, rules, period),
        populations=_populations(registry, rules),
        drivers=by_codes(drivers, names),
        subsidised={pool.name: _subsidised(registry, pool, period) for pool in rules.pools},
        names=names,
        carried=carried,
    )


def by_codes(
    drivers: Mapping[str, Mapping[str, Fraction]], names: Mapping[str, str]
) -> dict[str, Mapping[str, Fraction]]:
    """Driver → code → quantity, those of merged bodies added to their successors'. `names`: as
    `Members.names`."""
    found: dict[str, Mapping[str, Fraction]] = {}
    for driver, measured in drivers.items():
        sums: dict[str, Fraction] = {}
        for code, quantity in measured.items():
            present = names.get(code, code)
            sums[present] = sums.get(present, Fraction()) + quantity
        found[driver] = sums
    return found


def _by_pool(
    registry: Registry, rules: RuleSet, period: Period
) -> dict[str, Mapping[str, Presence]]:
    """Pool → its members; pools that say the same of them are looked at once."""
    known: dict[tuple[str | None, str], Mapping[str, Presence]] = {}
    found: dict[str, Mapping[str, Presence]] = {}
    for pool in rules.pools:
        said = (pool.service, pool.members)
        if said not in known:
            known[said] = _present(registry, pool, period)
        found[pool.name] = known[said]
    return found


def _subsidised(registry: Registry, pool: Pool, period: Period) -> dict[str, tuple[str, ...]]:
    """Subsidy that comes off after sharing → the bodies that its selector means on the first day."""
    return {
        subsidy.name: tuple(
            sorted(
                body.code
                for body in registry.tenants
                if parse(subsidy.bodies).matches(body, period.first)
            )
        )
        for subsidy in pool.subsidies
        if subsidy.when is SubsidyWhen.AFTER
    }


def names_of(registry: Registry) -> dict[str, str]:
    """Code, former code and slug → code, as the file has them."""
    names: dict[str, str] = {}
    for body in registry.tenants:
        for name in (body.slug, *body.former_codes, body.code):
            names[name] = body.code
    return names


def successor(code: str, frozen: Sequence[Mapping[str, str]], names: Mapping[str, str]) -> str:
    """Whose a body's code became, one merger after the other, until it is one of `names`; the last that is
    known where none is. `frozen`: as `names`, at closings."""
    seen = {code}
    while code not in names:
        became = (one.get(code, code) for one in frozen)
        after = next((one for one in became if one not in seen), None)
        if after is None:
            return code
        seen.add(after)
        code = after
    return names[code]


def _populations(registry: Registry, rules: RuleSet) -> dict[str, int]:
    """The rule set's reference population 基準人口, else what the file says of each body."""
    own = {
        body.code: body.population.count for body in registry.tenants if body.population is not None
    }
    return own | dict(rules.population.counts)


@dataclass(frozen=True, slots=True)
class _Span:
    """Days from `first` until the day before `end`."""

    first: date
    end: date

    @property
    def days(self) -> int:
        """How many; 0 where it ends before it begins."""
        return max((self.end - self.first).days, 0)


def _present(registry: Registry, pool: Pool, period: Period) -> dict[str, Presence]:
    selector = parse(pool.members)
    oldest = _oldest_start(registry.tenants, pool.service)
    found: dict[str, Presence] = {}
    for body in registry.tenants:
        whole = _span(body, pool.service, period)
        days = sum(span.days for span in _steady(body, whole) if selector.matches(body, span.first))
        if days:
            joins, leaves = _moves(body, pool.service, period, oldest)
            found[body.code] = Presence(days, period.days, joins, leaves)
    return found


def _oldest_start(bodies: Iterable[Tenant], service: str | None) -> date | None:
    """The day on which the first of all bodies began to use a service."""
    if service is None:
        return None
    found = (body.subscription(service) for body in bodies)
    return min((one.start for one in found if one is not None), default=None)


def _span(body: Tenant, service: str | None, period: Period) -> _Span:
    """The days of the period on which a body uses a service; all of them where none is named."""
    if service is None:
        return _Span(period.first, period.end)
    used = body.subscription(service)
    if used is None:
        return _Span(period.first, period.first)
    return _Span(max(used.start, period.first), min(used.until or period.end, period.end))


def _steady(body: Tenant, whole: _Span) -> list[_Span]:
    """Spans in which no subscription of a body begins or ends: what a selector says of it holds for
    all of one."""
    if not whole.days:
        return []
    days = {whole.first, whole.end}
    for used in body.subscriptions:
        days |= {day for day in (used.start, used.until) if day and whole.first < day < whole.end}
    ordered = sorted(days)
    return [_Span(first, end) for first, end in pairwise(ordered)]


def _moves(
    body: Tenant, service: str | None, period: Period, oldest: date | None
) -> tuple[bool, bool]:
    """Whether a body joins after others, and whether it leaves, in a period."""
    used = None if service is None else body.subscription(service)
    if used is None or oldest is None:
        return False, False
    joins = period.first <= used.start < period.end and oldest < used.start
    leaves = used.until is not None and period.first < used.until <= period.end
    return joins, leaves
