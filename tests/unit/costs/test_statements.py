"""Statements: every yen of the bill and its taxes is in one of them, and can be come to by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given, settings
from tests.unit.costs.papers import BASIS, ISSUER, NAMES, TEN, issued, some_issue, taxable
from tests.unit.costs.rulebook import MAY, OSAKA, allocate, bill, everybody, pool, rules

from moyai.costs.apportion.allocation import Line, LineKind, Payer, PayerKind
from moyai.costs.apportion.late import Taker, late
from moyai.costs.apportion.settling import settlement
from moyai.costs.documents.compose.sections import section_blocks
from moyai.costs.documents.focus import focus_rows
from moyai.costs.documents.paper import Heading, Table
from moyai.costs.periods import Period
from moyai.costs.statements.statement import Issue, Statement, issue
from moyai.costs.statements.titles import late_title, late_words
from moyai.registry.cost_rules import Direct, Flow, Subsidy, SubsidyWhen
from moyai.texts import Text

JUNE = Period(2026, 6)


def _of(made: Issue, code: str) -> Statement:
    return next(one for one in made.statements if one.code == code)


@given(some_issue())
@settings(max_examples=40, deadline=None)
def test_every_yen_is_in_one_statement_with_another_payer_or_shown_as_left(made: Issue) -> None:
    allocation = made.allocation
    of_statements = sum(
        sum(line.jpy for section in one.sections for line in section.lines)
        + sum(taxed.tax + taxed.difference for taxed in one.by_rate)
        for one in made.statements
    )
    of_others = sum(one.net + one.tax for one in made.others)
    left = sum(one.jpy for one in made.unallocated) + made.taxes.unallocated
    carried = sum(made.taxes.carried.values())
    whole = allocation.bill_jpy + allocation.carried_in_jpy + sum(allocation.taxes.values())
    assert of_statements + of_others + left + carried == whole + made.tax_carried_in


@given(some_issue())
@settings(max_examples=30, deadline=None)
def test_nets_by_rate_sections_and_shares_sum_to_the_same(made: Issue) -> None:
    shares: dict[str, Fraction] = {}
    for one in made.statements:
        assert sum(taxed.net for taxed in one.by_rate) == one.net
        assert [one.code for one in made.statements] == sorted({s.code for s in made.statements})
        for section in one.sections:
            if section.share is not None:
                shares[section.rule] = shares.get(section.rule, Fraction()) + section.exact
    for rule, exact in shares.items():
        heads = {
            s.head.divided
            for one in made.statements
            for s in one.sections
            if s.rule == rule and s.head
        }
        assert heads == {exact}


def test_a_section_shows_how_a_share_was_come_to() -> None:
    section = _of(issued(), "273830").sections[0]
    assert section.title.ja == "共同利用"
    assert section.head is not None
    assert (section.head.divided, section.head.account.caught) == (1_234_567, 1_234_567)
    residents = sum(OSAKA.values())
    exact = Fraction(1_234_567 * 20, 300) + Fraction(1_234_567 * 80 * 5_219, 100 * residents)
    assert section.exact == exact
    assert section.lines[0].jpy == int(exact)


def test_no_difference_is_shared_while_cost_is_left() -> None:
    rule_set = taxable(rules(pool(where=None)))
    made = issued(replace(bill(100, rate=TEN), taxes={TEN: 10}), rule_set)
    assert (made.statements, made.unallocated_jpy) == ((), 110)


def test_subsidies_and_flows_are_in_the_head_of_a_pool() -> None:
    first = pool("first", flows=(Flow("second", Fraction(50)),), title="一")
    second = pool(
        "second",
        where=None,
        title="二",
        subsidies=(Subsidy("国", SubsidyWhen.BEFORE, Fraction(50), None, "all"),),
    )
    made = issued(bill(1000), rules(first, second), everybody("first", "second"))
    one, other = _of(made, "271004").sections
    assert one.head is not None
    assert other.head is not None
    assert (one.head.titles, one.head.divided) == ({"second": "二"}, 500)
    assert other.head.account.subsidies == {"国": 250}
    assert [(o.payer, o.gross) for o in made.others] == [(Payer(PayerKind.SUBSIDY, "国"), 250)]


def test_direct_rules_come_before_pools_in_the_rules_order() -> None:
    direct = Direct("専用", (), "ServiceName", {"s0": "271403"}, ())
    made = issued(bill(500, 300), rules(pool(), direct=(direct,)))
    sections = _of(made, "271403").sections
    assert [(one.rule, one.head is None, one.jpy) for one in sections] == [
        ("専用", True, 500),
        ("all", False, 100),
    ]
    assert sections[0].lines == (Line(LineKind.DIRECT, 500),)


def test_credits_are_statements_of_less_than_nothing() -> None:
    made = issued(bill(-1_000))
    assert sum(one.total for one in made.statements) == -1_000
    assert all(one.total < 0 for one in made.statements)


def test_what_a_settlement_leaves_is_shown_where_no_pool_of_the_open_period_takes_it() -> None:
    rule_set = rules(pool(maximum=4_000))
    closed = allocate(bill(9_000), rule_set, everybody())
    corrected = allocate(bill(15_000), rule_set, everybody())
    takes = late(corrected, (), (Taker(JUNE, rule_set, {}),)).taken[JUNE]
    found = settlement(closed, corrected, late=takes)
    assert found is not None
    taken = allocate(bill(300), rule_set, everybody(), (found,))
    assert (taken.unallocated, taken.pools[0].settled_in_jpy) == ((), {MAY: 3_000})
    other = rules(pool("other"))
    none = late(corrected, (), (Taker(JUNE, other, {}),))
    found = settlement(closed, corrected, left=none.left)
    assert none.taken == {}
    assert found is not None
    later = allocate(bill(300), other, everybody("other"), (found,))
    [left] = later.unallocated
    assert (left.jpy, left.settled) == (3_000, MAY)
    made = issue(later, other, ISSUER, NAMES, BASIS)
    assert made.unallocated_jpy == 3_000
    assert later.difference_jpy == 0


@pytest.mark.parametrize(
    ("period", "issued_on", "ja", "en"),
    [
        (Period(2026, 6), date(2026, 7, 1), "", ""),
        (Period(2027, 4), date(2027, 5, 31), "（出納整理期間）", " (before its accounts close)"),
        (Period(2027, 4), date(2027, 6, 1), "（過年度）", " (a past fiscal year's)"),
    ],
)
def test_a_settlement_is_called_by_its_month_in_both_languages(
    period: Period, issued_on: date, ja: str, en: str
) -> None:
    rule_set = rules(pool())
    closed, corrected = (allocate(bill(jpy), rule_set, everybody()) for jpy in (300, 360))
    found = settlement(closed, corrected)
    assert found is not None
    later = allocate(replace(bill(), period=period), rule_set, everybody(), (found,))
    made = issue(later, rule_set, ISSUER, NAMES, replace(BASIS, issued_on=issued_on))
    section = _of(made, "271004").sections[-1]
    assert section.title == Text(f"令和8年5月分の精算{ja}", f"Settlement of May 2026{en}")
    for lang, title in (("ja", section.title.ja), ("en", section.title.en)):
        heading, table, by_rule = section_blocks(section, 2, rule_set.rounding, lang)
        assert isinstance(heading, Heading)
        assert heading.words.endswith(title)
        assert isinstance(table, Table)
        [row] = table.rows  # one line is its own sum
        assert (row.cells[1].value, row.cells[1].key) == (20, "s2.sum")
        assert isinstance(by_rule, Table)
        assert [cell.value for cell in by_rule.rows[0].cells] == ["all", 100, 120, 20]
    [row, *_] = focus_rows(later, made.taxes, rule_set, ISSUER, NAMES)[-3:]
    assert row["ServiceName"] == "令和8年5月分の精算"
    assert row["x_Rule"] == "settlement:2026-05"


def test_late_costs_are_called_by_their_month() -> None:
    title = late_title(Period(2025, 3))
    assert (title.ja, title.en) == ("令和7年3月分の追加分", "Late costs of March 2025")
    assert late_words(Period(2025, 3)) == Text(title.ja, "late costs of March 2025")
