"""Settlements rule by rule: what was billed, what it comes to since, on statements of every format."""

from __future__ import annotations

import csv
import io
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.costs.papers import BASIS, INSTALMENTS, ISSUER, NAMES
from tests.unit.costs.reading import Page, Workbook, pdf_text
from tests.unit.costs.rulebook import (
    CODES,
    FULL,
    MAY,
    OSAKA,
    allocate,
    bill,
    caught,
    everybody,
    lines_of,
    members,
    pool,
    rules,
    some_bill,
    some_members,
    some_rules,
    yen_of,
)

from moyai.costs.apportion.allocation import (
    Allocation,
    LineKind,
    Payer,
    PayerKind,
    RuleMoved,
    Settlement,
)
from moyai.costs.apportion.inputs import Bill, Members
from moyai.costs.apportion.late import Taker, late
from moyai.costs.apportion.settling import settlement, verify_borne
from moyai.costs.documents.compose.statement_paper import body_bundle
from moyai.costs.documents.csv_file import csv_file
from moyai.costs.documents.html import html
from moyai.costs.documents.paper import Bundle
from moyai.costs.documents.pdf import pdf
from moyai.costs.documents.xlsx import xlsx
from moyai.costs.periods import Period
from moyai.costs.record import document
from moyai.costs.statements.request import request
from moyai.costs.statements.statement import issue
from moyai.costs.statements.titles import own_titles, with_settlements
from moyai.errors import OperationFailed
from moyai.registry.cost_rules import Condition, Direct, RuleSet
from moyai.texts import Lang, Text, same

OSAKA_CITY, SAKAI, VILLAGE = OSAKA
JUNE = Period(2026, 6)
RULES = rules(
    pool("zone", title="基盤", where=(Condition("ServiceName", ("s0",)),)),
    pool("forms", title="申請", where=(Condition("ServiceName", ("s1",)),)),
    direct=(Direct("専用", (), "ServiceName", {"s2": OSAKA_CITY}, ()),),
)
WHO = members({"zone": dict.fromkeys(OSAKA, FULL), "forms": {OSAKA_CITY: FULL, SAKAI: FULL}})


def _settled(closed: Allocation, corrected: Allocation, **names: str) -> Settlement:
    became = {code.removeprefix("_"): other for code, other in names.items()}
    found = settlement(closed, corrected, became, own_titles(RULES))
    assert found is not None
    return found


def _corrected() -> Settlement:
    """The base 9,000 → 9,600 by three, forms 6,000 → 5,000 by two, Osaka's own 700 → 0."""
    return _settled(
        allocate(bill(9_000, 6_000, 700), RULES, WHO), allocate(bill(9_600, 5_000), RULES, WHO)
    )


def _body(code: str) -> Payer:
    return Payer(PayerKind.BODY, code)


def test_each_rule_has_what_was_billed_and_what_it_comes_to_since() -> None:
    found = _corrected()
    assert found.rules == {
        _body(OSAKA_CITY): (
            RuleMoved("専用", same("専用"), 700, 0),
            RuleMoved("zone", same("基盤"), 3_000, 3_200),
            RuleMoved("forms", same("申請"), 3_000, 2_500),
        ),
        _body(SAKAI): (
            RuleMoved("zone", same("基盤"), 3_000, 3_200),
            RuleMoved("forms", same("申請"), 3_000, 2_500),
        ),
        _body(VILLAGE): (RuleMoved("zone", same("基盤"), 3_000, 3_200),),
    }
    assert [one.difference for one in found.rules[_body(OSAKA_CITY)]] == [-700, 200, -500]


def test_who_bears_nothing_of_a_settlement_has_no_rules_of_it() -> None:
    closed, corrected = (allocate(bill(9_000, jpy), RULES, WHO) for jpy in (6_000, 5_000))
    assert set(_settled(closed, corrected).rules) == {_body(OSAKA_CITY), _body(SAKAI)}


def test_a_successor_has_what_bodies_were_billed_that_merged_into_it() -> None:
    closed, corrected = (allocate(bill(jpy, 6_000), RULES, WHO) for jpy in (9_000, 9_600))
    found = _settled(closed, corrected, _273830=SAKAI)
    assert found.rules[_body(SAKAI)] == (
        RuleMoved("zone", same("基盤"), 6_000, 6_400),
        RuleMoved("forms", same("申請"), 3_000, 3_000),
    )
    assert _body(VILLAGE) not in found.rules


def test_what_a_closed_month_had_settled_itself_is_a_rule_of_it() -> None:
    """May's ¥600 more are in June; June is corrected by ¥3, and settled in July."""
    first = _settled(*(allocate(bill(jpy), RULES, WHO) for jpy in (9_000, 9_600)))
    old, new = (
        allocate(replace(bill(jpy), period=JUNE), RULES, WHO, (first,)) for jpy in (300, 303)
    )
    titles = with_settlements(own_titles(RULES), {one.rule for one in new.borne})
    found = settlement(old, new, None, titles)
    assert found is not None
    assert found.rules[_body(VILLAGE)] == (
        RuleMoved("zone", same("基盤"), 100, 101),
        RuleMoved(
            "settlement:2026-05", Text("令和8年5月分の精算", "Settlement of May 2026"), 200, 200
        ),
    )


