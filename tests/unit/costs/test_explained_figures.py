"""The figures on the way of a yen: they add up, for any rules, to what the line says."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.costs.papers import BASIS, ISSUER, NAMES, TEN, some_tax_carried, taxable
from tests.unit.costs.rulebook import (
    CODES,
    FULL,
    MAY,
    allocate,
    bill,
    caught,
    everybody,
    members,
    part,
    pool,
    rules,
    some_bill,
    some_members,
    some_rules,
)

from moyai.costs.apportion.allocation import Borne, Line, LineKind
from moyai.costs.apportion.inputs import Bill, Bucket, Members, Presence, TaxCarried
from moyai.costs.apportion.rounding import to_unit
from moyai.costs.explain.figures import Figure, percent, rate_words, two_places
from moyai.costs.explain.lines import NetLine, TaxLine, lines_of, place_of
from moyai.costs.explain.nothing import nothing_figures
from moyai.costs.explain.shares import line_figures
from moyai.costs.explain.steps import way_figures
from moyai.costs.explain.taxes import tax_figures
from moyai.costs.explain.way import way_of
from moyai.costs.frozen import Inputs
from moyai.costs.ledger.groups import RowGroup
from moyai.costs.ledger.manifest import Basis
from moyai.costs.reckoned import Reckoned
from moyai.costs.statements.statement import issue
from moyai.costs.yen import Converted, Origin
from moyai.registry.cost_rules import (
    Bearer,
    Condition,
    Flow,
    RuleSet,
    ShareBy,
    Subsidy,
    SubsidyWhen,
)

VILLAGE, CITY = "273830", "271004"


def reckoned(
    one: Bill, rule_set: RuleSet, who: Members, carried: TaxCarried | None = None
) -> Reckoned:
    """A bill divided, every bucket a group of rows of its own."""
    inputs = Inputs(rule_set, who, ISSUER, None, NAMES, "04-01", carried or TaxCarried(), (), ())
    one = caught(one, rule_set, who)
    groups = [
        RowGroup(b.values, "AWS", None, None, "JPY", False, b.rate, b.jpy, b.rows, b.caught)  # type: ignore[arg-type]
        for b in one.buckets
    ]
    converted = Converted(one, tuple(Origin(g, None, Fraction(1)) for g in groups), ())
    return Reckoned(
        allocate(one, rule_set, who), converted, inputs, Basis(MAY, {}, (), {}), (), closed=False
    )


def jpy(figures: Iterable[Figure], *steps: str) -> int:
    return sum(one.jpy or 0 for one in figures if one.step in steps)


def words(figures: Iterable[Figure], step: str) -> list[str]:
    return [one.words.en for one in figures if one.step == step]


def lines(made: Reckoned, code: str, kind: LineKind) -> tuple[Borne, Line]:
    [found] = [
        (one, line)
        for one in dict(made.allocation.bodies())[code]
        for line in one.lines
        if line.kind is kind
    ]
    return found


@st.composite
def some_period(draw: st.DrawFn) -> Reckoned:
    rule_set = draw(some_rules())
    taxes: dict[Fraction, int] = {}
    one = draw(some_bill())
    if draw(st.booleans()):
        bearer = draw(st.sampled_from(list(Bearer)))
        rule_set = taxable(rule_set, bearer, "271004" if bearer is Bearer.LEAD else None)
        rates = sorted({b.rate for b in one.buckets if b.rate is not None})
        taxes = {rate: draw(st.integers(-1000, 10**9)) for rate in rates}
        one = replace(one, taxes=taxes)
    carried = draw(some_tax_carried(sorted(taxes)))
    return reckoned(one, rule_set, draw(some_members(rule_set)), carried)


@given(some_period())
@settings(max_examples=150, deadline=None)
def test_figures_add_up_to_every_line_of_every_body(made: Reckoned) -> None:
    taxes = made.taxes
    for code in CODES:
        found = lines_of(made.allocation, made.inputs.rules, taxes, code)
        nothing = nothing_figures(made, code, found)
        assert jpy(nothing, "borne", "nothing", "given_back") == sum(one.jpy for one in found)
        assert all((one.jpy or 0) > 0 for one in nothing if one.step == "borne")
        assert all((one.jpy or 0) < 0 for one in nothing if one.step == "given_back")
        assert not jpy(nothing, "nothing")
        for number, one in enumerate(found, 1):
            place = place_of(MAY, code, found, 1, number)
            if isinstance(one, TaxLine):
                adds_up_to_tax(tax_figures(made, taxes, place, one), one)
            else:
                adds_up_to_line(made, one)
            way = way_of(made.allocation, made.converted, place)
            if way is not None:
                pools_add_up(list(way_figures(made, way)))
                assert 0 < way.position <= 1


@given(some_period())
@settings(max_examples=100, deadline=None)
def test_lines_are_those_of_the_statement_in_its_order(made: Reckoned) -> None:
    carried = made.inputs.tax_carried_in
    issued = issue(made.allocation, made.inputs.rules, ISSUER, NAMES, BASIS, carried)
    for one in issued.statements:
        found = lines_of(made.allocation, made.inputs.rules, made.taxes, one.code)
        told = [(n.section, n.borne.rule, n.line) for n in found if isinstance(n, NetLine)]
        assert told == [
            (number, section.rule, line)
            for number, section in enumerate(one.sections, 1)
            for line in section.lines
        ]


def adds_up_to_tax(figures: tuple[Figure, ...], one: TaxLine) -> None:
    if one.is_difference:
        whole = jpy(figures, "tax_source", "tax_carried", "tax_of_payers")
        assert whole == jpy(figures, "tax_difference")
        assert jpy(figures, "tax_bearer") == one.jpy
    else:
        assert jpy(figures, "tax_net") == one.net
        assert jpy(figures, "tax_rounded") == one.jpy


def adds_up_to_line(made: Reckoned, one: NetLine) -> None:
    figures = line_figures(made, one.borne, one.line)
    rounding = made.inputs.rules.rounding
    if one.line.kind is LineKind.SHARE:
        exact = sum((f.exact or 0 for f in figures if f.step == "share"), Fraction())
        limited = [f.exact for f in figures if f.step == "limits"]
        assert bool(limited) is one.line.limited
        exact = limited[0] if limited and limited[0] is not None else exact
        yen = to_unit(exact.numerator, exact.denominator, rounding.unit, rounding.method)
        assert jpy(figures, "rounded") == one.jpy == yen
        assert len(words(figures, "pool_divided")) == 1
        sums = jpy(figures, "pool_shared", "pool_set_amounts", "pool_left")
        assert sums in (0, jpy(figures, "pool_divided"))
    elif one.line.kind is LineKind.REMAINDER:
        left = jpy(figures, "remainder_left")
        borne = jpy(figures, "remainder_rank", "remainder_bearer")
        assert borne == one.jpy
        assert abs(borne) <= abs(left)
    elif one.line.kind is not LineKind.DIRECT:
        told = jpy(figures, "set_amount", "relief", "subsidy")
        assert (
            told + (0 if one.line.kind is LineKind.FEE_RELIEF else jpy(figures, "fee")) == one.jpy
        )


def pools_add_up(figures: list[Figure]) -> None:
    """From the last pool back: what came in and went out sums to what is shared."""
    parts = ("pool_rows", "pool_carried", "pool_inflow", "pool_outflow", "pool_subsidy")
    came = 0
    shared = None
    after_pool = False
    for one in figures:
        if one.step == "pool":
            came, shared, after_pool = 0, one.jpy, True
        elif one.step in parts:
            came += one.jpy or 0
        elif one.step == "pool_shared" and after_pool:
            assert came == one.jpy == shared
    invoices = [one.exact or 0 for one in figures if one.step == "rows_of_invoice"]
    if invoices:
        assert abs(sum(invoices) - jpy(figures, "rows_whole")) < 1 + len(invoices)


def test_rows_of_no_issuer_are_one_sum_that_says_so() -> None:
    rule_set, who = rules(pool()), everybody()
    buckets = tuple(Bucket(None, {}, Fraction(jpy), None, 1) for jpy in (600, 60))
    made = reckoned(Bill(MAY, 660, buckets, {}), rule_set, who)
    origins = tuple(
        replace(one, group=replace(one.group, issuer="", tax_rate=rate))
        for one, rate in zip(made.converted.origins, (None, TEN), strict=True)
    )
    made = replace(made, converted=replace(made.converted, origins=origins))
    place = place_of(MAY, CITY, lines_of(made.allocation, rule_set, made.taxes, CITY), 1)
    way = way_of(made.allocation, made.converted, place)
    assert way is not None
    figures = list(way_figures(made, way))
    assert words(figures, "rows_of_invoice") == ["no issuer: 2 rows, 660.00 yen"]
    [figure] = [one for one in figures if one.step == "rows_of_invoice"]
    assert (figure.words.ja, figure.exact) == ("発行者なし: 2 行、660.00 円", 660)


@pytest.mark.parametrize(
    ("rate", "amount", "said"),
    [
        (Fraction(150), "50", "150.00"),
        (Fraction("146.66"), "50", "146.66"),
        (Fraction(232_575, 1_551), "0.0555", "149.951644"),
        (Fraction(440, 3), "50", "146.666667"),
        (Fraction(440, 3), "1000000000", "146.66666666667"),
        (Fraction(-1, 3), "2", "-0.333333"),
        (Fraction(0), "2", "0.00"),
    ],
)
def test_a_rate_has_the_decimals_that_its_product_needs(
    rate: Fraction, amount: str, said: str
) -> None:
    paid = Fraction(amount)
    assert rate_words(rate, paid) == said
    assert two_places(Fraction(said) * paid) == two_places(rate * paid)


def test_a_remainder_is_borne_by_the_body_that_lost_most_and_its_place_is_told() -> None:
    made = reckoned(bill(1000), rules(pool("all", part(ShareBy.POPULATION))), everybody())
    told = {}
    for code in CODES:
        for one in lines_of(made.allocation, made.inputs.rules, made.taxes, code):
            if isinstance(one, NetLine) and one.line.kind is LineKind.REMAINDER:
                told[code] = line_figures(made, one.borne, one.line)
    # 2,752,412, 826,161 and 5,219 of 3,583,792 residents: 768.01, 230.53 and 1.46 yen.
    assert list(told) == ["271403"]
    figures = told["271403"]
    assert jpy(figures, "remainder_left") == 1
    assert words(figures, "remainder_rank") == [
        "place 1 of 3 by that, 1 yen each from the first on"
    ]
    [fraction] = [one.exact for one in figures if one.step == "remainder_fraction"]
    assert fraction == Fraction(826_161 * 1000, 3_583_792) - 230


def test_a_lead_body_bears_what_rounding_left_of_all_shares() -> None:
    made = reckoned(bill(1000), rules(pool(), bearer=Bearer.LEAD, lead=CITY), everybody())
    figures = line_figures(made, *lines(made, CITY, LineKind.REMAINDER))
    assert jpy(figures, "remainder_left") == jpy(figures, "remainder_bearer") == 1
    assert words(figures, "remainder_bearer") == ["borne by the lead body, by the rules"]


def test_a_base_fee_is_told_with_its_days_and_what_is_divided_is_what_it_leaves() -> None:
    who = members({"all": {CITY: FULL, VILLAGE: Presence(16, 31)}})
    made = reckoned(bill(100_000), rules(pool(base_fee=10_000)), who)
    figures = line_figures(made, *lines(made, VILLAGE, LineKind.BASE_FEE))
    assert words(figures, "set_amount") == [
        "base fee of the rule, 10,000 yen × 16 / 31, rounded down to 1 yen"
    ]
    figures = line_figures(made, *lines(made, VILLAGE, LineKind.SHARE))
    assert [(one.step, one.jpy) for one in figures[:3]] == [
        ("pool_shared", 100_000),
        ("pool_set_amounts", -15_161),
        ("pool_divided", 84_839),
    ]
    assert words(figures, "days")


def test_limits_are_told_for_the_days_and_with_the_factor_that_keeps_the_sum() -> None:
    """6,500, 2,500 and 1,000 of 13, 5 and 2; the village is held at 3,100 × 16 / 31 and Sakai at 3,100."""
    driver = {"requests": {CITY: Fraction(13), "271403": Fraction(5), VILLAGE: Fraction(2)}}
    who = members({"all": {CITY: FULL, "271403": FULL, VILLAGE: Presence(16, 31)}}, drivers=driver)
    shared = pool("all", part(ShareBy.USAGE, driver="requests"), minimum=3_100)
    made = reckoned(bill(10_000), rules(shared), who)
    told = {
        code: [
            (one.words.en, one.exact)
            for one in line_figures(made, *lines(made, code, LineKind.SHARE))
            if one.step.startswith("limit")
        ]
        for code in (CITY, VILLAGE)
    }
    factor = Fraction(5_300, 6_500)
    assert told[VILLAGE] == [
        ("1,000.00 yen", 1_000),
        ("least 1,600 yen", None),
        ("by the factor of all members: 1,000.00 × 0.815385 = 815.38 yen", 1_000 * factor),
        ("held up at the least: 1,600.00 yen", 1_600),
    ]
    assert told[CITY] == [
        ("6,500.00 yen", 6_500),
        ("least 3,100 yen", None),
        ("by the factor of all members: 6,500.00 × 0.815385 = 5,300.00 yen", 5_300),
        ("adjusted, as others are at the least or most: 5,300.00 yen", 5_300),
    ]


def test_a_base_fee_is_counted_in_before_limits_and_taken_off_after() -> None:
    who = members({"all": {CITY: FULL, VILLAGE: FULL}}, drivers={"requests": {CITY: Fraction(1)}})
    shared = part(ShareBy.USAGE, driver="requests")
    made = reckoned(bill(5_000), rules(pool("all", shared, base_fee=1_000, maximum=3_500)), who)
    figures = line_figures(made, *lines(made, CITY, LineKind.SHARE))
    assert words(figures, "limit_weighed") == ["with the base fee of 1,000 yen: 4,000.00 yen"]
    assert words(figures, "limits") == ["held down at the most, less the base fee: 2,500.00 yen"]


def test_fees_of_those_who_join_and_what_they_relieve_others_by_are_told() -> None:
    who = members({"all": {CITY: FULL, VILLAGE: Presence(31, 31, joins=True), "271403": FULL}})
    made = reckoned(bill(3000), rules(pool(joining_fee=500)), who)
    assert words(line_figures(made, *lines(made, VILLAGE, LineKind.JOINING_FEE)), "fee") == [
        "joining fee of the rule, as it joins in this period"
    ]
    figures = line_figures(made, *lines(made, CITY, LineKind.FEE_RELIEF))
    assert [(one.words.en, one.jpy) for one in figures] == [
        ("273830 千早赤阪村: joining fee", 500),
        ("to bodies that neither join nor leave, by what they bear (1,000 / 2,000)", -250),
    ]


def test_subsidies_come_off_one_after_the_other_and_each_says_of_what() -> None:
    subsidies = (
        Subsidy("国", SubsidyWhen.AFTER, Fraction(50), None, "all"),
        Subsidy("県", SubsidyWhen.AFTER, None, 300, "all"),
    )
    who = members({"all": {CITY: FULL}}, subsidised={"all": {"国": (CITY,), "県": (CITY,)}})
    made = reckoned(bill(1001), rules(pool(subsidies=subsidies)), who)
    [borne] = dict(made.allocation.bodies())[CITY]
    told = [f.words.en for line in borne.lines[1:] for f in line_figures(made, borne, line)]
    assert told == [
        "国: 50 % of 1,001 yen, rounded down to 1 yen",
        "県: off 501 yen, at most 300 yen",
    ]


def test_the_tax_is_followed_through_the_rows_of_its_rate() -> None:
    rule_set = taxable(
        rules(
            pool(
                "labour",
                where=(Condition("ServiceName", ("s1",)),),
                flows=(Flow("chat", Fraction(100)),),
            ),
            pool("chat"),
        )
    )
    eight = Fraction(8)
    buckets = tuple(
        Bucket(None, {"ServiceName": name}, Fraction(jpy), rate, 1)
        for name, jpy, rate in (("s0", 9000, TEN), ("s1", 3000, eight))
    )
    made = reckoned(
        Bill(MAY, 12_000, buckets, {TEN: 900, eight: 240}), rule_set, everybody("labour", "chat")
    )
    found = lines_of(made.allocation, made.inputs.rules, made.taxes, VILLAGE)
    assert [(one.rate, one.jpy) for one in found if isinstance(one, TaxLine)] == [
        (eight, 80),
        (TEN, 300),
    ]
    for number, services in ((2, "s1"), (3, "s0")):
        for yen in (1, 80):
            place = place_of(MAY, VILLAGE, found, yen, number)
            way = way_of(made.allocation, made.converted, place)
            assert way is not None
            assert way.bucket is not None
            assert way.bucket.values["ServiceName"] == services


@pytest.mark.parametrize(
    ("who", "pools", "why"),
    [
        ({CITY: FULL}, {}, "all: it is no member in this period (members all)"),
        (
            {CITY: FULL},
            {"service": "chat"},
            "all: it is no member in this period (service chat, members all)",
        ),
        (
            {CITY: FULL, VILLAGE: FULL},
            {"parts": (part(ShareBy.USAGE, driver="requests"),)},
            "all: it weighs nothing (metered share requests)",
        ),
        (
            {CITY: FULL, VILLAGE: FULL},
            {"fixed": {VILLAGE: 0}},
            "all: its fixed amount is 0 yen",
        ),
        (
            {CITY: FULL, VILLAGE: FULL},
            {"parts": (part(ShareBy.POPULATION),)},
            "all: its share of 0.19 yen is 0, rounded down to 1 yen",
        ),
        (
            {VILLAGE: FULL},
            {"subsidies": (Subsidy("国", SubsidyWhen.BEFORE, Fraction(100), None, "all"),)},
            "all: all of it is subsidised",
        ),
        (
            {VILLAGE: FULL},
            {"subsidies": (Subsidy("国", SubsidyWhen.AFTER, Fraction(100), None, "all"),)},
            "all: all of it is subsidised",
        ),
    ],
)
def test_why_a_body_bears_nothing(
    who: dict[str, Presence], pools: dict[str, object], why: str
) -> None:
    more = dict(pools)
    parts = more.pop("parts", ())
    assert isinstance(parts, tuple)
    rule_set = rules(pool("all", *parts, **more))
    present = members(
        {"all": who},
        drivers={"requests": {CITY: Fraction(1)}},
        subsidised={"all": {"国": (VILLAGE,)}},
    )
    made = reckoned(bill(100), rule_set, present)
    found = lines_of(made.allocation, made.inputs.rules, made.taxes, VILLAGE)
    assert sum(one.jpy for one in found) == 0
    assert [one.words.en for one in nothing_figures(made, VILLAGE, found)] == [why]


def test_who_is_no_body_of_the_period_is_told_so() -> None:
    made = reckoned(bill(100), rules(pool()), everybody())
    [figure] = nothing_figures(made, "270008", ())
    assert figure.words.en == "it was no body of the federation then"


@pytest.mark.parametrize(
    ("value", "said"),
    [("40", "40 %"), ("100/3", "33 1/3 %"), ("299/3", "99 2/3 %"), ("12.34567", "12.34567 %")],
)
def test_percents_are_said_exactly(value: str, said: str) -> None:
    assert percent(Fraction(value)) == said
