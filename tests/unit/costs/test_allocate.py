"""A bill, divided: sums that stay, whatever the rules, and the rules in use in Japan."""

from __future__ import annotations

import random
from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.costs.rulebook import (
    FULL,
    MAY,
    OSAKA,
    allocate,
    bill,
    everybody,
    lines_of,
    members,
    part,
    pool,
    rules,
    some_bill,
    some_members,
    some_rules,
    yen_of,
)

from moyai.costs.apportion.allocation import Allocation, LineKind, PayerKind
from moyai.costs.apportion.inputs import Bill, Bucket, Carried, Presence
from moyai.costs.periods import Period
from moyai.registry.cost_rules import (
    Bearer,
    Condition,
    Direct,
    Flow,
    Rounding,
    RuleSet,
    ShareBy,
    Subsidy,
    SubsidyWhen,
    WhenZero,
)

JUNE = Period(2026, 6)


@given(st.data())
@settings(max_examples=50, deadline=None)
def test_nothing_is_lost_and_nothing_is_added(data: st.DataObject) -> None:
    rule_set = data.draw(some_rules())
    one = data.draw(some_bill())
    made = allocate(one, rule_set, data.draw(some_members(rule_set)))
    payers = sum(line.jpy for borne in made.borne for line in borne.lines)
    left = sum(one.jpy for one in made.unallocated)
    assert payers + left == one.jpy + made.carried_in_jpy
    for borne in made.borne:
        assert sum(borne.by_rate.values()) == borne.jpy
    for account in made.pools:
        assert account.caught + account.carried_in + sum(account.flowed_in.values()) == (
            sum(account.flowed_out.values()) + sum(account.subsidies.values()) + account.shared
        )


@given(st.data())
@settings(max_examples=30, deadline=None)
def test_the_order_of_rows_changes_nothing(data: st.DataObject) -> None:
    rule_set = data.draw(some_rules())
    one = data.draw(some_bill())
    who = data.draw(some_members(rule_set))
    mixed = list(one.buckets)
    random.Random(data.draw(st.integers())).shuffle(mixed)
    assert allocate(replace(one, buckets=tuple(mixed)), rule_set, who) == allocate(
        one, rule_set, who
    )


def test_equal_and_population_shares_as_in_gotemba() -> None:
    """均等割 20 + 人口割 80 (御殿場市・小山町)."""
    shared = pool("all", part(ShareBy.EQUAL, 20), part(ShareBy.POPULATION, 80))
    made = allocate(bill(1_000_000), rules(shared), everybody())
    whole = sum(OSAKA.values())
    for code, residents in OSAKA.items():
        exact = Fraction(200_000, 3) + Fraction(800_000 * residents, whole)
        assert abs(yen_of(made)[code] - exact) < 1
    assert sum(yen_of(made).values()) == 1_000_000


def test_harps_rule_asks_one_and_a_half_times_of_twice_the_residents() -> None:
    """A fee of ¥10,000 each, the rest by population ^ log2 1.5 (北海道 HARP)."""
    power = Fraction("0.58496250072115618")
    shared = pool("all", part(ShareBy.POPULATION, power=power), base_fee=10_000)
    who = members({"all": {"271004": FULL, "271403": FULL}}, {"271004": 20_000, "271403": 10_000})
    made = allocate(bill(1_020_000), rules(shared), who)
    assert yen_of(made) == {"271004": 10_000 + 600_000, "271403": 10_000 + 400_000}


def test_a_remainder_goes_to_those_who_lost_most_then_by_code() -> None:
    made = allocate(bill(100), rules(pool()), everybody())
    assert yen_of(made) == {"271004": 34, "271403": 33, "273830": 33}
    assert lines_of(made, "271004") == [(LineKind.SHARE, 33), (LineKind.REMAINDER, 1)]


def test_a_lead_body_bears_what_a_thousand_yen_leave() -> None:
    """Cut below ¥1,000 (新潟県市町村総合事務組合)."""
    rule_set = rules(pool(), unit=1000, bearer=Bearer.LEAD, lead="271403")
    made = allocate(bill(1_234_567), rule_set, everybody())
    assert yen_of(made) == {"271004": 411_000, "271403": 411_000 + 1_567, "273830": 411_000}


def test_a_remainder_that_is_carried_comes_back_in_the_next_period() -> None:
    rule_set = rules(pool(), unit=1000, bearer=Bearer.CARRY)
    first = allocate(bill(1_234_567), rule_set, everybody())
    [left] = [one for one in first.borne if one.payer.kind is PayerKind.CARRY]
    assert (left.payer.name, left.jpy) == ("all", 1_567)
    who = members({"all": dict.fromkeys(OSAKA, FULL)}, carried=(Carried("all", None, left.jpy),))
    second = allocate(bill(1_000_000), rule_set, who)
    assert second.pools[0].carried_in == 1_567
    assert second.carried_in_jpy == 1_567
    assert sum(one.jpy for one in second.borne) == 1_001_567