@st.composite
def some_settlement(draw: st.DrawFn) -> Allocation:
    """A period that settles what another came to by other rows, by any rules."""
    rule_set = draw(some_rules())
    who = draw(some_members(rule_set))
    names = {code: code for code in CODES} | draw(
        st.dictionaries(st.sampled_from(CODES[2:]), st.sampled_from(CODES[:2]), max_size=2)
    )
    first, second = (caught(draw(some_bill()), rule_set, who) for _ in range(2))
    closed, corrected = (allocate(one, rule_set, who) for one in (first, second))
    # None is closed with cost that nobody bears.
    borne = closed.bill_jpy - closed.unallocated_jpy
    closed = replace(closed, unallocated=(), bill_jpy=borne)
    taken = late(corrected, second.buckets, (Taker(JUNE, rule_set, who.names),))
    found = settlement(closed, corrected, names, None, taken.taken.get(JUNE), taken.left)
    later = replace(draw(some_bill()), period=JUNE)
    return allocate(later, rule_set, who, () if found is None else (found,))


@given(some_settlement())
@settings(max_examples=60, deadline=None)
def test_the_differences_of_rules_sum_to_the_line(made: Allocation) -> None:
    for one in made.borne:
        if one.rule.startswith("settlement:"):
            assert sum(moved.difference for moved in one.moved) == one.jpy
        else:
            assert one.moved == ()


def test_a_settlement_by_rule_is_no_part_of_what_is_hashed() -> None:
    found = _corrected()
    later = replace(bill(300), period=JUNE)
    made, without = (
        allocate(later, RULES, WHO, (one,)) for one in (found, replace(found, rules={}))
    )
    assert document(made) == document(without)


def _bundle(lang: Lang) -> Bundle:
    """Osaka's of June: ¥100 of the base, and the settlement of May, −¥1,000."""
    made = allocate(replace(bill(300), period=JUNE), RULES, WHO, (_corrected(),))
    statement = issue(made, RULES, ISSUER, NAMES, BASIS).statements[0]
    return body_bundle(statement, request(statement, INSTALMENTS, "04-01"), NAMES, lang)


@pytest.mark.parametrize(
    ("lang", "title", "heads", "rows"),
    [
        (
            "ja",
            "精算の内訳",
            ["費用区分", "請求済額（円）", "再計算額（円）", "差額（円）"],
            [
                ["専用", "700", "0", "△700"],
                ["基盤", "3,000", "3,200", "200"],
                ["申請", "3,000", "2,500", "△500"],
                ["合計", "6,700", "5,700", "△1,000"],
            ],
        ),
        (
            "en",
            "Settlement by rule",
            ["Rule", "Billed (yen)", "Now (yen)", "Difference (yen)"],
            [
                ["専用", "700", "0", "−700"],
                ["基盤", "3,000", "3,200", "200"],
                ["申請", "3,000", "2,500", "−500"],
                ["Total", "6,700", "5,700", "−1,000"],
            ],
        ),
    ],
)
def test_a_statement_shows_a_settlement_by_rule_in_every_format(
    lang: Lang, title: str, heads: list[str], rows: list[list[str]]
) -> None:
    bundle = _bundle(lang)
    page = Page.of(html(bundle))
    at = page.rows.index(heads)
    assert title in page.words
    assert page.rows[at + 1 : at + 5] == rows
    runs = "".join(pdf_text(pdf(bundle)))
    assert title in runs
    assert all(cell in runs for row in rows for cell in row)
    book = Workbook.of(xlsx(bundle))
    at = book.rows().index(heads)
    assert book.rows()[at + 1 : at + 5] == [
        ["専用", 700, 0, -700],
        ["基盤", 3_000, 3_200, 200],
        ["申請", 3_000, 2_500, -500],
        [rows[-1][0], 6_700, 5_700, -1_000],
    ]
    # The line of the settlement is the foot of the table.
    assert [-1_000, -1_000] in [
        [shown, worked] for _, _, shown, worked in book.formula_cells() if shown == -1_000
    ]
    assert all(shown == worked for _, _, shown, worked in book.formula_cells())


