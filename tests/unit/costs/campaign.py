"""Generated bills, each divided and added up: `python -m tests.unit.costs.campaign 1000000`.

Every bill has a seed of its own, which is printed where it fails: `python -m … --seed N` makes it again.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from decimal import Decimal
from fractions import Fraction

from tests.unit.costs.papers import BASIS, ISSUER
from tests.unit.costs.rulebook import CODES, MAY, allocate, part, pool, rules

from moyai.costs.apportion.inputs import Carried, Members, Presence
from moyai.costs.ledger.groups import RowGroup
from moyai.costs.ledger.invoices import Invoice
from moyai.costs.record import document, sha256
from moyai.costs.statements.statement import issue
from moyai.costs.yen import in_yen
from moyai.registry.cost_rules import (
    Bearer,
    Condition,
    Direct,
    Flow,
    Part,
    Pool,
    Prorating,
    Rounding,
    RuleSet,
    ShareBy,
    Subsidy,
    SubsidyWhen,
    TaxRule,
    Treatment,
    WhenZero,
)

CURRENCIES = ("USD", "EUR", "GBP", "JPY")
_BLENDS = ((100,), (50, 50), (20, 80), (35, 15, 50), (Fraction(100, 3), Fraction(200, 3)))
_EACH_TENTH = 10
_ONCE_A_HUNDRED = 100


def check(seed: int) -> None:
    """Generate one bill, divide it, and assert that nothing is lost, and that order changes nothing."""
    chance = random.Random(seed)
    rule_set = _rules(chance)
    who = _members(chance, rule_set)
    groups, invoices, paid = _bill(chance)
    made = allocate(in_yen(MAY, groups, invoices, rule_set.tax).bill, rule_set, who)
    taxes = sum(made.taxes.values())
    assert made.bill_jpy + taxes == paid, seed
    borne = sum(line.jpy for one in made.borne for line in one.lines)
    left = sum(one.jpy for one in made.unallocated)
    assert borne + left == made.bill_jpy + made.carried_in_jpy, seed
    assert made.difference_jpy == 0, seed
    for one in made.borne:
        assert sum(one.by_rate.values()) == one.jpy, seed
    if seed % _EACH_TENTH == 0:
        told = issue(made, rule_set, ISSUER, {}, BASIS)
        assert told.difference_jpy == 0, seed
        assert (
            sum(one.total for one in told.statements)
            + sum(one.gross for one in told.others)
            + told.unallocated_jpy
            + sum(told.taxes.carried.values())
            == told.bill_with_tax
        ), seed
    if seed % _ONCE_A_HUNDRED == 0:
        chance.shuffle(groups)
        again = allocate(in_yen(MAY, groups, invoices, rule_set.tax).bill, rule_set, who)
        assert sha256(document(again)) == sha256(document(made)), seed


def check_all(seeds: range) -> int:
    """Check bills one after the other; how many they were."""
    for seed in seeds:
        check(seed)
    return len(seeds)


def _amount(chance: random.Random) -> Decimal:
    size = chance.choice((0, 1, 1, 10**3, 10**6, 10**12))
    sign = -1 if chance.random() < 0.2 else 1
    return Decimal(sign * chance.randint(0, size * 10**11)).scaleb(-11)


def _bill(chance: random.Random) -> tuple[list[RowGroup], list[Invoice], int]:
    """Rows, invoices for all that are not in yen, and the yen that were paid in all."""
    groups: list[RowGroup] = []
    invoices: list[Invoice] = []
    paid = 0
    for currency in chance.sample(CURRENCIES, chance.randint(1, 3)):
        rows = [_group(chance, currency) for _ in range(chance.randint(1, 6))]
        groups += rows
        net = sum(Fraction(row.amount) for row in rows)
        if currency == "JPY":
            # The sum is made whole, and untaxed: what was paid is then known without the code under test.
            rest = Decimal(int(net * 10**11) % 10**11).scaleb(-11)
            last = rows[-1]
            fixed = RowGroup(
                last.values,
                last.issuer,
                None,
                None,
                "JPY",
                False,
                Fraction(0),
                last.amount - rest,
                1,
            )
            groups[-1] = fixed
            paid += int(net - Fraction(rest))
            continue
        rate = chance.randint(90, 200)
        jpy = round(net * rate)
        if (jpy > 0) != (net > 0):
            jpy = 0 if net == 0 else (1 if net > 0 else -1)
        tax = jpy // 10
        number = f"{currency}-1"
        invoices.append(
            Invoice(
                number,
                currency,
                None,
                currency,
                Decimal(0),
                jpy,
                tax,
                Fraction(10),
                Decimal(rate),
                None,
                None,
            )
        )
        paid += jpy + tax
    return groups, invoices, paid


def _group(chance: random.Random, currency: str) -> RowGroup:
    values = {
        "ServiceName": chance.choice((None, "s0", "s1", "s2", "x")),
        "Tags.tenant": chance.choice((None, None, "大阪", *CODES, "nobody")),
    }
    rate = Fraction(0) if currency == "JPY" else None
    return RowGroup(values, currency, None, None, currency, False, rate, _amount(chance), 1)


def _parts(chance: random.Random) -> list[Part]:
    return [
        part(
            chance.choice(list(ShareBy)),
            percent,
            power=chance.choice((Fraction(1), Fraction("0.585"))),
            driver="requests",
            percents={code: Fraction(chance.randint(0, 100)) for code in chance.sample(CODES, 2)},
            when_zero=chance.choice(list(WhenZero)),
        )
        for percent in chance.choice(_BLENDS)
    ]


def _pool(chance: random.Random, at: int, of: int) -> Pool:
    most = chance.choice((None, None, chance.randint(0, 3_000_000)))
    later = [f"p{number}" for number in range(at + 1, of)]
    where = (
        None,
        (),
        (Condition("ServiceName", (f"s{at}",)),),
        (Condition("ServiceName", ("s*",)),),
    )
    return pool(
        f"p{at}",
        *_parts(chance),
        where=chance.choice(where),
        prorating=chance.choice(list(Prorating)),
        base_fee=chance.choice((0, 0, 10_000)),
        fixed={
            code: chance.randint(0, 10**6) for code in chance.sample(CODES, chance.randint(0, 2))
        },
        minimum=chance.choice((None, 0, most or 10_000)),
        maximum=most,
        joining_fee=chance.choice((0, 100_000)),
        leaving_fee=chance.choice((0, 50_000)),
        subsidies=tuple(
            Subsidy(name, chance.choice(list(SubsidyWhen)), Fraction(1, 3), None, "all")
            for name in ("国", "県")[: chance.randint(0, 2)]
        ),
        flows=tuple(
            Flow(name, Fraction(100, 7))
            for name in chance.sample(later, min(len(later), chance.randint(0, 2)))
        ),
    )


def _rules(chance: random.Random) -> RuleSet:
    count = chance.randint(0, 4)
    made = rules(
        *[_pool(chance, at, count) for at in range(count)],
        direct=chance.choice(((), (Direct("tag", (), "Tags.tenant", {"大阪": "271004"}, ()),))),
        unit=chance.choice((1, 1, 10, 1000)),
        method=chance.choice(list(Rounding)),
        bearer=chance.choice(list(Bearer)),
        lead="271004",
    )
    treatment = chance.choice(list(Treatment))
    tax = TaxRule(treatment, Rounding.FLOOR, Bearer.LARGEST_REMAINDER, None)
    return RuleSet(
        made.name,
        made.start,
        None,
        None,
        made.population,
        made.rounding,
        tax,
        made.direct,
        made.pools,
        (),
    )


def _members(chance: random.Random, rule_set: RuleSet) -> Members:
    def present() -> Presence:
        return Presence(chance.randint(1, 31), 31, chance.random() < 0.2, chance.random() < 0.2)

    return Members(
        bodies=CODES,
        by_pool={
            one.name: {
                code: present() for code in sorted(chance.sample(CODES, chance.randint(0, 5)))
            }
            for one in rule_set.pools
        },
        populations={code: chance.randint(0, 3_000_000) for code in CODES[1:]},
        drivers={"requests": {code: Fraction(chance.randint(0, 10**6), 7) for code in CODES[:3]}},
        subsidised={
            one.name: {subsidy.name: CODES[:2] for subsidy in one.subsidies}
            for one in rule_set.pools
        },
        names={code: code for code in CODES},
        carried=tuple(
            Carried(one.name, rate, chance.randint(-5000, 5000))
            for one in rule_set.pools
            for rate in (None, Fraction(10))
            if chance.random() < 0.5
        ),
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