def test_a_body_that_joins_on_the_16th_bears_sixteen_days() -> None:
    who = members({"all": {"271004": FULL, "273830": Presence(16, 31)}})
    made = allocate(bill(47_000), rules(pool()), who)
    assert yen_of(made) == {"271004": 31_000, "273830": 16_000}


def test_a_joining_fee_relieves_those_who_were_there() -> None:
    who = members({"all": {"271004": FULL, "271403": FULL, "273830": Presence(31, 31, joins=True)}})
    made = allocate(bill(300), rules(pool(joining_fee=100)), who)
    assert yen_of(made) == {"271004": 50, "271403": 50, "273830": 200}
    assert (LineKind.FEE_RELIEF, -50) in lines_of(made, "271004")


def test_nobody_is_relieved_by_the_fee_of_the_first() -> None:
    who = members({"all": {"271004": Presence(31, 31, joins=True)}})
    made = allocate(bill(300), rules(pool(joining_fee=100)), who)
    assert yen_of(made) == {"271004": 300}


def test_a_subsidy_before_sharing_is_a_payer() -> None:
    half = Subsidy("国庫補助", SubsidyWhen.BEFORE, Fraction(50), None, "all")
    made = allocate(bill(600), rules(pool(subsidies=(half,))), everybody())
    assert set(yen_of(made).values()) == {100}
    assert made.pools[0].subsidies == {"国庫補助": 300}
    [payer] = [one for one in made.borne if one.payer.kind is PayerKind.SUBSIDY]
    assert (payer.payer.name, payer.jpy) == ("国庫補助", 300)


def test_a_subsidy_after_sharing_is_for_those_it_is_meant_for() -> None:
    own = Subsidy("過疎", SubsidyWhen.AFTER, None, 80, "kind:村")
    who = members({"all": dict.fromkeys(OSAKA, FULL)}, subsidised={"all": {"過疎": ("273830",)}})
    made = allocate(bill(300), rules(pool(subsidies=(own,))), who)
    assert yen_of(made) == {"271004": 100, "271403": 100, "273830": 20}


def test_usage_is_shared_by_its_driver() -> None:
    shared = pool("all", part(ShareBy.USAGE, driver="requests"))
    who = members(
        {"all": dict.fromkeys(OSAKA, FULL)},
        drivers={"requests": {"271004": Fraction(3), "273830": Fraction(1)}},
    )
    made = allocate(bill(400), rules(shared), who)
    assert yen_of(made) == {"271004": 300, "271403": 0, "273830": 100}


@pytest.mark.parametrize(
    ("when", "village", "left"),
    [
        (WhenZero.EQUAL, 100, 0),
        (WhenZero.POPULATION, 1, 0),
        (WhenZero.UNALLOCATED, 0, 300),
        (WhenZero.OTHER_PARTS, 0, 300),
    ],
)
def test_weights_that_are_all_zero_fall_back_as_the_rule_says(
    when: WhenZero, village: int, left: int
) -> None:
    shared = pool("all", part(ShareBy.USAGE, driver="requests", when_zero=when))
    made = allocate(bill(300), rules(shared), everybody())
    assert (yen_of(made).get("273830", 0), made.unallocated_jpy) == (village, left)
    assert made.pools[0].notes


def test_a_part_without_weights_may_be_shared_as_the_others_are() -> None:
    shared = pool(
        "all",
        part(ShareBy.EQUAL, 40),
        part(ShareBy.USAGE, 60, driver="requests", when_zero=WhenZero.OTHER_PARTS),
    )
    made = allocate(bill(300), rules(shared), everybody())
    assert set(yen_of(made).values()) == {100}


def test_a_pool_flows_into_another_before_that_is_shared() -> None:
    labour = pool(
        "labour", flows=(Flow("chat", Fraction(75)),), where=(Condition("ServiceName", ("s0",)),)
    )
    chat = pool("chat", where=(Condition("ServiceName", ("s1",)),))
    who = members({"labour": {"271004": FULL}, "chat": {"273830": FULL}})
    made = allocate(bill(1000, 10), rules(labour, chat), who)
    assert yen_of(made) == {"271004": 250, "273830": 760}
    assert made.pools[0].flowed_out == {"chat": 750}
    assert made.pools[1].flowed_in == {"labour": 750}


def test_direct_comes_before_pools_and_can_be_what_pools_go_by() -> None:
    tagged = Direct("tag", (), "ServiceName", {"s0": "271004", "s1": "273830"}, ())
    shared = pool("all", part(ShareBy.DIRECT))
    made = allocate(bill(300, 100, 40), rules(shared, direct=(tagged,)), everybody())
    assert yen_of(made) == {"271004": 330, "271403": 0, "273830": 110}


def test_a_value_that_means_no_body_is_not_caught_directly() -> None:
    tagged = Direct("tag", (), "ServiceName", {}, ())
    made = allocate(bill(300), rules(direct=(tagged,)), everybody())
    assert made.unallocated_jpy == 300
    assert made.unallocated[0].values == {"ServiceName": "s0"}


