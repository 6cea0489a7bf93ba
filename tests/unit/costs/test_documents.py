"""Documents: the same cells in every format, whoever reads them; the same bytes each time."""

from __future__ import annotations

import csv
import hashlib
import io
import os
import stat
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings
from tests.unit.costs.bundles import bundles_of, request_of, village, with_everything
from tests.unit.costs.papers import BASIS, ISSUER, NAMES, TEN, issued, some_issue, taxable
from tests.unit.costs.reading import Page, Value, Workbook, pdf_text
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
)

from moyai.costs.documents.compose.overview_paper import overview_bundle
from moyai.costs.documents.compose.statement_paper import body_bundle
from moyai.costs.documents.csv_file import csv_file
from moyai.costs.documents.html import html
from moyai.costs.documents.paper import Bundle, Cell, Style
from moyai.costs.documents.pdf import pages, pdf
from moyai.costs.documents.write import Kind, write_bundle, write_statement
from moyai.costs.documents.written import written
from moyai.costs.documents.xlsx import xlsx
from moyai.costs.statements.overview import Surroundings, overview
from moyai.costs.statements.statement import Issue, Statement, issue
from moyai.errors import OperationFailed
from moyai.registry.cost_rules import Condition, Direct, Issuer, RuleSet, ShareBy
from moyai.texts import Lang

HOSTILE = (
    "#panic() $x^2$ \\ *太* _字_ `r` @ref <label> [市]",
    "<script>alert(1)</script>&amp;\"'",
    '=HYPERLINK("http://example.invalid")',
    "{{ 7*7 }} {% raw %} {all.total}",
    "+市\r\n@次\u202e行\x00",
)


def _credit() -> Issue:
    return issued(bill(-1_234_567))


def _thousands() -> Issue:
    return issued(bill(98_765_432), rules(pool(), unit=1000))


CASES = [with_everything, village, _credit, _thousands]


def _rows(bundle: Bundle, *, wide: bool = True) -> list[tuple[Cell, ...]]:
    return [
        row.cells
        for paper in bundle.papers
        for table in paper.tables()
        if wide or not table.wide
        for row in table.rows
    ]


@pytest.mark.parametrize("lang", ["ja", "en"])
@pytest.mark.parametrize("case", CASES)
def test_every_cell_of_every_table_is_in_pdf_html_and_workbook(
    case: Callable[[], Issue], lang: Lang
) -> None:
    for bundle in bundles_of(case(), lang):
        texts = [[written(cell, lang) for cell in row] for row in _rows(bundle)]
        page_rows = Page.of(html(bundle)).rows
        assert [row for row in page_rows if row in texts] == texts
        book_rows = Workbook.of(xlsx(bundle)).rows()
        numbers = [_in_workbook(row) for row in _rows(bundle)]
        assert [row for row in book_rows if row in numbers] == numbers
        runs = "".join(pdf_text(pdf(bundle)))
        for row in _rows(bundle, wide=False):
            for cell in row:
                if cell.style is not Style.TEXT:
                    assert written(cell, lang) in runs


def _in_workbook(row: tuple[Cell, ...]) -> list[Value]:
    return [
        cell.value if isinstance(cell.value, str | int) else _number(cell.value)
        for cell in row
        if cell.value != ""
    ]


def _number(value: Fraction) -> int | float:
    return value.numerator if value.denominator == 1 else float(value)


@pytest.mark.parametrize("case", CASES)
def test_totals_are_equal_in_all_formats(case: Callable[[], Issue]) -> None:
    for statement in case().statements:
        bundle = body_bundle(statement, request_of(statement), NAMES, "ja")
        total = statement.total
        amount = written(Cell(total, Style.YEN), "ja")
        assert {Page.of(html(bundle)).keyed[key] for key in ("top.total", "all.total")} == {amount}
        assert pdf_text(pdf(bundle)).count(amount) >= 4
        labelled = [row for row in Workbook.of(xlsx(bundle)).rows() if row[:1] == ["合計"]]
        assert {row[-1] for row in labelled} == {total}
        lines = _csv(bundle)
        amounts = {"明細": 0, "税": 0, "合計": 0, "支払期限": 0}
        for line in lines:
            if line["金額（円）"]:
                amounts[line["区分"]] += int(line["金額（円）"])
        assert amounts["明細"] + amounts["税"] == amounts["合計"] == total
        assert amounts["支払期限"] == max(total, 0)


def _csv(bundle: Bundle) -> list[dict[str, str]]:
    content = csv_file(bundle)
    assert content.startswith(b"\xef\xbb\xbf")
    assert content.count(b"\n") == content.count(b"\r\n")
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