def test_the_csv_has_a_line_for_each_amount_that_is_none_of_the_total() -> None:
    lines = list(csv.reader(io.StringIO(csv_file(_bundle("en")).decode("utf-8-sig"))))
    head = lines[0]
    told = [dict(zip(head, line, strict=True)) for line in lines[1:]]
    shown = [one for one in told if one["rule"] == "Settlement of May 2026"]
    assert [(one["kind"], one["item"], one["base_jpy"], one["jpy"]) for one in shown] == [
        ("billed", "専用", "700", ""),
        ("now", "専用", "0", ""),
        ("difference", "専用", "-700", ""),
        ("billed", "基盤", "3000", ""),
        ("now", "基盤", "3200", ""),
        ("difference", "基盤", "200", ""),
        ("billed", "申請", "3000", ""),
        ("now", "申請", "2500", ""),
        ("difference", "申請", "-500", ""),
        ("line", "Settlement", "", "-1000"),
    ]


def test_a_month_without_a_settlement_has_no_such_table() -> None:
    made = allocate(bill(300), rules(pool()), everybody())
    statement = issue(made, rules(pool()), ISSUER, NAMES, BASIS).statements[0]
    bundle = body_bundle(statement, request(statement, INSTALMENTS, "04-01"), NAMES, "ja")
    assert "精算の内訳" not in Page.of(html(bundle)).words


@given(st.data())
@settings(max_examples=30, deadline=None)
def test_a_settlement_makes_two_periods_what_one_correct_one_would_be(data: st.DataObject) -> None:
    rule_set = data.draw(some_rules())
    who = data.draw(some_members(rule_set))
    first = data.draw(some_bill())
    closed = allocate(first, rule_set, who)
    if closed.unallocated:  # a period is not closed over that: by simple rules nothing is
        rule_set, who = rules(pool()), everybody()
        closed = allocate(first, rule_set, who)
    other = data.draw(some_bill())
    corrected = allocate(other, rule_set, who)
    buckets = caught(other, rule_set, who).buckets
    taken = late(corrected, buckets, (Taker(JUNE, rules(pool()), everybody().names),))
    found = settlement(closed, corrected, late=taken.taken.get(JUNE), left=taken.left)
    later = allocate(bill(300), rules(pool()), everybody(), () if found is None else (found,))
    alone = allocate(bill(300), rules(pool()), everybody())
    assert later.settled_jpy == corrected.bill_jpy - closed.bill_jpy
    lost = sum(one.jpy for one in corrected.unallocated if one.pool is None)
    assert sum(later.pools[0].settled_in_jpy.values()) == lost
    if lost:  # the later rules share it anew
        return
    for code in {code for code, _ in (*closed.bodies(), *corrected.bodies(), *later.bodies())}:
        billed = yen_of(closed).get(code, 0) + yen_of(later).get(code, 0)
        assert billed == yen_of(corrected).get(code, 0) + yen_of(alone).get(code, 0)


def test_a_correction_that_changes_nobodys_share_is_no_settlement() -> None:
    made = allocate(bill(300), rules(pool()), everybody())
    assert settlement(made, made) is None


def test_a_closed_period_that_comes_out_as_none_is_closed_is_told() -> None:
    nobody = members({"all": {}})
    damaged = allocate(bill(300), rules(pool()), nobody)
    with pytest.raises(OperationFailed, match="nobody bears 300 yen of it"):
        verify_borne(damaged)
    verify_borne(allocate(bill(360), rules(pool()), everybody()))


def test_a_settlement_is_a_line_of_its_own() -> None:
    closed = allocate(bill(300), rules(pool()), everybody())
    corrected = allocate(bill(360), rules(pool()), everybody())
    found = settlement(closed, corrected)
    assert found is not None
    later = allocate(bill(0), rules(pool()), everybody(), (found,))
    assert lines_of(later, "271004") == [(LineKind.SETTLEMENT, 20)]
    assert later.settled_jpy == 60


def _by_late_rules(
    closed: Allocation, corrected: Allocation, one: Bill, rule_set: RuleSet, who: Members
) -> Settlement:
    """In a period of these rules."""
    found = late(corrected, one.buckets, (Taker(JUNE, rule_set, who.names),))
    made = settlement(closed, corrected, late=found.taken.get(JUNE), left=found.left)
    assert made is not None
    return made


def test_what_a_pool_of_a_closed_period_left_goes_to_the_pool_of_that_name() -> None:
    nobody = members({"all": {}})
    before = allocate(bill(), rules(pool()), nobody)
    after = allocate(bill(300), rules(pool()), nobody)
    moved = _by_late_rules(before, after, bill(300), rules(pool()), everybody())
    made = allocate(bill(), rules(pool()), everybody(), (moved,))
    assert made.pools[0].settled_in_jpy == {MAY: 300}
    assert (made.settled_jpy, made.unallocated, made.difference_jpy) == (300, (), 0)
    others = rules(pool("other"))
    moved = _by_late_rules(before, after, bill(300), others, everybody("other"))
    other = allocate(bill(), others, everybody("other"), (moved,))
    assert [(one.pool, one.jpy, one.settled) for one in other.unallocated] == [("all", 300, MAY)]