def test_rates_of_tax_are_split_exactly() -> None:
    two = Bill(
        MAY,
        1000,
        (
            Bucket(None, {}, Fraction(700), Fraction(10), 1),
            Bucket(None, {}, Fraction(300), Fraction(8), 1),
        ),
    )
    made = allocate(two, rules(pool()), everybody())
    for rate, whole in ((Fraction(10), 700), (Fraction(8), 300)):
        assert sum(one.by_rate[rate] for one in made.borne) == whole


def test_a_fee_without_costs_has_the_bills_rate_of_tax() -> None:
    joins = members(
        {
            "a": {"271004": FULL, "273830": Presence(31, 31, joins=True)},
            "b": dict.fromkeys(OSAKA, FULL),
        }
    )
    fee = pool("a", where=None, joining_fee=100)
    made = allocate(bill(300, rate=Fraction(10)), rules(fee, pool("b")), joins)
    [village] = [one for one in made.borne if (one.rule, one.payer.name) == ("a", "273830")]
    assert village.by_rate == {Fraction(10): 100}


def test_yen_that_are_not_whole_are_rounded_once_over_the_whole_bill() -> None:
    third = Fraction(1, 3)
    pools = [pool(f"p{at}", where=(Condition("ServiceName", (f"s{at}",)),)) for at in range(3)]
    made = allocate(
        bill(third, third, third),
        rules(*pools),
        members({f"p{at}": {"271004": FULL} for at in range(3)}),
    )
    assert yen_of(made) == {"271004": 1}


def test_a_pool_without_members_is_left_unallocated() -> None:
    made = allocate(bill(300), rules(pool()), members({}))
    assert made.unallocated_jpy == 300
    assert made.unallocated[0].pool == "all"


def test_rounding_up_gives_back_what_is_too_much() -> None:
    made = allocate(bill(100), rules(pool(), method=Rounding.CEILING), everybody())
    assert sorted(yen_of(made).values()) == [33, 33, 34]


def test_what_a_pool_carried_that_is_no_longer_there_is_not_lost() -> None:
    who = members({"all": dict.fromkeys(OSAKA, FULL)}, carried=(Carried("gone", None, 5),))
    made = allocate(bill(300), rules(pool()), who)
    assert (made.carried_in_jpy, made.difference_jpy) == (5, 0)
    [left] = made.unallocated
    assert (left.pool, left.jpy) == ("gone", 5)


def test_what_is_carried_keeps_its_rate_of_tax() -> None:
    everywhere = dict.fromkeys(OSAKA, FULL)
    carried = (Carried("a", Fraction(8), 30), Carried("b", Fraction(10), 60))
    who = members({"a": everywhere, "b": everywhere}, carried=carried)
    made = allocate(bill(300, rate=Fraction(10)), rules(pool("a", where=None), pool("b")), who)
    mixes = {(one.rule, *one.by_rate.items()) for one in made.borne}
    assert mixes == {("a", (Fraction(8), 10)), ("b", (Fraction(10), 120))}


@given(some_rules(), some_bill(), st.data())
@settings(max_examples=100, deadline=None)
def test_by_what_uncaught_costs_are_told_apart_changes_nothing_that_rules_catch(
    rule_set: RuleSet, one: Bill, data: st.DataObject
) -> None:
    who = data.draw(some_members(rule_set))
    finer = replace(
        one,
        buckets=tuple(
            replace(bucket, values={**bucket.values, "x": str(at)})
            for at, bucket in enumerate(one.buckets)
        ),
    )
    coarse, fine = (allocate(each, rule_set, who) for each in (one, finer))
    assert coarse.borne == fine.borne

    def left(made: Allocation) -> dict[object, int]:
        found: dict[object, int] = {}
        for each in made.unallocated:
            assert sum(each.by_rate.values()) == each.jpy
            for rate, yen in each.by_rate.items():
                found[each.pool, rate] = found.get((each.pool, rate), 0) + yen
        return found

    assert left(coarse) == left(fine)


def test_rates_of_tax_keep_the_yen_that_invoices_have_at_them() -> None:
    eight, ten = Fraction(8), Fraction(10)
    amounts = [
        (ten, 0, "0.6"),
        (ten, 1, "0.4"),
        (eight, 0, "0.35"),
        (eight, 1, "0.35"),
        (eight, 2, "0.3"),
    ]
    buckets = tuple(
        Bucket(None, {"ServiceName": f"s{at}"}, Fraction(yen), rate, 1) for rate, at, yen in amounts
    )
    pools = [pool(f"p{at}", where=(Condition("ServiceName", (f"s{at}",)),)) for at in range(3)]
    made = allocate(Bill(MAY, 2, buckets), rules(*pools), everybody("p0", "p1", "p2"))
    sums: dict[Fraction | None, int] = {}
    for one in made.borne:
        for rate, yen in one.by_rate.items():
            sums[rate] = sums.get(rate, 0) + yen
    assert {rate: yen for rate, yen in sums.items() if yen} == {eight: 1, ten: 1}
