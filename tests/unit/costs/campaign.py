"""Generated bills, each divided and added up: `python -m tests.unit.costs.campaign 1000000`.

Every bill has a seed of its own, which is printed where it fails: `python -m … --seed N` makes it again.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from fractions import Fraction

from tests.unit.costs.campaign_bills import (
    Paid,
    groups_of,
    kinds_of,
    some_members,
    some_month,
    some_rules,
    some_tax,
)
from tests.unit.costs.papers import BASIS, ISSUER
from tests.unit.costs.rulebook import MAY, allocate, caught

from moyai.costs.apportion.allocation import Allocation, PayerKind, Settlement
from moyai.costs.apportion.inputs import Bill, Carried, Members, Rate, TaxCarried
from moyai.costs.apportion.late import Taker, late
from moyai.costs.apportion.settling import settlement
from moyai.costs.periods import Period
from moyai.costs.record import document, sha256
from moyai.costs.statements.statement import Issue, issue
from moyai.costs.yen import in_yen
from moyai.registry.cost_rules import Bearer, RuleSet, Treatment

_EACH_TENTH = 10
_ONCE_A_HUNDRED = 100
_MONTHS = 3
_TRIES = 4
_CHAIN = "chain"


def check(seed: int) -> None:
    """Generate one bill, divide it, and assert that nothing is lost, and that order changes nothing."""
    chance = random.Random(seed)
    rule_set, who, paid = _generated(chance)
    made = _divided(MAY, paid, rule_set, who)
    is_taxable = rule_set.tax.treatment is Treatment.TAXABLE
    assert made.bill_jpy + sum(made.taxes.values()) == paid.jpy, seed
    if is_taxable:
        assert _there(made.taxes) == _there(paid.tax), seed
    borne = sum(line.jpy for one in made.borne for line in one.lines)
    left = sum(one.jpy for one in made.unallocated)
    assert borne + left == made.bill_jpy + made.carried_in_jpy, seed
    assert made.difference_jpy == 0, seed
    for one in made.borne:
        assert sum(one.by_rate.values()) == one.jpy, seed
    _assert_rates(made, seed)
    if seed % _EACH_TENTH == 0:
        _assert_issued(issue(made, rule_set, ISSUER, {}, BASIS), TaxCarried(), seed)
    if seed % _ONCE_A_HUNDRED == 0:
        check_chain(seed)
        again = _divided(MAY, _shuffled(chance, paid), rule_set, who)
        assert sha256(document(again)) == sha256(document(made)), seed


def check_chain(seed: int) -> bool:
    """Months that carry to one another, the last of which settles the first: all that was paid for is borne,
    or carried on. Whether there was something to settle."""
    chance = random.Random(f"{_CHAIN} {seed}")
    rule_set, who, paid = _wholly_borne(chance)
    first = closed = _divided(MAY, paid, rule_set, who)
    told = issue(closed, rule_set, ISSUER, {}, BASIS)
    asked = paid.jpy
    borne = _borne_now(told)
    settled: tuple[Settlement, ...] = ()
    for number in range(1, _MONTHS):
        period = Period(MAY.year, MAY.month + number)
        if number == _MONTHS - 1 and not first.unallocated:
            corrected = some_month(chance)
            asked += corrected.jpy - paid.jpy
            found = _settled(first, corrected, rule_set, who, period)
            settled = () if found is None else (found,)
        later, carried = some_month(chance), _carried(told.allocation)
        asked += later.jpy
        own = replace(rule_set, tax=some_tax(chance, chance.choice((None, Bearer.CARRY))))
        present = some_members(chance, own, carried)
        made = _divided(period, later, own, present, settled)
        tax_carried = told.taxes.left_to_next
        told = issue(made, own, ISSUER, {}, BASIS, tax_carried)
        _assert_issued(told, tax_carried, seed)
        borne += _borne_now(told)
    on = sum(one.jpy for one in _carried(told.allocation)) + told.taxes.left_to_next.jpy
    assert borne + on == asked, (_CHAIN, seed)
    return bool(settled)


def kinds(seed: int) -> frozenset[str]:
    """What of `KINDS` the bill of a seed has."""
    rule_set, who, paid = _generated(random.Random(seed))
    return kinds_of(paid, rule_set, who)


def check_all(seeds: range) -> int:
    """Check bills one after the other; how many they were."""
    for seed in seeds:
        check(seed)
    return len(seeds)


def _generated(chance: random.Random) -> tuple[RuleSet, Members, Paid]:
    rule_set = some_rules(chance)
    return rule_set, some_members(chance, rule_set), some_month(chance)


def _wholly_borne(chance: random.Random) -> tuple[RuleSet, Members, Paid]:
    """A month that can be closed, where chance has one soon, by rules that carry on."""
    for _ in range(_TRIES):
        rule_set = some_rules(chance, Bearer.CARRY)
        rule_set = replace(rule_set, tax=some_tax(chance, Bearer.CARRY))
        who, paid = some_members(chance, rule_set, ()), some_month(chance)
        if not _divided(MAY, paid, rule_set, who).unallocated:
            break
    return rule_set, who, paid


def _divided(
    period: Period,
    paid: Paid,
    rule_set: RuleSet,
    who: Members,
    settlements: tuple[Settlement, ...] = (),
) -> Allocation:
    return allocate(_bill(period, paid, rule_set), rule_set, who, settlements)


def _bill(period: Period, paid: Paid, rule_set: RuleSet) -> Bill:
    return in_yen(period, groups_of(paid.rows), paid.invoices, rule_set.tax).bill


def _settled(
    closed: Allocation, paid: Paid, rule_set: RuleSet, who: Members, bearer: Period
) -> Settlement | None:
    """What a month comes to differently, borne in a later one by the same rules."""
    bill = caught(_bill(MAY, paid, rule_set), rule_set, who)
    corrected = allocate(bill, rule_set, who)
    found = late(corrected, bill.buckets, (Taker(bearer, rule_set, who.names),))
    return settlement(closed, corrected, late=found.taken.get(bearer), left=found.left)


def _shuffled(chance: random.Random, paid: Paid) -> Paid:
    """The same rows in another order, as of other files, and the same invoices in another."""
    return replace(
        paid,
        rows=tuple(chance.sample(paid.rows, len(paid.rows))),
        invoices=tuple(chance.sample(paid.invoices, len(paid.invoices))),
    )


def _there(taxes: Mapping[Fraction, int]) -> dict[Fraction, int]:
    return {rate: yen for rate, yen in taxes.items() if yen}


def _assert_rates(made: Allocation, seed: int) -> None:
    """What is borne and left at each rate is what rules caught or did not at it, and what was carried in."""
    came: Counter[Rate] = Counter()
    pools = {one.name for one in made.pools}
    for one in made.borne:
        if one.rule not in pools:
            came.update(one.by_rate)
    for account in made.pools:
        came.update(account.caught_by_rate)
        came.update(account.carried_in_by_rate)
    borne: Counter[Rate] = Counter()
    for one in made.borne:
        borne.update(one.by_rate)
    for left in made.unallocated:
        borne.update(left.by_rate)
        if left.pool not in pools:
            came.update(left.by_rate)
    assert all(borne[rate] == came[rate] for rate in borne.keys() | came.keys()), seed


def _assert_issued(told: Issue, tax_carried: TaxCarried, seed: int) -> None:
    """Statements, what others bear and what nobody does are the bill with its tax, and each rate's tax is the
    whole's, with what was carried in."""
    assert told.difference_jpy == 0, seed
    assert (
        sum(one.total for one in told.statements)
        + sum(one.gross for one in told.others)
        + told.unallocated_jpy
        + sum(told.taxes.carried.values())
        == told.bill_with_tax
    ), seed
    for statement in told.statements:
        assert sum(taxed.net for taxed in statement.by_rate) == statement.net, seed
    if told.leaves_cost:
        return
    borne = Counter(told.taxes.carried)
    for mix in told.taxes.by_payer.values():
        for taxed in mix:
            if taxed.rate is not None:
                borne[taxed.rate] += taxed.tax + taxed.difference
    whole = Counter(told.allocation.taxes)
    whole.update({rate: tax_carried.at(rate) for rate in tax_carried.rates})
    assert all(borne[rate] == whole[rate] for rate in borne.keys() | whole.keys()), seed


