"""The head of a pool: its account down to what percents and weights divide. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from moyai.costs.apportion.allocation import Allocation, LineKind, PartShare, PoolAccount
from moyai.costs.apportion.sharing import BEYOND_MOST
from moyai.registry.cost_rules import RuleSet, ShareBy, WhenZero

_SET_KINDS = (LineKind.FIXED, LineKind.BASE_FEE)
_DIVIDED_KINDS = (LineKind.SHARE, LineKind.REMAINDER)


@dataclass(frozen=True, slots=True)
class PoolHead:
    """A pool's account with the titles of others, and what of it is shared by percents. Whole yen."""

    account: PoolAccount
    titles: Mapping[str, str]
    """Of the pools that it has flows with."""
    set_amounts: int
    """Fixed amounts and base fees of all members."""
    left: int
    """What was left unallocated before the rest was shared."""
    divided: int
    """What percents and weights divide: `shared − set_amounts − left`."""
    power: Fraction
    """Of the population where a part is shared by it; 1 where none is, or parts differ in it."""


def part_yen(divided: int, part: PartShare) -> Fraction:
    """What one part of a pool comes to for a body, exact yen."""
    return divided * part.percent / 100 * Fraction(part.weight, part.of)


def pool_heads(allocation: Allocation, rules: RuleSet) -> dict[str, PoolHead]:
    """Pool → its account, down to what of it is shared by percents."""
    titles = {pool.name: pool.title for pool in rules.pools}
    set_amounts = _sums(allocation, _SET_KINDS)
    shares = _sums(allocation, _DIVIDED_KINDS)
    before: dict[str, int] = {}
    beyond: dict[str, int] = {}
    for one in allocation.unallocated:
        if one.pool is not None and one.settled is None:
            left = beyond if one.reason == BEYOND_MOST else before
            left[one.pool] = left.get(one.pool, 0) + one.jpy
    found: dict[str, PoolHead] = {}
    for account in allocation.pools:
        name = account.name
        if account.is_reduced:  # the rest is of rounding these
            set_amounts[name] = set_amounts.get(name, 0) + shares.pop(name, 0)
        head = PoolHead(
            account,
            {other: titles[other] for other in {**account.flowed_in, **account.flowed_out}},
            set_amounts.get(name, 0),
            before.get(name, 0),
            shares.get(name, 0) + beyond.get(name, 0),
            _power(rules, name),
        )
        assert head.set_amounts + head.left + head.divided == account.shared, name
        found[name] = head
    return found


def _power(rules: RuleSet, name: str) -> Fraction:
    pool = rules.pool(name)
    assert pool is not None
    powers = {part.power for part in pool.parts if part.by is ShareBy.POPULATION}
    if any(part.when_zero is WhenZero.POPULATION for part in pool.parts):
        powers.add(Fraction(1))
    return powers.pop() if len(powers) == 1 else Fraction(1)


def _sums(allocation: Allocation, kinds: tuple[LineKind, ...]) -> dict[str, int]:
    """Pool → yen of all payers' lines of these kinds."""
    found: dict[str, int] = {}
    for borne in allocation.borne:
        for line in borne.lines:
            if line.kind in kinds:
                found[borne.rule] = found.get(borne.rule, 0) + line.jpy
    return found
