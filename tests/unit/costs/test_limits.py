"""What a share is at least and at most, and amounts that are set."""

from __future__ import annotations

from math import floor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.costs.rulebook import (
    FULL,
    OSAKA,
    allocate,
    bill,
    everybody,
    members,
    part,
    pool,
    rules,
    some_bill,
    some_members,
    some_rules,
    yen_of,
)

from moyai.costs.apportion.allocation import LineKind, PayerKind
from moyai.costs.apportion.inputs import Bill
from moyai.costs.apportion.weights import share_of_time
from moyai.registry.cost_rules import Bearer, Pool, RuleSet, ShareBy


def test_least_and_most_are_held_and_the_others_bear_the_difference() -> None:
    shared = pool("all", part(ShareBy.POPULATION), minimum=10_000, maximum=600_000)
    made = allocate(bill(1_000_000), rules(shared), everybody())
    assert yen_of(made) == {"271004": 600_000, "271403": 390_000, "273830": 10_000}


def test_more_than_all_may_bear_at_most_is_left_unallocated() -> None:
    made = allocate(bill(1_000_000), rules(pool(maximum=300_000)), everybody())
    assert set(yen_of(made).values()) == {300_000}
    assert made.unallocated_jpy == 100_000


def test_less_than_all_minimums_is_shared_by_them_and_said() -> None:
    made = allocate(bill(300), rules(pool(minimum=10_000)), everybody())
    assert set(yen_of(made).values()) == {100}
    assert made.pools[0].notes


def test_limits_do_not_bind_credits() -> None:
    made = allocate(bill(-300), rules(pool(minimum=10_000)), everybody())
    assert set(yen_of(made).values()) == {-100}


def test_fixed_amounts_come_first() -> None:
    made = allocate(bill(1_000), rules(pool(fixed={"273830": 100})), everybody())
    assert yen_of(made) == {"271004": 450, "271403": 450, "273830": 100}


@pytest.mark.parametrize(
    ("bearer", "yen"),
    [
        # 60,000.6 and 40,000.4 exactly; in thousands 60,000 and 40,000.
        (Bearer.LARGEST_REMAINDER, {"271004": 60_001, "271403": 40_000}),
        (Bearer.LEAD, {"271004": 60_000, "271403": 40_001}),
        (Bearer.CARRY, {"271004": 60_000, "271403": 40_000}),
    ],
)
def test_what_rounding_of_reduced_amounts_leaves_has_the_rules_bearer(
    bearer: Bearer, yen: dict[str, int]
) -> None:
    shared = pool(fixed={"271004": 300_000, "271403": 200_000})
    who = members({"all": {"271004": FULL, "271403": FULL}})
    made = allocate(bill(100_001), rules(shared, unit=1000, bearer=bearer, lead="271403"), who)
    assert yen_of(made) == yen
    [line, *_] = dict(made.bodies())["271004"][0].lines
    assert (line.kind, line.jpy, line.by_rule) == (LineKind.FIXED, 60_000, 300_000)
    carried = [one.jpy for one in made.borne if one.payer.kind is PayerKind.CARRY]
    assert carried == ([1] if bearer is Bearer.CARRY else [])


@pytest.mark.parametrize(
    ("shared", "yen", "asked"),
    [
        (pool(base_fee=1_000), [500, 500, 500], 3_000),
        (pool(fixed={"273830": 4_000}), [0, 0, 1_500], 4_000),
        (pool(fixed={"273830": 4_000}, base_fee=1_000), [250, 250, 1_000], 6_000),
    ],
)
def test_set_amounts_beyond_the_cost_are_reduced_in_proportion(
    shared: Pool, yen: list[int], asked: int
) -> None:
    made = allocate(bill(1_500), rules(shared), everybody())
    borne = {code: sum(one.jpy for one in found) for code, found in made.bodies()}
    assert [borne.get(code, 0) for code in OSAKA] == yen
    assert made.pools[0].set_by_rule == asked
    [note] = made.pools[0].notes
    more = asked - 1_500
    assert (
        f"¥{asked:,}, ¥{more:,} more than the ¥1,500 that it costs, so they were reduced" in note.en
    )


@given(some_rules(), some_bill(), st.data())
@settings(max_examples=200, deadline=None)
def test_shares_stay_within_their_limits_when_they_are_rounded(
    rule_set: RuleSet, one: Bill, data: st.DataObject
) -> None:
    who = data.draw(some_members(rule_set))
    made = allocate(one, rule_set, who)
    fees = {LineKind.JOINING_FEE, LineKind.LEAVING_FEE, LineKind.FEE_RELIEF, LineKind.SUBSIDY}
    for borne in made.borne:
        rule = rule_set.pool(borne.rule)
        shared = [line for line in borne.lines if line.kind is LineKind.SHARE]
        if rule is None or borne.presence is None or not shared:
            continue
        account = next(pool for pool in made.pools if pool.name == rule.name)
        lead_bears = rule_set.rounding.bearer is Bearer.LEAD
        left_out = fees | ({LineKind.REMAINDER} if lead_bears else set())
        yen = sum(line.jpy for line in borne.lines if line.kind not in left_out)
        if account.shared <= 0 or any("minimums" in note.en for note in account.notes):
            continue
        unit = rule_set.rounding.unit
        time = share_of_time(borne.presence, rule.prorating)
        if rule.minimum is not None:
            assert yen >= floor(rule.minimum * time) // unit * unit
        if rule.maximum is not None:
            assert yen <= max(rule.maximum * time, borne.lines[0].jpy)
