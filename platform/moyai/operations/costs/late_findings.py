"""What rules catch of costs that came late to closed periods, beside a period's own rows, and what nobody
bears of these. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from moyai.costs.apportion.allocation import Unallocated
from moyai.costs.apportion.catching import all_hold, body_of, catch
from moyai.costs.ledger.matches import Matches
from moyai.costs.periods import Period
from moyai.costs.statements.titles import late_words
from moyai.operations.costs.findings import Finding
from moyai.operations.costs.record_findings import MOST_NAMED
from moyai.registry.cost_rules import Direct, Pool, RuleSet
from moyai.registry.words import one_line
from moyai.texts import Text, counted


@dataclass(frozen=True, slots=True)
class Late:
    """What a period settles of closed ones that their own rules leave to nobody."""

    brought: tuple[Unallocated, ...] = ()
    left: tuple[Unallocated, ...] = ()
    """Of these, what the period's rules do not catch either."""


def with_late(
    matches: Sequence[Matches], brought: Sequence[Unallocated], names: Mapping[str, str]
) -> tuple[Matches, ...]:
    """The same, with late rows counted in. `names` as in `sorted_rows`."""
    return tuple(_with_late(one, brought, names) for one in matches)


def _with_late(found: Matches, brought: Sequence[Unallocated], names: Mapping[str, str]) -> Matches:
    rule, where = found.rule, found.rule.where or ()
    asked = {one.column for one in where} | ({rule.column} if isinstance(rule, Direct) else set())
    # rows are told apart by the columns of rules that hold: what others have in others is not known
    known = [one for one in brought if one.pool is None and asked <= one.values.keys()]
    rows, by_condition, absent = found.rows, list(found.by_condition), set(found.absent)
    for one in known:
        for at, condition in enumerate(where):
            if condition.holds(one.values[condition.column]):
                by_condition[at] += _rows(one)
        if _catches(rule, one, names):
            rows += _rows(one)
        if isinstance(rule, Direct) and all_hold(where, one.values):
            absent.discard(one.values[rule.column] or "")
    return replace(found, rows=rows, by_condition=tuple(by_condition), absent=tuple(sorted(absent)))


def _catches(rule: Direct | Pool, one: Unallocated, names: Mapping[str, str]) -> bool:
    if isinstance(rule, Direct):
        return body_of(rule, one.values, names) is not None
    return all_hold(rule.where or (), one.values)


def late_caught(
    rules: RuleSet, brought: Sequence[Unallocated], names: Mapping[str, str]
) -> dict[str, int]:
    """Rule → late rows that belong to it, in its place among the others."""
    found: dict[str, int] = {}
    for one in brought:
        caught = catch(rules, one.values, names) if one.pool is None else None
        if caught is not None:
            found[caught.rule] = found.get(caught.rule, 0) + _rows(one)
    return found


def _rows(one: Unallocated) -> int:
    """Rows that came or went; a row whose amount changed is one too."""
    return abs(one.rows) or 1


def late_findings(rules: RuleSet, late: Late, period: Period) -> Iterator[Finding]:
    """Late costs that nobody bears in the period that settles them, each with the month that it is of."""
    left = [one for one in late.left if one.jpy or any(one.by_rate.values())]
    for one in left[:MOST_NAMED]:
        assert one.settled is not None
        title = late_words(one.settled)
        place = one.pool or ", ".join(
            f"{key}={value}" for key, value in one.values.items() if value
        )
        ja, en = (
            f"{why}: {one_line(place)}" if place else why for why in (one.reason.ja, one.reason.en)
        )
        yield (
            rules.path,
            Text(
                f"{period} で精算する{title.ja} {one.jpy:,} 円を、だれも負担しません（{ja}）",
                f"{title.en}, which {period} settles, are borne by nobody: {one.jpy:,} yen ({en})",
            ),
        )
    more = len(left) - MOST_NAMED
    if more > 0:
        yield (
            rules.path,
            Text(
                f"だれも負担しない追加分が、ほかに {more} 件あります",
                f"{counted(more, 'more late cost is', 'more late costs are')} borne by nobody",
            ),
        )
