"""What people call the rules of an allocation: pools by their titles, settlements by their periods. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

from moyai.costs.apportion.allocate import SETTLEMENT_OF
from moyai.costs.apportion.allocation import Allocation
from moyai.costs.periods import Period, period_of
from moyai.registry.cost_rules import RuleSet
from moyai.texts import Text, same


def accounts_close(fiscal_year: int) -> date:
    """出納閉鎖: the last day on which a fiscal year's accounts are open, 31 May after it (地方自治法
    235 条の 5)."""
    return date(fiscal_year + 1, 5, 31)


def titles_of(
    allocation: Allocation, rules: RuleSet, issued_on: date, year_start: str
) -> dict[str, Text]:
    """Rule → title: direct rules, pools, then settlements, in order."""
    titles = own_titles(rules)
    for rule in sorted({one.rule for one in allocation.borne} - titles.keys()):
        titles[rule] = _of_year(rule, allocation.period, issued_on, year_start)
    return titles


def own_titles(rules: RuleSet) -> dict[str, Text]:
    """Rule → title, of a rule set's own: direct rules, then pools."""
    titles = {rule.name: same(rule.name) for rule in rules.direct}
    return titles | {pool.name: same(pool.title) for pool in rules.pools}


def with_settlements(titles: Mapping[str, Text], rules: Iterable[str]) -> dict[str, Text]:
    """The same, with settlements that other months of the year had."""
    found = dict(titles)
    for rule in sorted(set(rules) - titles.keys()):
        if rule.startswith(SETTLEMENT_OF):
            found[rule] = settlement_title(settled_by(rule))
    return found


def title_of(rule: str, rules: RuleSet) -> Text:
    """What people call one rule of an allocation; one that the set does not have by its name."""
    return with_settlements(own_titles(rules), [rule]).get(rule, same(rule))


def service_title(service: str, rules: RuleSet) -> Text:
    """What people call a service: as the one pool of it is titled, where there is one."""
    titles = [pool.title for pool in rules.pools if pool.service == service]
    return same(titles[0] if len(titles) == 1 else service)


def settlement_title(closed: Period) -> Text:
    """What people call the settlement of a closed period."""
    return Text(f"{closed.named.ja}分の精算", f"Settlement of {closed.named.en}")


def late_title(closed: Period) -> Text:
    """What people call costs that came late to a closed period whose own rules do not catch them."""
    return Text(f"{closed.named.ja}分の追加分", f"Late costs of {closed.named.en}")


def late_words(closed: Period) -> Text:
    """The same among words that do not begin with a capital."""
    return Text(late_title(closed).ja, f"late costs of {closed.named.en}")


def _of_year(rule: str, period: Period, issued_on: date, year_start: str) -> Text:
    """With the fiscal year that it belongs to, where that is another: until its accounts close they are
    that year's, later they are of a past year 過年度."""
    closed = settled_by(rule)
    title = settlement_title(closed)
    year = closed.fiscal_year(year_start)
    if year == period.fiscal_year(year_start):
        return title
    if issued_on <= accounts_close(year):
        return Text(f"{title.ja}（出納整理期間）", f"{title.en} (before its accounts close)")
    return Text(f"{title.ja}（過年度）", f"{title.en} (a past fiscal year's)")


def settled_by(rule: str) -> Period:
    """The closed period of whose settlement a rule's name is."""
    return period_of(rule.removeprefix(SETTLEMENT_OF))
