"""Comparison, blends, other rates and forecasts."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.sample import SAMPLE
from tests.unit.costs.rulebook import (
    OSAKA,
    allocate,
    bill,
    caught,
    everybody,
    members,
    part,
    pool,
    rules,
)

from moyai.costs.analysis.compare import Key, amounts, blended, changes, keys_of, search_blends
from moyai.costs.analysis.forecast import LEAST_MONTHS, METHODS, forecast
from moyai.costs.analysis.sensitivity import at_rate, rate_of
from moyai.costs.apportion.inputs import Presence
from moyai.costs.ledger.invoices import Invoice
from moyai.registry.cost_rules import ShareBy
from moyai.registry.load import require

EQUAL, POPULATION = Key(ShareBy.EQUAL), Key(ShareBy.POPULATION)
HARP = Key(ShareBy.POPULATION, power=Fraction("0.585"))


def test_what_bodies_gain_others_lose() -> None:
    one = bill(1_000_000)
    before = rules(pool("all", part(ShareBy.POPULATION)))
    after = blended(before, {EQUAL: 50, POPULATION: 50})
    moved = changes(*(amounts(allocate(one, by, everybody())) for by in (before, after)))
    assert sum(change.difference for change in moved) == 0
    by_code = {change.code: change for change in moved}
    assert by_code["271004"].difference < 0 < by_code["273830"].difference
    city = by_code["271004"]
    assert city.percent == Fraction(100 * (city.after - city.before), city.before)


def test_blends_that_are_found_hold_and_the_nearest_is_first() -> None:
    one = bill(1_000_000)
    present = rules(pool("all", part(ShareBy.EQUAL, 30), part(ShareBy.POPULATION, 70)))
    known = caught(one, present, everybody())
    search = search_blends(known, present, everybody(), (EQUAL, POPULATION), Fraction(10), 5)
    found = search.found
    assert search.nearest == found[0]
    assert dict(found[0].percents) == {EQUAL: 30, POPULATION: 70}
    assert found[0].worst == 0
    worsts = [blend.worst for blend in found]
    assert worsts == sorted(worsts)
    for blend in found:
        made = amounts(allocate(one, blended(present, blend.percents), everybody()))
        was = amounts(allocate(one, present, everybody()))
        assert all(abs(made[code] - was[code]) * 100 <= 10 * was[code] for code in OSAKA)
    tried = {tuple(blend.percents.items()) for blend in found}
    for percent in range(0, 101, 5):
        chosen = {key: p for key, p in ((EQUAL, percent), (POPULATION, 100 - percent)) if p}
        made = amounts(allocate(one, blended(present, chosen), everybody()))
        was = amounts(allocate(one, present, everybody()))
        holds = all(abs(made[code] - was[code]) * 100 <= 10 * was[code] for code in OSAKA)
        assert holds == (tuple(chosen.items()) in tried)


def test_the_present_is_among_the_blends_of_its_own_keys() -> None:
    usage = part(ShareBy.USAGE, 20, driver="requests")
    parts = (part(ShareBy.EQUAL, 40), part(ShareBy.POPULATION, 40, power=HARP.power), usage)
    fixed = pool("fixed", part(ShareBy.PERCENT, percents={"271004": Fraction(100)}), where=None)
    present = rules(pool("all", *parts), fixed)
    keys = keys_of(present)
    assert keys == (EQUAL, POPULATION, HARP, Key(ShareBy.USAGE, "requests"))
    who = replace(everybody(), drivers={"requests": {"271004": Fraction(3), "271403": Fraction(1)}})
    known = caught(bill(1_000_003), present, who)
    [first, *_] = search_blends(known, present, who, keys, Fraction(10), 20).found
    assert (first.worst, set(first.percents.values())) == (0, {40, 20})


def test_no_blend_is_made_up_where_none_holds() -> None:
    present = rules(pool("all", part(ShareBy.POPULATION)))
    known = caught(bill(10**6), present, everybody())
    search = search_blends(known, present, everybody(), (EQUAL,), Fraction(5), 10)
    assert search.found == ()
    assert search.nearest is not None
    assert dict(search.nearest.percents) == {EQUAL: 100}
    village = next(one for one in search.nearest.changes if one.code == "273830")
    assert search.nearest.worst == village.percent


def test_where_none_holds_the_nearest_of_all_is_told() -> None:
    present = rules(pool("all", part(ShareBy.POPULATION, 90), part(ShareBy.EQUAL, 10)))
    known = caught(bill(10**7), present, everybody())
    keys = (EQUAL, POPULATION, HARP)
    search = search_blends(known, present, everybody(), keys, Fraction(1, 10), 25)
    assert search.found == ()
    was = amounts(allocate(known, present, everybody()))
    worsts = []
    for equal in range(0, 101, 25):
        for residents in range(0, 101 - equal, 25):
            percents = {EQUAL: equal, POPULATION: residents, HARP: 100 - equal - residents}
            chosen = {key: percent for key, percent in percents.items() if percent}
            made = amounts(allocate(known, blended(present, chosen), everybody()))
            worsts.append(max(abs(Fraction(100 * (made[x] - was[x]), was[x])) for x in was))
    assert search.nearest is not None
    assert search.nearest.worst == min(worsts)


def test_nobody_is_made_to_bear_something_from_nothing() -> None:
    who = members({"all": dict.fromkeys(OSAKA, Presence(31, 31))}, {"271004": 100, "271403": 50})
    present = rules(pool("all", part(ShareBy.POPULATION)))
    known = caught(bill(10**6), present, who)
    search = search_blends(known, present, who, (EQUAL, POPULATION), Fraction(10), 50)
    assert [dict(one.percents) for one in search.found] == [{POPULATION: 100}]
    assert search_blends(known, present, who, (EQUAL,), Fraction(10), 50).nearest is None


def test_osakas_43_by_harps_rule_and_by_population() -> None:
    """大阪市 bears 31.1 % by population, 13.2 % by HARP's power, 16.7 % by 50:50 (facts in use)."""

    registry = require(SAMPLE)
    residents = {body.code: body.population.count for body in registry.tenants if body.population}
    who = members({"all": dict.fromkeys(residents, Presence(31, 31))}, residents)
    one = bill(100_000_000)
    by = rules(pool("all"))
    for percents, city, village in (
        ({POPULATION: 100}, "31.1", "0.06"),
        ({HARP: 100}, "13.2", "0.32"),
        ({EQUAL: 50, POPULATION: 50}, "16.7", "1.19"),
    ):
        made = amounts(allocate(one, blended(by, percents), who))
        assert f"{made['271004'] / 10**6:.1f}" == city
        assert f"{made['273830'] / 10**6:.2f}" == village