def _borne_now(told: Issue) -> int:
    """What bodies and subsidies bear of a month, and what nobody does, with tax."""
    subsidies = (one.gross for one in told.others if one.payer.kind is PayerKind.SUBSIDY)
    bodies = sum(one.total for one in told.statements)
    return bodies + sum(subsidies) + told.unallocated_jpy


def _carried(made: Allocation) -> tuple[Carried, ...]:
    """What the next month takes."""
    return tuple(
        Carried(one.payer.name, rate, yen)
        for one in made.borne
        if one.payer.kind is PayerKind.CARRY
        for rate, yen in one.by_rate.items()
    )


def main() -> int:
    """Check as many bills as asked for, on two processes; 0 where all hold."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("count", type=int, nargs="?", default=1_000_000)
    asked.add_argument("--seed", type=int, help="this one only")
    options = asked.parse_args()
    if options.seed is not None:
        check(options.seed)
        return 0
    began, done, step = time.monotonic(), 0, 5_000
    starts = range(0, options.count, step)
    with ProcessPoolExecutor(2) as pool_of_two:
        spans = [range(start, min(start + step, options.count)) for start in starts]
        for count in pool_of_two.map(check_all, spans):
            done += count
            if done % 100_000 == 0:
                print(f"{done:,} bills, {time.monotonic() - began:.0f} s", flush=True)
    print(f"{done:,} bills divided with a difference of ¥0 in {time.monotonic() - began:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
