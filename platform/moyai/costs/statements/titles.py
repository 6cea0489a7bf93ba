"""What people call the rules of an allocation: pools by their titles, settlements by their periods. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from moyai.costs.apportion.allocate import SETTLEMENT_OF
from moyai.costs.apportion.allocation import Allocation
from moyai.costs.periods import Period, period_of
from moyai.registry.cost_rules import RuleSet

_ACCOUNTS_CLOSE = (5, 31)
"""出納閉鎖: a fiscal year's accounts are open until 31 May after it (地方自治法 235 条の 5)."""


def titles_of(
    allocation: Allocation, rules: RuleSet, issued_on: date, year_start: str
) -> dict[str, str]:
    """Rule → title: direct rules, pools, then settlements, in order."""
    titles = {rule.name: rule.name for rule in rules.direct}
    titles |= {pool.name: pool.title for pool in rules.pools}
    for rule in sorted({one.rule for one in allocation.borne} - titles.keys()):
        titles[rule] = _settlement(rule, allocation.period, issued_on, year_start)
    return titles


def with_settlements(titles: dict[str, str], rules: Iterable[str]) -> dict[str, str]:
    """The same, with settlements that other months of the year had."""
    found = dict(titles)
    for rule in sorted(set(rules) - titles.keys()):
        if rule.startswith(SETTLEMENT_OF):
            found[rule] = f"精算（{_month(period_of(rule.removeprefix(SETTLEMENT_OF)))}分）"
    return found


def _settlement(rule: str, period: Period, issued_on: date, year_start: str) -> str:
    """With the fiscal year that it belongs to, where that is another: until its accounts close they are
    that year's, later they are of a past year 過年度."""
    closed = period_of(rule.removeprefix(SETTLEMENT_OF))
    year = closed.fiscal_year(year_start)
    if year == period.fiscal_year(year_start):
        return f"精算（{_month(closed)}分）"
    open_until = date(year + 1, *_ACCOUNTS_CLOSE)
    kind = "出納整理期間" if issued_on <= open_until else "過年度"
    return f"精算（{_month(closed)}分・{kind}）"


def _month(period: Period) -> str:
    return f"{period.year}年{period.month}月"
