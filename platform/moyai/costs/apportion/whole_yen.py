"""A bill's buckets in whole yen, by the rules that caught them. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction

from moyai.costs.apportion.allocation import Unallocated
from moyai.costs.apportion.inputs import Bill, Bucket, Caught, Likeness, Rate, likeness, rate_order
from moyai.costs.apportion.mixes import Mix
from moyai.costs.apportion.rounding import to_whole_yen, total
from moyai.texts import Text

_NO_RULE = Text("どの規則にも当たりません", "no rule catches it")


@dataclass(slots=True)
class WholeYen:
    """What rules caught, whole yen."""

    direct: dict[tuple[str, str], Mix] = field(default_factory=dict)
    """Rule and body → yen."""
    pools: dict[str, Mix] = field(default_factory=dict)
    unallocated: list[Unallocated] = field(default_factory=list)

    def direct_by_body(self) -> dict[str, int]:
        """Body → yen that it bears directly."""
        found: dict[str, int] = {}
        for (_, code), mix in self.direct.items():
            found[code] = found.get(code, 0) + sum(mix.values())
        return found


def whole_yen(bill: Bill) -> WholeYen:
    """Buckets to whole yen: by rates of tax, then by rule and body at each, then what no rule catches by its
    values.

    So rates keep the yen that invoices have at them, and what rules catch is the same whichever columns the
    rest is told apart by.
    """
    sums: dict[Rate, dict[Caught, Fraction]] = {}
    uncaught: dict[Rate, dict[Likeness, Bucket]] = {}
    for bucket in bill.buckets:
        if bucket.caught is None:
            alike, known = likeness(bucket.values), uncaught.setdefault(bucket.rate, {})
            known[alike] = _together(known[alike], bucket) if alike in known else bucket
        else:
            at = sums.setdefault(bucket.rate, {})
            at[bucket.caught] = at.get(bucket.caught, Fraction()) + bucket.jpy
    rates = sorted({*sums, *uncaught}, key=rate_order)
    exact = {
        rate: [
            *sums.get(rate, {}).values(),
            *(one.jpy for one in uncaught.get(rate, {}).values()),
        ]
        for rate in rates
    }
    found = WholeYen()
    for rate, yen in zip(rates, to_whole_yen([total(exact[rate]) for rate in rates]), strict=True):
        _add_rate(found, rate, yen, sums.get(rate, {}), uncaught.get(rate, {}))
    return found


def _add_rate(
    found: WholeYen,
    rate: Rate,
    whole: int,
    sums: Mapping[Caught, Fraction],
    uncaught: Mapping[Likeness, Bucket],
) -> None:
    """Whole yen at one rate."""
    rules = sorted(sums, key=lambda caught: (caught.rule, caught.body or ""))
    lost = [uncaught[alike] for alike in sorted(uncaught)]
    exact = [*(sums[rule] for rule in rules), total(bucket.jpy for bucket in lost)]
    *caught, left = to_whole_yen(exact, whole)
    for rule, yen in zip(rules, caught, strict=True):
        if rule.body is None:
            found.pools.setdefault(rule.rule, {})[rate] = yen
        else:
            found.direct.setdefault((rule.rule, rule.body), {})[rate] = yen
    parts = to_whole_yen([bucket.jpy for bucket in lost], left) if lost else []
    found.unallocated += [
        Unallocated(_NO_RULE, None, bucket.values, part, bucket.rows, by_rate={rate: part})
        for bucket, part in zip(lost, parts, strict=True)
    ]


def _together(one: Bucket, other: Bucket) -> Bucket:
    return replace(one, jpy=one.jpy + other.jpy, rows=one.rows + other.rows)
