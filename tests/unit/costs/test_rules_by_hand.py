"""Fees, limits, subsidies and weights by figures that were worked out by hand."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest
from tests.unit.costs.rulebook import FULL, allocate, bill, everybody, members, part, pool, rules

from moyai.costs.apportion.allocation import Allocation, LineKind
from moyai.costs.apportion.inputs import Presence
from moyai.registry.cost_rules import (
    Direct,
    Prorating,
    Rounding,
    ShareBy,
    Subsidy,
    SubsidyWhen,
    WhenZero,
)

JOINS = Presence(31, 31, joins=True)
LEAVES = Presence(31, 31, leaves=True)
HALF = Presence(15, 30)
THREE_TO_ONE = part(
    ShareBy.PERCENT,
    percents={"271004": Fraction(60), "271403": Fraction(20), "273830": Fraction(20)},
)


def _yen(made: Allocation) -> dict[str, int]:
    return {code: sum(one.jpy for one in borne) for code, borne in made.bodies()}


def _of_kind(made: Allocation, kind: LineKind) -> dict[str, int]:
    return {
        one.payer.name: line.jpy for one in made.borne for line in one.lines if line.kind is kind
    }


@pytest.mark.parametrize(
    ("newcomer", "kind"), [(JOINS, LineKind.JOINING_FEE), (LEAVES, LineKind.LEAVING_FEE)]
)
def test_a_fee_relieves_the_others_by_what_they_bear(newcomer: Presence, kind: LineKind) -> None:
    who = members({"all": {"271004": FULL, "271403": FULL, "273830": newcomer}})
    shared = pool("all", THREE_TO_ONE, joining_fee=200, leaving_fee=200)
    made = allocate(bill(500), rules(shared), who)
    # Of ¥500 they bear 300, 100 and 100: 200 relieve the first two as 3 to 1.
    assert _of_kind(made, kind) == {"273830": 200}
    assert _of_kind(made, LineKind.FEE_RELIEF) == {"271004": -150, "271403": -50}
    assert _yen(made) == {"271004": 150, "271403": 50, "273830": 300}


def test_who_joins_and_leaves_in_a_month_pays_both_fees_and_is_relieved_of_none() -> None:
    passing = Presence(31, 31, joins=True, leaves=True)
    who = members({"all": {"271004": FULL, "271403": JOINS, "273830": passing}})
    made = allocate(bill(300), rules(pool(joining_fee=60, leaving_fee=30)), who)
    assert _yen(made) == {"271004": 100 - 150, "271403": 160, "273830": 190}


def test_a_fee_relieves_in_the_unit_that_shares_are_rounded_to() -> None:
    who = members({"all": {"271004": FULL, "271403": FULL, "273830": JOINS}})
    shared = pool("all", THREE_TO_ONE, joining_fee=1_000)
    made = allocate(bill(50_000), rules(shared, unit=1_000), who)
    assert _of_kind(made, LineKind.FEE_RELIEF) == {"271004": -1_000}


def test_those_who_bear_nothing_are_relieved_alike() -> None:
    who = members({"all": {"271004": FULL, "271403": FULL, "273830": JOINS}})
    shared = pool("all", THREE_TO_ONE, joining_fee=200)
    made = allocate(bill(0), rules(shared), who)
    assert _yen(made) == {"271004": -100, "271403": -100, "273830": 200}


@pytest.mark.parametrize(
    ("prorating", "least"), [(Prorating.DAYS, 5_000), (Prorating.MONTH, 10_000)]
)
def test_who_is_there_half_the_month_bears_half_the_least(prorating: Prorating, least: int) -> None:
    who = members({"all": {"271004": FULL, "273830": HALF}})
    shared = pool("all", part(ShareBy.POPULATION), minimum=10_000, prorating=prorating)
    made = allocate(bill(1_000_000), rules(shared), who)
    assert _yen(made) == {"271004": 1_000_000 - least, "273830": least}


@pytest.mark.parametrize(
    ("prorating", "most"), [(Prorating.DAYS, 100_000), (Prorating.MONTH, 200_000)]
)
def test_who_is_there_half_the_month_bears_half_the_most(prorating: Prorating, most: int) -> None:
    who = members({"all": {"271004": HALF, "271403": FULL, "273830": FULL}})
    percents = {"271004": Fraction(80), "271403": Fraction(10), "273830": Fraction(10)}
    shared = pool(
        "all", part(ShareBy.PERCENT, percents=percents), maximum=200_000, prorating=prorating
    )
    made = allocate(bill(300_000), rules(shared), who)
    others = (300_000 - most) // 2
    assert _yen(made) == {"271004": most, "271403": others, "273830": others}


def test_limits_of_days_are_rounded_down() -> None:
    who = members({"all": {"271004": FULL, "273830": Presence(16, 31)}})
    shared = pool("all", part(ShareBy.POPULATION), minimum=10_000)
    made = allocate(bill(1_000_000), rules(shared), who)
    assert _yen(made)["273830"] == 5_161  # 10,000 × 16/31 = 5,161.29


def test_base_fees_count_towards_least_and_most() -> None:
    who = members({"all": {"271004": FULL, "273830": FULL}})
    shared = pool("all", part(ShareBy.POPULATION), base_fee=1_000, minimum=5_000, maximum=80_000)
    made = allocate(bill(85_000), rules(shared), who)
    assert _of_kind(made, LineKind.BASE_FEE) == {"271004": 1_000, "273830": 1_000}
    assert _yen(made) == {"271004": 80_000, "273830": 5_000}


def test_fixed_amounts_and_base_fees_are_of_the_days() -> None:
    who = members({"all": {"271004": FULL, "271403": HALF, "273830": HALF}})
    shared = pool(base_fee=1_000, fixed={"273830": 3_001})
    made = allocate(bill(100_000), rules(shared, unit=1), who)
    assert _of_kind(made, LineKind.FIXED) == {"273830": 1_500}
    assert _of_kind(made, LineKind.BASE_FEE) == {"271004": 1_000, "271403": 500}
    # ¥97,000 are left, two to one by days.
    assert _of_kind(made, LineKind.SHARE)["271004"] == 64_666
    assert _of_kind(made, LineKind.SHARE)["271403"] == 32_333
    assert _of_kind(made, LineKind.REMAINDER) == {"271004": 1}


def test_a_pool_that_costs_nothing_asks_for_no_set_amounts() -> None:
    who = members({"all": dict.fromkeys(("271004", "271403", "273830"), FULL)})
    shared = pool(base_fee=1_000, fixed={"273830": 500})
    assert _yen(allocate(bill(0), rules(shared), who)) == {}


def _before(name: str, percent: int | None, jpy: int | None = None) -> Subsidy:
    return Subsidy(
        name, SubsidyWhen.BEFORE, None if percent is None else Fraction(percent), jpy, "all"
    )


def test_a_subsidy_comes_off_what_the_one_before_it_leaves() -> None:
    shared = pool(subsidies=(_before("国", 50), _before("県", 50), _before("市", None, 70)))
    who = members({"all": {"271004": FULL, "273830": FULL}})
    made = allocate(bill(1_000), rules(shared), who)
    assert made.pools[0].subsidies == {"国": 500, "県": 250, "市": 70}
    assert _yen(made) == {"271004": 90, "273830": 90}


def test_no_subsidy_is_more_than_what_is_left_or_of_a_credit() -> None:
    shared = pool(subsidies=(_before("国", None, 700), _before("県", None, 700), _before("市", 50)))
    who = members({"all": {"271004": FULL}})
    made = allocate(bill(1_000), rules(shared), who)
    assert made.pools[0].subsidies == {"国": 700, "県": 300}
    assert _yen(made) == {}
    credit = allocate(bill(-1_000), rules(shared), who)
    assert credit.pools[0].subsidies == {}
    assert _yen(credit) == {"271004": -1_000}


def test_a_subsidy_after_sharing_takes_nothing_of_a_credit() -> None:
    own = Subsidy("過疎", SubsidyWhen.AFTER, Fraction(50), None, "all")
    who = members(
        {"all": {"271004": FULL, "273830": FULL}}, subsidised={"all": {"過疎": ("273830",)}}
    )
    assert _yen(allocate(bill(-200), rules(pool(subsidies=(own,))), who)) == {
        "271004": -100,
        "273830": -100,
    }


def test_least_that_the_cost_does_not_reach_is_shared_by_each_ones_own() -> None:
    who = members({"all": {"271004": FULL, "273830": HALF}})
    made = allocate(bill(300), rules(pool(minimum=10_000)), who)
    assert _yen(made) == {"271004": 200, "273830": 100}


def test_cost_that_is_just_all_minimums_holds_them() -> None:
    made = allocate(bill(30_000), rules(pool(minimum=10_000)), everybody())
    assert set(_yen(made).values()) == {10_000}
    assert made.pools[0].notes == ()


def test_a_base_fee_is_no_more_than_the_most_of_the_days() -> None:
    """Half of ¥3,000 is ¥1,500: up to ¥2,000 in thousands, and ¥1,000 at most."""
    who = members({"all": {"271004": FULL, "273830": HALF}})
    limited = pool(base_fee=3_000, maximum=3_000)
    made = allocate(bill(4_000), rules(limited, unit=1_000, method=Rounding.CEILING), who)
    assert _of_kind(made, LineKind.BASE_FEE) == {"271004": 3_000, "273830": 1_000}
    assert _yen(made) == {"271004": 3_000, "273830": 1_000}


@pytest.mark.parametrize(
    ("yen", "minimum", "said"), [(2_000, 1_500, 1), (1_500, 1_500, 2), (2_000, 1_000, 0)]
)
def test_base_fees_that_use_up_the_cost_are_said_to_leave_less_than_the_minimum(
    yen: int, minimum: int, said: int
) -> None:
    """Of less than the base fees make, the other note says that they are reduced."""
    who = members({"all": {"271004": FULL, "273830": FULL}})
    made = allocate(bill(yen), rules(pool(base_fee=1_000, minimum=minimum)), who)
    assert set(_yen(made).values()) == {yen // 2}
    notes = [note.en for note in made.pools[0].notes]
    assert len(notes) == said
    assert any("less than its minimum" in note for note in notes) is (said > 0)


def test_set_amounts_are_in_the_unit_too() -> None:
    who = members({"all": {"271004": FULL, "273830": HALF}})
    made = allocate(bill(10_000), rules(pool(base_fee=1_000), unit=1_000), who)
    assert _of_kind(made, LineKind.BASE_FEE) == {"271004": 1_000}
    assert _yen(made) == {"271004": 7_000, "273830": 3_000}


def test_a_part_with_nothing_to_go_by_leaves_its_percent_rounded_down() -> None:
    usage = part(ShareBy.USAGE, 50, driver="requests", when_zero=WhenZero.UNALLOCATED)
    made = allocate(bill(301), rules(pool("all", part(ShareBy.EQUAL, 50), usage)), everybody())
    assert made.unallocated_jpy == 150
    assert _yen(made) == {"271004": 51, "271403": 50, "273830": 50}


def test_who_has_no_percent_bears_nothing_of_it() -> None:
    shared = pool("all", part(ShareBy.PERCENT, percents={"271403": Fraction(50)}))
    made = allocate(bill(300), rules(shared), everybody())
    assert _yen(made) == {"271004": 0, "271403": 300, "273830": 0}


def test_who_is_given_back_directly_weighs_nothing_by_it() -> None:
    tagged = Direct("tag", (), "ServiceName", {"s0": "271004", "s1": "271403"}, ())
    shared = pool("all", part(ShareBy.DIRECT))
    made = allocate(bill(-100, 50, 300), rules(shared, direct=(tagged,)), everybody())
    assert _yen(made) == {"271004": -100, "271403": 350, "273830": 0}


def test_a_fee_without_costs_has_the_highest_of_the_bills_rates() -> None:
    eight, ten = Fraction(8), Fraction(10)
    one = replace(
        bill(500, 300),
        buckets=(
            replace(bill(500, rate=ten).buckets[0], values={"ServiceName": "s0"}),
            replace(bill(300, rate=eight).buckets[0], values={"ServiceName": "s1"}),
        ),
    )
    everywhere = dict.fromkeys(("271004", "271403"), FULL)
    who = members({"a": {"271004": FULL, "273830": JOINS}, "b": everywhere})
    made = allocate(one, rules(pool("a", where=None, joining_fee=100), pool("b")), who)
    [village] = [one for one in made.borne if one.payer.name == "273830"]
    assert village.by_rate == {ten: 100}
