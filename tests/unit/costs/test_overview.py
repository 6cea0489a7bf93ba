"""The secretariat's overview: rules, bodies and months sum to what bodies are asked for."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given, settings
from tests.unit.costs.papers import BASIS, ISSUER, NAMES, TEN, issued, some_issue, taxable
from tests.unit.costs.reading import Page, Workbook, pdf_text
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

from moyai.costs.apportion.allocate import SETTLEMENT_OF
from moyai.costs.apportion.allocation import Payer, PayerKind, RuleMoved, Settlement
from moyai.costs.apportion.inputs import Bill, Bucket
from moyai.costs.documents.compose.overview_charts import charts
from moyai.costs.documents.compose.overview_months import trend_table, trend_tables
from moyai.costs.documents.compose.overview_paper import overview_bundle
from moyai.costs.documents.compose.overview_tables import budgets_table, matrix_table, pool_amounts
from moyai.costs.documents.csv_file import csv_file
from moyai.costs.documents.html import html
from moyai.costs.documents.paper import Chart
from moyai.costs.documents.pdf import pdf
from moyai.costs.documents.xlsx import xlsx
from moyai.costs.periods import Period
from moyai.costs.statements.months import Month, month_of, of_budget
from moyai.costs.statements.overview import Overview, Surroundings, overview
from moyai.costs.statements.statement import Issue, issue
from moyai.registry.cost_rules import Budget, Condition, Direct, Rounding, ShareBy
from moyai.texts import Lang, same

APRIL = Month(Period(2026, 4), {("all", "271004"): 700, ("all", "271403"): 300})
MARCH = Month(Period(2026, 3), {("all", "271004"): 9_999})


@given(some_issue())
@settings(max_examples=30, deadline=None)
def test_cells_sum_to_what_each_body_is_asked_for(made: Issue) -> None:
    month = month_of(made)
    totals = {one.code: one.total for one in made.statements}
    assert {code: yen for code, yen in month.by_body().items() if yen} == {
        code: yen for code, yen in totals.items() if yen
    }
    assert sum(month.by_rule().values()) == month.total == sum(totals.values())


@given(some_issue())
@settings(max_examples=15, deadline=None)
def test_the_overviews_lines_sum_to_the_bill_and_its_taxes(made: Issue) -> None:
    bundle = overview_bundle(overview(made, Surroundings(OSAKA)), NAMES, "en")
    lines = csv.DictReader(io.StringIO(csv_file(bundle).decode("utf-8-sig"), newline=""))
    sums = {"unallocated": 0, "share": 0, "other": 0, "total": 0}
    for line in lines:
        if line["kind"] in sums:
            sums[line["kind"]] += int(line["jpy"])
    assert sums["unallocated"] + sums["share"] + sums["other"] == sums["total"]
    assert sums["total"] == made.bill_with_tax
    assert Page.of(html(bundle)).rows


def test_a_bodys_tax_is_spread_over_its_rules_to_the_yen() -> None:
    pools = [
        pool(name, where=(Condition("ServiceName", (service,)),))
        for name, service in (("a", "s0"), ("b", "s1"))
    ]
    one = replace(bill(100, 200, rate=TEN), taxes={TEN: 30})
    made = issued(one, taxable(rules(*pools)), everybody("a", "b"))
    assert made.statements[0].total == 111
    assert month_of(made).cells["a", "271004"] + month_of(made).cells["b", "271004"] == 111


def test_the_trend_has_the_months_of_the_fiscal_year_up_to_this_one() -> None:
    later = Month(Period(2026, 6), {})
    found = overview(issued(bill(3_000)), Surroundings(earlier=[later, APRIL, MARCH]))
    assert [str(one.period) for one in found.trend] == ["2026-04", "2026-05"]


def test_months_without_a_record_are_empty_in_tables_and_charts() -> None:
    later = issued(replace(bill(3_000), period=Period(2026, 8)))
    found = overview(later, Surroundings(earlier=[APRIL]))
    named = ["2026-04", "2026-05", "2026-06", "2026-07", "2026-08"]
    assert [str(period) for period, _ in found.months] == named
    assert [str(one.period) for one in found.trend] == ["2026-04", "2026-08"]
    rows = [[cell.value for cell in row.cells] for row in trend_table(found, "ja").rows]
    assert rows[:2] == [["令和8年4月", 2, 1_000], ["令和8年5月", "記録なし", ""]]
    assert rows[-1] == ["年度の累計", "", 4_000]
    for table in trend_tables(found, "ja"):
        total = table.rows[-1]
        assert [cell.value for cell in total.cells] == ["合計", 1_000, "", "", "", 3_000]
        assert {row.cells[2].value for row in table.rows} == {""}
    drawn = charts(found, NAMES, "ja")
    for chart in (drawn.by_rule, drawn.trend):
        assert chart.svg.count(">–<") == 3


def test_the_workbooks_charts_are_of_the_cells_that_hold_the_sums() -> None:
    budget = Budget(2026, None, None, 9_000, False, Fraction(80))
    pools = [
        pool(name, title=title, where=(Condition("ServiceName", (service,)),))
        for name, title, service in (("all", "共同", "s0"), ("b", "申請", "s1"))
    ]
    made = issued(
        replace(bill(3_000, 600), period=Period(2026, 6)), rules(*pools), everybody("all", "b")
    )
    around = Surroundings(OSAKA, earlier=[APRIL], budgets=[budget])
    found = overview(made, around)
    book = Workbook.of(xlsx(overview_bundle(found, NAMES, "ja")))
    months = ["令和8年4月", "令和8年5月", "令和8年6月"]
    by_rule, by_body, trend, budgets = book.charts()
    kinds = ["BarChart", "BarChart", "LineChart", "BarChart"]
    assert [one.kind for one in (by_rule, by_body, trend, budgets)] == kinds
    assert by_rule.series == [
        ("共同", months, [1_000, None, 3_000]),
        ("申請", months, [0, None, 600]),
    ]
    assert by_rule.kept == [[1_000, 3_000], [0, 600]]
    totals = [row.statement.total for row in found.bodies]
    assert by_body.series == [("負担金（円）", [*NAMES.values()], totals)]
    assert by_body.kept == [totals]
    lines = {name: values for name, _, values in trend.series}
    assert [*lines] == ["大阪市", "堺市", "千早赤阪村"]
    assert lines["大阪市"] == [700, None, totals[0]]
    assert lines["千早赤阪村"] == [0, None, totals[2]]
    assert budgets.series == [
        ("予算額（円）", ["全体"], [9_000]),
        ("執行額（円）", ["全体"], [4_600]),
    ]


@pytest.mark.parametrize(
    ("lang", "brackets"),
    [("ja", ["（税抜・円）", "（税込・円）", "（人）"]), ("en", ["(yen with tax)"])],
)
def test_headings_of_a_full_table_of_bodies_break_before_what_is_in_brackets(
    lang: Lang, brackets: list[str]
) -> None:
    one = replace(bill(64_567_899, rate=TEN), taxes={TEN: 6_456_789})
    made = issued(one, taxable(rules(pool())))
    around = Surroundings(OSAKA, alone=dict.fromkeys(OSAKA, 110_096_480))
    lines = pdf_text(pdf(overview_bundle(overview(made, around), NAMES, lang)))
    assert [one for one in brackets if one in lines] == brackets
    # Sums of nine digits are on one line too.
    assert "330,289,440" in lines


def _captions(found: Overview, lang: Lang) -> list[str]:
    """What says which yen are shown: the headline, captions, titles of columns and charts."""
    [paper] = overview_bundle(found, NAMES, lang).papers
    columns = [column.title for table in paper.tables() for column in table.columns]
    drawn = [block.title for block in paper.blocks if isinstance(block, Chart)]
    return [paper.amount[0], *(table.caption for table in paper.tables()), *columns, *drawn]


@pytest.mark.parametrize(
    ("lang", "net", "gross"), [("ja", "税抜", "税込"), ("en", "before tax", "with tax")]
)
def test_each_amount_says_whether_it_is_before_or_with_tax_where_there_is_tax(
    lang: Lang, net: str, gross: str
) -> None:
    budget = Budget(2026, None, None, 9_000, False, Fraction(80))
    around = Surroundings(OSAKA, earlier=[APRIL], budgets=[budget], alone={"271004": 500})
    rule_set = rules(pool())
    one = replace(bill(3_000, rate=TEN), taxes={TEN: 300})
    outside = _captions(overview(issued(bill(3_000), rule_set), around), lang)
    assert not [words for words in outside if net in words or gross in words]
    taxed = _captions(overview(issued(one, taxable(rule_set)), around), lang)
    marks = [(net in words, gross in words) for words in taxed]
    assert (True, True) not in marks
    assert marks.count((True, False)) == 2
    # Headline, five tables, five of a body's columns less its net and tax, four charts.
    assert marks.count((False, True)) == 1 + 5 + 4 + 4
    earlier = replace(APRIL, taxed=True)
    mixed = _captions(
        overview(issued(bill(3_000), rule_set), replace(around, earlier=[earlier])), lang
    )
    assert [gross in words for words in mixed] == [gross in words for words in taxed]
    assert not [words for words in mixed if net in words]


@pytest.mark.parametrize("lang", ["ja", "en"])
def test_a_taxable_overview_has_one_total_in_all_formats(lang: Lang) -> None:
    one = replace(bill(3_001, 7, rate=TEN), taxes={TEN: 300})
    found = overview(issued(one, taxable(rules(pool()))), Surroundings(OSAKA))
    bundle = overview_bundle(found, NAMES, lang)
    total = found.total
    assert total == 3_001 + 7 + 300
    shown = f"{total:,}"
    page = Page.of(html(bundle))
    assert {page.keyed[key] for key in ("top.total", "bodies.total", "trend.total")} == {shown}
    assert pdf_text(pdf(bundle)).count(shown) >= 4
    book = Workbook.of(xlsx(bundle))
    rows = [row for row in book.rows() if total in row]
    assert len(rows) >= 7
    lines = [*csv.reader(io.StringIO(csv_file(bundle).decode("utf-8-sig"), newline=""))]
    share, whole = {"ja": ("負担", "合計"), "en": ("share", "total")}[lang]
    amounts = [(line[2], int(line[6])) for line in lines if line[2] in (share, whole)]
    assert sum(amount for named, amount in amounts if named == share) == total
    assert [amount for named, amount in amounts if named == whole] == [total]


def test_what_a_spreadsheet_cannot_draw_is_there_in_words() -> None:
    found = overview(issued(bill(3 * 10**15 - 1), rules(pool())), Surroundings(OSAKA))
    book = Workbook.of(xlsx(overview_bundle(found, NAMES, "ja")))
    assert book.charts() == []
    assert [charts(found, NAMES, "ja").by_body.says] in book.rows()


@given(some_issue())
@settings(max_examples=10, deadline=None)
def test_the_charts_of_any_overview_sum_to_what_bodies_are_asked_for(made: Issue) -> None:
    found = overview(made, Surroundings(OSAKA, earlier=[replace(APRIL, cells={})]))
    drawn = Workbook.of(xlsx(overview_bundle(found, NAMES, "en"))).charts()
    if max((abs(row.statement.total) for row in found.bodies), default=0) >= 10**15 or not drawn:
        return
    by_rule, by_body = drawn[:2]
    for chart in (by_rule, by_body):
        values = [value for _, _, of_one in chart.series for value in of_one]
        assert sum(value for value in values if isinstance(value, int)) == found.total


def test_a_body_that_merged_since_has_its_name_in_the_months_before() -> None:
    april = Month(Period(2026, 4), {("all", "279978"): 700}, {"279978": "合併した村"})
    found = overview(issued(bill(3_000)), Surroundings(earlier=[april]))
    _, bodies = trend_tables(found, "ja")
    named = {row.cells[0].value for row in bodies.rows}
    assert named == {"合併した村", *NAMES.values(), "合計"}
    assert "合併した村 700" in charts(found, NAMES, "ja").trend.says


def test_yen_for_each_resident_and_saved_against_procuring_alone() -> None:
    found = overview(
        issued(bill(1_000_000)), Surroundings({"273830": 5_219}, alone={"273830": 500_000})
    )
    village = next(row for row in found.bodies if row.statement.code == "273830")
    assert village.per_resident == Fraction(village.statement.total, 5_219)
    assert village.saved == 500_000 - village.statement.total
    assert found.bodies[0].per_resident is None
    assert found.bodies[0].saved is None


def test_what_one_unit_of_a_driver_came_to() -> None:
    shared = pool(
        "all", part(ShareBy.EQUAL, 40), part(ShareBy.USAGE, 60, driver="requests"), title="共同利用"
    )
    quantities = {"requests": {"271004": Fraction(30), "273830": Fraction(5, 2)}}
    who = members({"all": dict.fromkeys(OSAKA, FULL)}, drivers=quantities)
    made = issued(bill(10_000), rules(shared), who)
    [price] = overview(made, Surroundings(quantities=quantities)).unit_prices
    assert (price.rule, price.driver, price.quantity) == ("all", "requests", Fraction(65, 2))
    assert price.shared == 6_000
    assert price.each == Fraction(12_000, 65)
    assert overview(made, Surroundings()).unit_prices == ()
    bundle = overview_bundle(overview(made, Surroundings(quantities=quantities)), NAMES, "ja")
    assert "従量分の単価" in html(bundle).decode()


@pytest.mark.parametrize(
    ("amount", "passed", "warns"),
    [(1_699, True, True), (2_000, False, True), (2_200, False, False)],
)
def test_budgets_warn_at_their_percent_and_say_when_they_are_passed(
    amount: int, passed: bool, warns: bool
) -> None:
    """¥700 in April and ¥1,000 in May, of a budget with a warning at 80 %."""
    budget = Budget(2026, "271004", None, amount, False, Fraction(80))
    made = issued(bill(3_000), rules(pool()))
    [row] = overview(made, Surroundings(earlier=[APRIL], budgets=[budget])).budgets
    assert (row.spent, row.passed, row.warns) == (1_700, passed, warns)


def test_a_budget_that_the_year_would_pass_says_so_on_paper_by_the_title_of_its_service() -> None:
    made = issued(bill(300), rules(pool(service="chat", title="ビジネスチャット")))
    budget = Budget(2026, None, "chat", 1_000, False, Fraction(80))
    for foreseen, note in ((1_001, "will be passed"), (1_000, ""), (None, "")):
        found = overview(made, Surroundings(budgets=[budget], foreseen={budget: foreseen}))
        [row] = budgets_table(found, NAMES, "en").rows
        assert (row.cells[0].value, row.cells[-1].value) == ("ビジネスチャット", note)


def test_budgets_are_of_bodies_services_both_or_all_and_of_their_year() -> None:
    shared = [
        pool("a", where=(Condition("ServiceName", ("s0",)),), service="chat"),
        pool("b", where=(), service=None),
    ]
    made = issued(bill(300, 600), rules(*shared), everybody("a", "b"))

    def budget(body: str | None, service: str | None, year: int = 2026) -> Budget:
        return Budget(year, body, service, 1_000, True, Fraction(80))

    budgets = [
        budget(None, None),
        budget("271004", None),
        budget(None, "chat"),
        budget("271004", "chat"),
        budget(None, None, 2025),
    ]
    found = overview(made, Surroundings(budgets=budgets)).budgets
    assert [row.spent for row in found] == [900, 300, 300, 100]


@pytest.mark.parametrize(
    ("issuer", "ja", "en"),
    [
        ("泉州情報共同体", "泉州情報共同体 事務局", "泉州情報共同体, secretariat"),
        ("泉州情報共同体 事務局", "泉州情報共同体 事務局", "泉州情報共同体 事務局"),
        ("Joint Secretariat", "Joint Secretariat 事務局", "Joint Secretariat"),
    ],
)
def test_a_secretariat_is_called_so_once(issuer: str, ja: str, en: str) -> None:
    found = overview(issued(bill(500)), Surroundings(OSAKA))
    named = replace(
        found, issue=replace(found.issue, issuer=replace(found.issue.issuer, name=issuer))
    )
    for lang, words in (("ja", ja), ("en", en)):
        assert overview_bundle(named, NAMES, lang).papers[0].to == words


def test_little_for_each_resident_is_shown_with_its_digits() -> None:
    bundle = overview_bundle(overview(issued(bill(500)), Surroundings(OSAKA)), NAMES, "en")
    rows = [row for row in Page.of(html(bundle)).rows if row[0] == NAMES["271004"]]
    share = Fraction(int(rows[0][2]), OSAKA["271004"])
    assert 0 < share < Fraction(1, 1000)
    assert rows[0][4] == f"{float(share):.5f}"


def test_what_is_left_is_the_first_that_is_said() -> None:
    made = issued(bill(500, 7), rules(pool(where=(Condition("ServiceName", ("s0",)),))))
    bundle = overview_bundle(overview(made, Surroundings(OSAKA)), NAMES, "ja")
    page = Page.of(html(bundle))
    assert page.words.index("未配分の費用があります") < page.words.index("対象期間")
    assert page.keyed["left.total"] == "7"
    assert page.keyed["difference"] == "0"
    book = Workbook.of(xlsx(bundle))
    assert ["どの規則にも当たりません", "ServiceName=s1", 7] in book.rows()


def test_a_commitment_over_years_is_marked() -> None:
    budget = Budget(2026, None, None, 10, True, Fraction(80))
    made = issued(bill(3_000))
    bundle = overview_bundle(overview(made, Surroundings(budgets=[budget])), NAMES, "ja")
    row = next(row for row in Page.of(html(bundle)).rows if "債務負担行為" in row[0])
    assert row == ["全体（債務負担行為）", "10", "3,000", "△2,990", "30,000.00", "超過"]


def test_the_period_of_the_overview_is_that_of_the_bill() -> None:
    assert overview(issued(), Surroundings()).month.period == MAY


@pytest.mark.parametrize("credit", [-99_981, -99_995, -99_999, -100_000, -100_001, -150_000])
@pytest.mark.parametrize("method", [Rounding.FLOOR, Rounding.CEILING])
def test_a_rule_has_its_own_tax_though_another_one_gives_nearly_all_of_it_back(
    credit: int, method: Rounding
) -> None:
    a, b = (pool(name, where=(Condition("ServiceName", (name,)),)) for name in ("s0", "s1"))
    one = replace(bill(100_000, credit, rate=TEN), taxes={TEN: (100_000 + credit) // 10})
    made = issued(
        one,
        taxable(rules(a, b), method=method),
        members({name: {"271004": FULL} for name in ("s0", "s1")}),
    )
    cells = month_of(made).cells
    assert abs(cells["s0", "271004"] - 110_000) <= 1
    assert abs(cells["s1", "271004"] - credit * 11 / 10) <= 1


def test_a_settlement_of_another_month_is_in_the_trend_alone() -> None:
    made = issued()
    settled = f"{SETTLEMENT_OF}2026-03"
    april = Month(Period(2026, 4), {(settled, "271004"): 700})
    found = overview(made, Surroundings(OSAKA, earlier=(april,)))
    assert settled in found.titles
    assert [rule for rule, _ in pool_amounts(found)] == ["all"]
    assert "Settlement" not in "".join(column.title for column in matrix_table(found, "en").columns)


def test_a_rule_that_only_earlier_months_had_keeps_its_title() -> None:
    before = issued(bill(300), rules(pool("old", title="Former")), everybody("old"))
    april = replace(month_of(before), period=Period(2026, 4))
    made = issued(bill(300), rules(pool("new")), everybody("new"))
    found = overview(made, Surroundings(OSAKA, earlier=(april,)))
    lines = csv.DictReader(
        io.StringIO(csv_file(overview_bundle(found, NAMES, "en")).decode("utf-8-sig"), newline="")
    )
    told = {line["rule"] for line in lines if line["kind"] == "month by rule"}
    assert told == {"Former", "new"}


def test_a_budget_of_a_service_has_what_is_settled_of_it() -> None:
    """May had ¥100,000 of chat that are ¥40,000 by now, and ¥59,999 more of another service: with tax."""
    moved = (
        RuleMoved("chat", same("chat"), 100_000, 40_000, "chat"),
        RuleMoved("forms", same("forms"), 1, 60_000, "eapp-a"),
    )
    osaka = Payer(PayerKind.BODY, "271004")
    settled = Settlement(MAY, -1, {osaka: {TEN: -1}}, (), {TEN: 0}, {}, {osaka: moved})
    chat, forms = pool("chat", service="chat"), pool("forms", service="eapp-a", where=NO_ROWS)
    one = replace(bill(0, rate=TEN), period=Period(2026, 6), taxes={TEN: 0})
    rule_set = taxable(rules(chat, forms))
    made = allocate(one, rule_set, everybody("chat", "forms"), (settled,))
    june = month_of(issue(made, rule_set, ISSUER, NAMES, BASIS))

    def spent(service: str | None) -> int:
        return of_budget(june, Budget(2026, None, service, 1, False, Fraction(80)), {})

    assert (spent("chat"), spent("eapp-a"), spent(None)) == (-66_000, 65_999, -1)


def test_a_direct_rule_is_of_no_service_whatever_pool_has_its_name_later() -> None:
    direct = Direct("chat", (), "Tags.tenant", {"大阪": "271004"}, ())
    rule_set = rules(pool("all"), direct=(direct,))
    row = Bucket(None, {"Tags.tenant": "大阪"}, Fraction(700), None, 1)
    made = allocate(Bill(MAY, 700, (row,)), rule_set, everybody("all"))
    may = month_of(issue(made, rule_set, ISSUER, NAMES, BASIS))
    chat = Budget(2026, None, "chat", 1, False, Fraction(80))
    assert may.cells == {("chat", "271004"): 700}
    assert of_budget(may, chat, {"chat": "chat"}) == 0


NO_ROWS = (Condition("ServiceName", ("none",)),)