def test_another_rate_moves_yen_and_tax_in_proportion() -> None:
    one = Invoice(
        "N", "AWS", None, "USD", Decimal(100), 13_900, 1_390, Fraction(10), None, None, None
    )
    euro = Invoice("E", "X", None, "EUR", Decimal(1), 170, 0, Fraction(10), None, None, None)
    assert rate_of(one) == 139
    moved = at_rate([one, euro], "USD", Decimal(160)).invoices
    assert (moved[0].jpy, moved[0].tax_jpy, moved[0].rate) == (16_000, 1_600, 160)
    assert moved[1] == euro
    assert (
        rate_of(Invoice("Z", "AWS", None, "USD", Decimal(0), 0, 0, Fraction(10), None, None, None))
        is None
    )


@pytest.mark.parametrize(
    ("past", "method", "next_month"),
    [
        ([100] * 6, "last", 100),
        ([100, 110, 120, 130, 140, 150], "trend", 160),
        ([100, 130, 100, 130, 100, 130, 100, 130, 100], "mean_of_three", 110),
    ],
)
def test_the_method_that_was_nearest_is_used(past: list[int], method: str, next_month: int) -> None:
    made = forecast(past, 1)
    assert made is not None
    assert (made.method, made.months) == (method, (next_month,))


def test_a_year_that_repeats_is_seen_as_a_season() -> None:
    year = [100, 100, 900, 100, 100, 100, 400, 100, 100, 100, 100, 700]
    made = forecast(year * 3, 12)
    assert made is not None
    assert made.method == "season"
    assert made.months == tuple(year)
    assert made.mean_error == 0


def test_the_error_is_that_of_the_months_tried() -> None:
    made = forecast([100, 100, 100, 160], 1)
    assert made is not None
    assert made.tried == 2
    assert made.mean_error == 30


@given(st.lists(st.integers(-(10**12), 10**12), max_size=40), st.integers(1, 12))
def test_any_past_has_a_forecast_or_is_too_short(past: list[int], ahead: int) -> None:
    made = forecast(past, ahead)
    if len(past) < LEAST_MONTHS:
        assert made is None
        return
    assert made is not None
    assert len(made.months) == ahead
    assert made.method in METHODS