@pytest.mark.parametrize("case", CASES)
def test_formulas_come_to_what_is_written(case: Callable[[], Issue]) -> None:
    for bundle in bundles_of(case()):
        found = list(Workbook.of(xlsx(bundle)).formula_cells())
        assert len(found) > 5
        for sheet, place, written_value, worked_out in found:
            assert worked_out == pytest.approx(written_value, abs=1e-6), (sheet, place)


@given(some_issue())
@settings(max_examples=15, deadline=None)
def test_formulas_of_any_statement_come_to_what_is_written(made: Issue) -> None:
    for statement in made.statements[:2]:
        bundle = body_bundle(statement, request_of(statement), NAMES, "en")
        if max((abs(value) for value in _yen_values(bundle)), default=0) < 10**11:
            for sheet, place, written_value, worked_out in Workbook.of(
                xlsx(bundle)
            ).formula_cells():
                assert worked_out == pytest.approx(written_value, abs=1e-4), (sheet, place)
        assert csv_file(bundle)
        assert html(bundle)


def _yen_values(bundle: Bundle) -> list[int | Fraction]:
    return [cell.value for row in _rows(bundle) for cell in row if not isinstance(cell.value, str)]


def test_a_share_is_a_live_formula_of_percents_and_weights() -> None:
    statement = issued(bill(1_234_567)).statements[0]
    book = Workbook.of(xlsx(body_bundle(statement, request_of(statement), NAMES, "ja")))
    sheet = book.formulas["内訳書"]
    [caught] = [row[1] for row in sheet.iter_rows() if row[0].value == "当期の費用"]
    caught.value = 2_000_000
    [shared] = [row[1] for row in sheet.iter_rows() if row[0].value == "按分額"]
    residents = Fraction(OSAKA["271004"], sum(OSAKA.values()))
    exact = Fraction(2_000_000 * 20, 300) + Fraction(2_000_000 * 80, 100) * residents
    assert book.work_out(sheet, shared.coordinate) == int(exact)


@pytest.mark.parametrize("sheet", ["内訳書", "請求書"])
def test_the_tax_follows_a_weight_where_there_is_one_rate(sheet: str) -> None:
    one = replace(bill(1_234_566, rate=TEN), taxes={TEN: 123_456})
    statement = issued(one, taxable(rules(pool()))).statements[0]
    book = Workbook.of(xlsx(body_bundle(statement, request_of(statement), NAMES, "ja")))
    [weight] = [row[2] for row in book.formulas["内訳書"].iter_rows() if row[0].value == "均等割"]
    weight.value = 2
    net = 1_234_566 * 2 // 3
    found = book.formulas[sheet]
    [tax] = [row for row in found.iter_rows() if row[0].value == "消費税額（10%対象）"]
    assert book.work_out(found, tax[1].coordinate) == net
    assert book.work_out(found, tax[2].coordinate) == net // 10


def test_with_several_rates_the_tax_follows_where_no_rule_has_two() -> None:
    pools = [
        pool(name, title=name, where=(Condition("ServiceName", (service,)),))
        for name, service in (("a", "s0"), ("b", "s1"), ("c", "s2"))
    ]
    eight, five = Fraction(8), Fraction(5)
    first = bill(9_000, 3_000, 600, 600)
    rates = [(TEN, "s0"), (eight, "s1"), (eight, "s2"), (five, "s2")]
    buckets = tuple(
        replace(bucket, rate=rate, values={"ServiceName": service})
        for bucket, (rate, service) in zip(first.buckets, rates, strict=True)
    )
    one = replace(first, buckets=buckets, taxes={TEN: 900, eight: 288, five: 30})
    made = issued(one, taxable(rules(*pools)), everybody("a", "b", "c"))
    statement = made.statements[0]
    bundle = body_bundle(statement, request_of(statement), NAMES, "ja")
    [summary] = [table for table in bundle.papers[1].tables() if table.caption == "負担金の集計"]
    nets = {row.cells[0].value: row.cells[1].formula for row in summary.rows}
    assert nets["消費税額（10%対象）"] == "{all.1}"
    assert nets["消費税額（8%対象）"] is None
    assert nets["消費税額（5%対象）"] is None


def _share_cell(statement: Statement) -> tuple[object, str]:
    """Its written value, and its type in the file: `f` of a formula, `n` of a number."""
    book = Workbook.of(xlsx(body_bundle(statement, request_of(statement), NAMES, "ja")))
    [cell] = [row[1] for row in book.formulas["内訳書"].iter_rows() if row[0].value == "按分額"]
    return book.values["内訳書"][cell.coordinate].value, cell.data_type


