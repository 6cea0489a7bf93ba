"""The tax of statements: once for each rate, its difference, what a month carries of it."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest
from tests.unit.costs.papers import BASIS, ISSUER, NAMES, TEN, issued, taxable
from tests.unit.costs.rulebook import (
    FULL,
    MAY,
    OSAKA,
    allocate,
    bill,
    everybody,
    members,
    part,
    pool,
    rules,
)

from moyai.costs.apportion.allocation import Payer, PayerKind, Settlement
from moyai.costs.apportion.inputs import Bill, Bucket, Carried, TaxCarried
from moyai.costs.periods import Period
from moyai.costs.statements.statement import Issue, Statement, issue
from moyai.registry.cost_rules import Bearer, Direct, Rounding, ShareBy, Subsidy, SubsidyWhen

MOVED = {"271004": 55, "271403": -40}
MOVES = {"271004": 105, "271403": 100}
JUNE = Period(2026, 6)


def _of(made: Issue, code: str) -> Statement:
    return next(one for one in made.statements if one.code == code)


def test_the_tax_is_rounded_once_for_each_body_and_the_difference_is_a_line() -> None:
    """100 yen net, 3 bodies: 34, 33, 33; the tax on the whole is 10, that of the bodies 3 + 3 + 3."""
    one = replace(bill(100, rate=TEN), taxes={TEN: 10})
    made = issued(one, taxable(rules(pool())))
    assert [[(t.net, t.tax, t.difference) for t in s.by_rate] for s in made.statements] == [
        [(34, 3, 1)],
        [(33, 3, 0)],
        [(33, 3, 0)],
    ]


@pytest.mark.parametrize(
    ("bearer", "totals", "carried"),
    [
        (Bearer.LARGEST_REMAINDER, [38, 36, 36], {}),
        (Bearer.LEAD, [37, 37, 36], {}),
        (Bearer.CARRY, [37, 36, 36], {TEN: 1}),
    ],
)
def test_the_rule_says_who_bears_the_difference(
    bearer: Bearer, totals: list[int], carried: dict[Fraction, int]
) -> None:
    one = replace(bill(100, rate=TEN), taxes={TEN: 10})
    made = issued(one, taxable(rules(pool()), bearer, "271403"))
    assert [statement.total for statement in made.statements] == totals
    assert made.taxes.left_to_next == TaxCarried(differences=carried)


def test_a_difference_of_the_tax_that_was_carried_is_borne_and_not_carried_again() -> None:
    rule_set = taxable(rules(pool()), Bearer.CARRY)
    one = replace(bill(100, rate=TEN), taxes={TEN: 10})
    made = issued(one, rule_set)
    for _ in range(9):
        assert made.taxes.left_to_next == TaxCarried(differences={TEN: 1})
        came = made.taxes.left_to_next
        made = issue(allocate(one, rule_set, everybody()), rule_set, ISSUER, NAMES, BASIS, came)
        assert made.bill_with_tax == 111
        # ¥34 lost 0.4 of tax by rounding, ¥33 each 0.3: the first bears what came in.
        assert [(s.tax, s.tax_difference, s.total) for s in made.statements] == [
            (3, 1, 38),
            (3, 0, 36),
            (3, 0, 36),
        ]


EIGHT = Fraction(8)


def test_a_net_amount_that_was_carried_is_taxed_at_the_rate_at_which_it_was_bought() -> None:
    rule_set = taxable(rules(pool(), unit=1000, bearer=Bearer.CARRY))
    first = issued(replace(bill(3_300, rate=EIGHT), taxes={EIGHT: 264}), rule_set)
    assert [(s.net, s.tax) for s in first.statements] == [(1_000, 80)] * 3
    assert first.taxes.left_to_next == TaxCarried(on_net={EIGHT: 24})
    carried = (Carried("all", EIGHT, 300),)
    who = members({"all": dict.fromkeys(OSAKA, FULL)}, carried=carried)
    made = allocate(replace(bill(5_700, rate=TEN), taxes={TEN: 570}), rule_set, who)
    second = issue(made, rule_set, ISSUER, NAMES, BASIS, first.taxes.left_to_next)
    # 8 % of 100, 10 % of 1,900.
    found = [[(t.rate, t.net, t.tax) for t in s.by_rate] for s in second.statements]
    assert found == [[(EIGHT, 100, 8), (TEN, 1_900, 190)]] * 3
    assert second.taxes.differences == {}
    assert second.taxes.left_to_next == TaxCarried()


def test_what_a_month_outside_the_taxs_scope_carried_is_not_taxed_a_second_time() -> None:
    rule_set = taxable(rules(pool()))
    who = members({"all": dict.fromkeys(OSAKA, FULL)}, carried=(Carried("all", None, 300),))
    one = replace(bill(3_000, rate=TEN), taxes={TEN: 300})
    made = issued(one, rule_set, who)
    assert [(s.net, s.tax, s.total) for s in made.statements] == [(1_100, 100, 1_200)] * 3


def test_costs_and_credits_of_other_rates_near_nothing_are_taxed_alike() -> None:
    one = Bill(
        MAY,
        1,
        (
            Bucket(None, {"ServiceName": "a"}, Fraction(-2_999), EIGHT, 1),
            Bucket(None, {"ServiceName": "b"}, Fraction(3_000), TEN, 1),
        ),
        {EIGHT: -240, TEN: 300},
    )
    made = issued(one, taxable(rules(pool())))
    assert [s.net for s in made.statements] == [1, 0, 0]
    for statement in made.statements:
        for taxed in statement.by_rate:
            assert abs(taxed.net) in (999, 1_000, 1_001)
    assert sorted(s.total for s in made.statements) == [20, 20, 21]


def test_a_lead_that_bears_only_the_difference_has_a_statement() -> None:
    rule_set = taxable(rules(pool()), Bearer.LEAD, "271004")
    who = members({"all": {"271403": FULL, "273830": FULL}})
    made = issued(replace(bill(105, rate=TEN), taxes={TEN: 11}), rule_set, who)
    assert [(s.code, s.net, s.total) for s in made.statements] == [
        ("271004", 0, 1),
        ("271403", 53, 58),
        ("273830", 52, 57),
    ]


def test_two_rates_are_taxed_each_once() -> None:
    eight = Fraction(8)
    one = Bill(
        MAY,
        3_000,
        (
            Bucket(None, {"ServiceName": "a"}, Fraction(1_000), eight, 1),
            Bucket(None, {"ServiceName": "b"}, Fraction(2_000), TEN, 1),
        ),
        {eight: 80, TEN: 200},
    )
    made = issued(one, taxable(rules(pool())))
    for taxed in zip(*(statement.by_rate for statement in made.statements), strict=True):
        assert len({one.rate for one in taxed}) == 1
    assert sum(one.total for one in made.statements) == 3_280


@pytest.mark.parametrize(
    ("difference", "lead", "tax"),
    [
        (Bearer.LARGEST_REMAINDER, None, [(5, 1), (-4, 0), (0, 0)]),
        (Bearer.CARRY, None, [(5, 1), (-4, 0), (0, 0)]),
        (Bearer.LEAD, "273830", [(5, 0), (-4, 0), (0, 1)]),
    ],
)
def test_tax_of_a_taxable_months_settlement_is_its_payers_where_it_is_outside_scope_by_now(
    difference: Bearer, lead: str | None, tax: list[tuple[int, int]]
) -> None:
    rule_set = rules(pool())
    outside = replace(rule_set, tax=replace(rule_set.tax, difference=difference, lead=lead))
    borne = {Payer(PayerKind.BODY, code): {TEN: yen} for code, yen in MOVED.items()}
    later = allocate(bill(300), outside, everybody(), (Settlement(MAY, 15, borne, (), {TEN: 2}),))
    made = issue(later, outside, ISSUER, NAMES, BASIS)
    found = [[one for one in s.by_rate if one.rate == TEN] for s in made.statements]
    assert [(sum(t.tax for t in one), sum(t.difference for t in one)) for one in found] == tax
    assert made.bill_with_tax == 300 + 15 + 2
    assert made.taxes.left_to_next == TaxCarried()


@pytest.mark.parametrize(
    ("difference", "lead", "nets", "borne"),
    [
        (Bearer.CARRY, None, {"271004": 200, "271403": 100}, [20, 10, 0]),
        (Bearer.LEAD, "273830", {"271004": 200, "271403": 100}, [0, 0, 30]),
        (Bearer.CARRY, None, {"271004": -200, "271403": 100}, [0, 30, 0]),
        (Bearer.CARRY, None, {"271004": -200, "271403": -100}, [15, 15, 0]),
    ],
)
def test_tax_that_a_taxable_month_carried_is_borne_in_one_outside_the_taxs_scope(
    difference: Bearer, lead: str | None, nets: dict[str, int], borne: list[int]
) -> None:
    rule_set = rules(pool())
    outside = replace(rule_set, tax=replace(rule_set.tax, difference=difference, lead=lead))
    moved = {Payer(PayerKind.BODY, code): {None: yen} for code, yen in nets.items()}
    carried = Settlement(MAY, sum(nets.values()), moved, (), {})
    later = allocate(bill(), outside, members({"all": {}}), (carried,))
    made = issue(later, outside, ISSUER, NAMES, BASIS, TaxCarried(differences={TEN: 30}))
    found = {one.code: one.tax_difference for one in made.statements}
    assert [found.get(code, 0) for code in NAMES] == borne
    assert made.taxes.left_to_next == TaxCarried()
    assert made.statements[0].is_taxed is bool(made.statements[0].tax_difference)


def test_tax_is_carried_on_where_there_is_no_body_to_bear_it() -> None:
    rule_set = rules(pool())
    nobody = allocate(bill(), rule_set, members({"all": {}}))
    came = TaxCarried(differences={TEN: 3})
    made = issue(nobody, rule_set, ISSUER, NAMES, BASIS, came)
    assert made.taxes.left_to_next == came


def test_tax_that_came_in_is_borne_by_what_bodies_bear_and_not_by_who_gets_something_back() -> None:
    direct = Direct("専用", (), "ServiceName", {"s0": "271004", "s1": "271403", "s2": "273830"}, ())
    rule_set = rules(direct=(direct,))
    made = allocate(bill(300, 100, -100), rule_set, everybody())
    told = issue(made, rule_set, ISSUER, NAMES, BASIS, TaxCarried(differences={TEN: 4}))
    assert {one.code: one.tax_difference for one in told.statements} == {
        "271004": 3,
        "271403": 1,
        "273830": 0,
    }


@pytest.mark.parametrize(
    ("method", "taxes"),
    [
        (Rounding.FLOOR, [1, -2]),
        (Rounding.HALF_UP, [2, -2]),
        (Rounding.CEILING, [2, -1]),
    ],
)
def test_a_bodys_tax_is_rounded_by_the_rule(method: Rounding, taxes: list[int]) -> None:
    direct = Direct("専用", (), "ServiceName", {"s0": "271004", "s1": "271403"}, ())
    rule_set = taxable(rules(direct=(direct,)), method=method)
    told = issued(bill(15, -15, rate=TEN), rule_set)
    assert [one.tax for one in told.statements] == taxes


def test_what_a_carried_remainder_owes_or_is_owed_of_the_tax_goes_on() -> None:
    for method, net, tax in ((Rounding.FLOOR, 15, 1), (Rounding.CEILING, -15, -2)):
        rule_set = taxable(
            rules(pool(), unit=10, method=method, bearer=Bearer.CARRY), Bearer.LEAD, "271004"
        )
        one = bill(105, rate=TEN)
        told = issued(one, rule_set)
        [carried] = told.others
        assert (carried.net, carried.tax) == (net, tax)
        assert told.taxes.left_to_next == TaxCarried(on_net={TEN: tax})


def test_a_difference_of_what_is_settled_is_of_those_who_settle_it() -> None:
    direct = Direct("専用", (), "ServiceName", {"s0": "271403"}, ())
    rule_set = rules(direct=(direct,))
    outside = replace(rule_set, tax=replace(rule_set.tax, difference=Bearer.CARRY))
    moved = {Payer(PayerKind.BODY, code): {TEN: yen} for code, yen in MOVES.items()}
    found = Settlement(MAY, 205, moved, (), {TEN: 21})
    told = issue(
        allocate(bill(900_000), outside, everybody(), (found,)), outside, ISSUER, NAMES, BASIS
    )
    assert {one.code: (one.tax, one.tax_difference) for one in told.statements} == {
        "271004": (10, 1),
        "271403": (10, 0),
    }


def test_costs_and_credits_of_other_rates_that_come_to_nothing_are_taxed_by_shares() -> None:
    one = Bill(
        MAY,
        0,
        (
            Bucket(None, {"ServiceName": "a"}, Fraction(-3_000), EIGHT, 1),
            Bucket(None, {"ServiceName": "b"}, Fraction(3_000), TEN, 1),
        ),
        {EIGHT: -240, TEN: 300},
    )
    made = issued(one, taxable(rules(pool())))
    assert [(s.net, s.tax, s.total) for s in made.statements] == [(0, 20, 20)] * 3
    nobody = issued(one, taxable(rules(pool())), members({"all": {}}))
    [left] = nobody.unallocated
    assert (left.jpy, left.by_rate) == (0, {EIGHT: -3_000, TEN: 3_000})
    assert (nobody.leaves_cost, nobody.unallocated_jpy) == (True, 60)


@pytest.mark.parametrize(
    ("more", "subsidised"),
    [
        ({"maximum": 400_000}, False),
        ({"minimum": 300_000}, False),
        ({"base_fee": 100_000}, False),
        ({"fixed": {"273830": 500_000}}, False),
        ({"subsidies": (Subsidy("国", SubsidyWhen.BEFORE, Fraction(50), None, "all"),)}, False),
        ({"subsidies": (Subsidy("国", SubsidyWhen.AFTER, Fraction(90), None, "all"),)}, True),
    ],
)
@pytest.mark.parametrize("credit", [-1, -100])
def test_a_small_credit_at_another_rate_changes_nobodys_tax_by_much(
    more: dict[str, object], subsidised: bool, credit: int
) -> None:
    rule_set = taxable(rules(pool("all", part(ShareBy.POPULATION), **more)))
    who = everybody()
    if subsidised:
        who = replace(who, subsidised={"all": {"国": ("273830",)}})
    costs = (
        Bucket(None, {"ServiceName": "a"}, Fraction(300_000), TEN, 1),
        Bucket(None, {"ServiceName": "b"}, Fraction(700_000), EIGHT, 1),
    )
    back = Bucket(None, {"ServiceName": "c"}, Fraction(credit), Fraction(0), 1)
    taxes = {EIGHT: 56_000, TEN: 30_000}
    alone = issued(Bill(MAY, 1_000_000, costs, taxes), rule_set, who)
    made = issued(Bill(MAY, 1_000_000 + credit, (*costs, back), taxes), rule_set, who)
    for before, after in zip(alone.statements, made.statements, strict=True):
        assert abs(before.tax - after.tax) <= 2 + abs(credit) // 5
    for one, other in zip(alone.others, made.others, strict=True):
        assert abs(one.tax - other.tax) <= 2 + abs(credit) // 5
