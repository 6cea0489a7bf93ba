"""Joining and leaving fees that are due in a month, whatever it costs. Pure.

A month without costs is not divided, and the next one knows nothing of who joined or left in it: what is due in
it is asked of nobody unless something is put on record of it, be it ¥0.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from enum import StrEnum

from moyai.costs.membership import members_of
from moyai.costs.periods import Period
from moyai.registry.cost_rules import Pool
from moyai.registry.models import Registry
from moyai.texts import Text


class Fee(StrEnum):
    """Which fee; its value is the key in tenants.yaml."""

    JOINING = "joining_fee"
    LEAVING = "leaving_fee"


@dataclass(frozen=True, slots=True)
class FeeDue:
    """A fee of one body in one month."""

    period: Period
    pool: Pool
    name: str
    """The body's."""
    fee: Fee
    jpy: int
    """Whole yen, above zero."""

    @property
    def words(self) -> Text:
        """Of whom and what it is."""
        kind = _NAMES[self.fee]
        return Text(
            f"{self.name}の{self.pool.title}の{kind.ja} {self.jpy:,} 円",
            f"the {kind.en} of {self.name} for {self.pool.title}, ¥{self.jpy:,}",
        )


def fees_due(registry: Registry, period: Period) -> Iterator[FeeDue]:
    """What bodies that join or leave in a period have to pay by the rules that hold then: pool by pool, in
    order of codes."""
    sharing = registry.cost_sharing
    rules = None if sharing is None else sharing.on(period.first)
    if rules is None or not any(pool.joining_fee or pool.leaving_fee for pool in rules.pools):
        return
    names = {body.code: body.name for body in registry.tenants}
    members = members_of(registry, rules, period, {})
    for pool in rules.pools:
        present = members.by_pool[pool.name]
        if all(one.joins or one.leaves for one in present.values()):
            continue  # nobody is there to be relieved
        for code in sorted(present):
            if present[code].joins and pool.joining_fee:
                yield FeeDue(period, pool, names[code], Fee.JOINING, pool.joining_fee)
            if present[code].leaves and pool.leaving_fee:
                yield FeeDue(period, pool, names[code], Fee.LEAVING, pool.leaving_fee)


def fees_missed(
    registry: Registry, period: Period, on_record: Collection[Period]
) -> Iterator[FeeDue]:
    """What was due in the months without a record right before a period. `on_record`: months with costs, and
    closed ones; before the first of them nothing is missed."""
    before = max((one for one in on_record if one < period), default=None)
    if before is None:
        return
    month = before.next()
    while month < period:
        yield from fees_due(registry, month)
        month = month.next()


_NAMES = {
    Fee.JOINING: Text("加入金", "joining fee"),
    Fee.LEAVING: Text("脱退金", "leaving fee"),
}