def test_what_a_spreadsheet_would_get_wrong_is_a_value_and_no_formula() -> None:
    """A share that is less than a millionth of a yen below the next yen."""
    residents = sum(OSAKA.values())
    amount = residents - pow(OSAKA["273830"], -1, residents)
    shared = rules(pool("all", part(ShareBy.POPULATION)))
    village = issued(bill(amount), shared).statements[-1]
    assert village.sections[0].exact % 1 == Fraction(residents - 1, residents)
    assert _share_cell(village) == (village.sections[0].lines[0].jpy, "n")
    other = issued(bill(amount + 1), shared).statements[-1]
    assert _share_cell(other) == (other.sections[0].lines[0].jpy, "f")


def test_amounts_of_sixteen_digits_are_text_and_nothing_is_calculated_from_them() -> None:
    statement = issued(bill(3 * 10**15 - 1), rules(pool())).statements[0]
    book = Workbook.of(xlsx(body_bundle(statement, request_of(statement), NAMES, "ja")))
    assert ["当期の費用", str(3 * 10**15 - 1)] in book.rows()
    assert list(book.formula_cells()) == []


def _hostile(words: str) -> list[Bundle]:
    names = dict.fromkeys(OSAKA, words)
    direct = Direct("d", (), "ServiceName", {"s1": "271004"}, ())
    rule_set: RuleSet = replace(
        rules(
            pool("all", title=words, where=(Condition("ServiceName", ("s0",)),)), direct=(direct,)
        ),
        name=words,
        agreed=words,
    )
    made = allocate(bill(1_000, 77, 5), rule_set, members({"all": dict.fromkeys(OSAKA, FULL)}))
    unallocated = replace(made.unallocated[0], values={"ServiceName": words})
    all_issued = issue(
        replace(made, unallocated=(unallocated,)),
        rule_set,
        Issuer(words, None, words, words),
        names,
        BASIS,
    )
    bundles = [body_bundle(one, request_of(one), names, "ja") for one in all_issued.statements[:1]]
    return [*bundles, overview_bundle(overview(all_issued, Surroundings()), names, "ja")]


@pytest.mark.parametrize("words", HOSTILE)
def test_foreign_text_stays_text_everywhere(words: str) -> None:
    shown = words.replace("\r\n", "  ").replace("\u202e", " ").replace("\x00", "").strip()
    for bundle in _hostile(words):
        runs = "".join(pdf_text(pdf(bundle))).replace(" ", "")
        assert shown[:12].replace(" ", "") in runs
        page = Page.of(html(bundle))
        assert "script" not in page.tags
        assert shown in page.words
        assert not [name for name, _ in page.attributes if name.startswith("on")]
        cells = [
            cell
            for sheet in Workbook.of(xlsx(bundle)).formulas.worksheets
            for row in sheet.iter_rows()
            for cell in row
        ]
        same_words = [cell for cell in cells if str(cell.value) == shown]
        assert same_words
        assert {cell.data_type for cell in same_words} == {"s"}
        for line in csv.reader(io.StringIO(csv_file(bundle).decode("utf-8-sig"), newline="")):
            assert not [one for one in line if one.startswith(("=", "+", "@", "-H"))]


def test_pages_need_nothing_else_and_say_their_language() -> None:
    for lang in ("ja", "en"):
        for bundle in bundles_of(with_everything(), lang):
            page = Page.of(html(bundle))
            assert ("lang", lang) in page.attributes
            assert not {"script", "link", "img", "iframe"} & set(page.tags)
            assert page.tags.count("caption") == page.tags.count("table") > 0
            identities = [value for name, value in page.attributes if name == "id"]
            assert len(identities) == len(set(identities))


def test_a_pdf_is_for_keeping_and_for_all_readers() -> None:
    content = pdf(bundles_of(village())[0])
    assert b"pdfaid:part>2" in content
    assert b"pdfuaid:part>1" in content


def test_long_tables_go_over_pages() -> None:
    short, *_, whole = bundles_of(with_everything())
    assert len(pages(short, 20)) >= 3
    assert len(pages(whole, 20)) >= 2


_PRINT_HASHES = """
import hashlib
from tests.unit.costs.bundles import bundles_of, with_everything
from moyai.costs.documents.write import RENDERERS
for bundle in bundles_of(with_everything()):
    for kind, render in RENDERERS.items():
        print(bundle.stem, kind.value, hashlib.sha256(render(bundle)).hexdigest())
"""


def test_the_same_statements_are_the_same_bytes_in_another_process() -> None:
    root = Path(__file__).parents[3]
    said = []
    for zone, seed in (("UTC", "1"), ("Asia/Tokyo", "2")):
        environment = {**os.environ, "TZ": zone, "PYTHONHASHSEED": seed, "PYTHONPATH": str(root)}
        ran = subprocess.run(
            [sys.executable, "-c", _PRINT_HASHES],
            cwd=root,
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )
        said.append(ran.stdout)
    assert said[0] == said[1]
    assert len(said[0].splitlines()) == 4 * 4


def test_files_are_whole_private_and_named_with_their_hashes(tmp_path: Path) -> None:
    statement = village().statements[0]
    folder = tmp_path / "deep" / "statements"
    files = write_statement(statement, request_of(statement), folder)
    assert [one.path.name for one in files] == [
        f"2026-05-271004.{kind}" for kind in ("pdf", "xlsx", "csv", "html")
    ]
    assert sorted(folder.iterdir()) == sorted(one.path for one in files)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    for one in files:
        assert stat.S_IMODE(one.path.stat().st_mode) == 0o600
        assert hashlib.sha256(one.path.read_bytes()).hexdigest() == one.sha256


def test_a_file_that_cannot_be_replaced_stays_as_it_was(tmp_path: Path) -> None:
    bundle = bundles_of(village())[0]
    (tmp_path / f"{bundle.stem}.csv").mkdir()
    with pytest.raises(OperationFailed) as caught:
        write_bundle(bundle, tmp_path, [Kind.CSV])
    assert "フォルダ" in caught.value.what.ja
    assert [one.name for one in tmp_path.iterdir()] == [f"{bundle.stem}.csv"]


def test_a_name_that_leaves_the_folder_is_refused(tmp_path: Path) -> None:
    bundle = replace(bundles_of(village())[0], stem="../x")
    with pytest.raises(ValueError, match="no name"):
        write_bundle(bundle, tmp_path)


def test_a_refund_says_so_and_asks_for_nothing() -> None:
    bundle = bundles_of(_credit())[0]
    runs = pdf_text(pdf(bundle))
    assert "負担金還付通知書" in runs
    [body, *_] = _credit().statements
    assert body.total < 0
    assert f"△{-body.total:,}" in runs
    assert Page.of(html(bundle)).keyed["request.amount"] == f"{-body.total:,}"
    assert not [run for run in runs if "支払期限" in run]


def test_a_body_that_owes_nothing_is_asked_for_nothing() -> None:
    [nothing, *_] = (one for one in issued(bill(5)).statements if one.total == 0)
    words = Page.of(html(body_bundle(nothing, request_of(nothing), NAMES, "ja"))).words
    assert "お支払いいただくものはありません" in words
    assert "振込先" not in words
    assert "振込先" in Page.of(html(bundles_of(village())[0])).words


def test_documents_name_what_they_rest_on() -> None:
    bundle = bundles_of(village())[0]
    for text in ("".join(pdf_text(pdf(bundle))), Page.of(html(bundle)).words):
        assert BASIS.state_sha256 in text
        assert BASIS.rules_sha256 in text
        assert BASIS.allocation_sha256 in text
        assert BASIS.asked_sha256 in text
        assert "S-2026-05-271004" in text
        assert ISSUER.registration_number is not None
        assert ISSUER.registration_number in text


@pytest.mark.parametrize(("jpy", "foots"), [(15, True), (16, False)])
def test_parts_that_do_not_sum_as_shown_have_a_note(jpy: int, foots: bool) -> None:
    halves = rules(pool("all", part(ShareBy.EQUAL, 50), part(ShareBy.EQUAL, 50)))
    statement = issued(bill(jpy), halves).statements[0]
    parts = [Fraction(jpy, 6)] * 2
    assert (sum(round(one, 2) for one in parts) == round(sum(parts), 2)) is foots
    for lang, note in (("ja", "小数第3位以下を丸めて示す"), ("en", "shown rounded to two places")):
        words = Page.of(html(body_bundle(statement, request_of(statement), NAMES, lang))).words
        assert (note in words) is not foots


def test_a_power_of_the_population_is_said_with_its_weights() -> None:
    rows = Page.of(html(bundles_of(with_everything())[0])).rows
    [row] = [row for row in rows if row[0].startswith("人口割（")]
    assert row[0] == "人口割（0.585乗）"
    assert len(row[3].replace(",", "").split(".")[0]) == 9
