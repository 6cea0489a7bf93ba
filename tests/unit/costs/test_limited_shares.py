"""Shares that least and most changed, with all that it takes to check them by hand."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from fractions import Fraction

import pytest
from tests.unit.costs.papers import BASIS, INSTALMENTS, ISSUER, NAMES
from tests.unit.costs.reading import Page, Workbook, pdf_text
from tests.unit.costs.rulebook import FULL, OSAKA, allocate, bill, members, part, pool, rules

from moyai.costs.apportion.allocation import Line, LineKind, ShareLimits
from moyai.costs.apportion.inputs import Presence
from moyai.costs.documents.compose.statement_paper import body_bundle
from moyai.costs.documents.csv_file import csv_file
from moyai.costs.documents.html import html
from moyai.costs.documents.paper import Bundle
from moyai.costs.documents.pdf import pdf
from moyai.costs.documents.xlsx import xlsx
from moyai.costs.statements.request import request
from moyai.costs.statements.statement import Issue, issue
from moyai.registry.cost_rules import ShareBy
from moyai.texts import Lang

CITY, SAKAI, VILLAGE = OSAKA
REQUESTS = {CITY: Fraction(6), SAKAI: Fraction(3), VILLAGE: Fraction(1)}


def _issued(jpy: int, village: Presence = FULL, **limits: int) -> Issue:
    """Shared by 6, 3 and 1 requests."""
    shared = part(ShareBy.USAGE, driver="requests")
    rule_set = rules(pool("all", shared, title="共同利用", **limits))
    present = {**dict.fromkeys(OSAKA, FULL), VILLAGE: village}
    who = members({"all": present}, drivers={"requests": REQUESTS})
    return issue(allocate(bill(jpy), rule_set, who), rule_set, ISSUER, NAMES, BASIS)


def _share(made: Issue, code: str) -> Line:
    [found] = [one.sections[0].share for one in made.statements if one.code == code]
    assert found is not None
    return found


def _limits(made: Issue, code: str) -> ShareLimits:
    found = _share(made, code).limits
    assert found is not None
    return found


def _of(made: Issue) -> list[int]:
    return [_share(made, code).jpy for code in OSAKA]


def test_a_share_at_the_most_leaves_the_rest_to_the_others_by_one_factor() -> None:
    """6,000, 3,000 and 1,000; the city bears 5,000, and the others' 4,000 become 5,000: × 1.25."""
    made = _issued(10_000, maximum=5_000)
    factor = Fraction(5, 4)
    assert _limits(made, CITY) == ShareLimits(0, Fraction(6_000), 0, 5_000, factor, held=True)
    assert (_limits(made, CITY).scaled, _limits(made, CITY).share) == (7_500, 5_000)
    assert _limits(made, CITY).at_most
    assert _limits(made, SAKAI) == ShareLimits(0, Fraction(3_000), 0, 5_000, factor, held=True)
    assert not _limits(made, SAKAI).at_most
    assert not _limits(made, SAKAI).at_least
    assert _of(made) == [5_000, 3_750, 1_250]


def test_base_fees_are_counted_in_and_come_off_again() -> None:
    """¥1,000 each, then 6,000, 3,000 and 1,000: 7,000, 4,000 and 2,000. Most 5,500 leaves 7,500 for 6,000."""
    made = _issued(13_000, base_fee=1_000, maximum=5_500)
    found = _limits(made, SAKAI)
    assert found == ShareLimits(1_000, Fraction(4_000), 0, 5_500, Fraction(5, 4), held=True)
    assert (found.scaled, found.share) == (5_000, 4_000)
    assert _of(made) == [4_500, 4_000, 1_500]


def test_limits_are_those_of_the_days_on_which_a_member_was_there() -> None:
    """3,100 × 16 / 31 = 1,600 for the village, 3,100 for Sakai; 5,300 are left of the city's 6,000."""
    made = _issued(10_000, Presence(16, 31), minimum=3_100)
    factor = Fraction(53, 60)
    assert _limits(made, VILLAGE) == ShareLimits(0, Fraction(1_000), 1_600, None, factor, held=True)
    assert _limits(made, SAKAI).least == 3_100
    assert [_limits(made, code).at_least for code in OSAKA] == [False, True, True]
    assert _of(made) == [5_300, 3_100, 1_600]


def test_less_than_all_minimums_is_the_least_times_one_factor() -> None:
    made = _issued(300, minimum=10_000)
    assert _limits(made, VILLAGE) == ShareLimits(
        0, Fraction(30), 10_000, None, Fraction(1, 100), held=False
    )
    assert _limits(made, VILLAGE).share == 100
    assert _of(made) == [100, 100, 100]


def test_all_at_the_most_are_said_to_be() -> None:
    made = _issued(100_000, maximum=30_000)
    assert all(_limits(made, code).at_most for code in (CITY, VILLAGE))
    assert _of(made) == [30_000, 30_000, 30_000]


def test_shares_that_no_limit_changed_have_nothing_of_it() -> None:
    made = _issued(10_000, minimum=1_000, maximum=6_000)
    assert not any(_share(made, code).limited for code in OSAKA)


def _bundle(made: Issue, code: str, lang: Lang) -> Bundle:
    [statement] = [one for one in made.statements if one.code == code]
    return body_bundle(statement, request(statement, INSTALMENTS, "04-01"), NAMES, lang)


AT_MOST = [
    ("計算額の計に基本料を加えた額", "7,000.00", 7_000),
    ("上限", "5,500", 5_500),
    ("調整率（全団体に共通）", "1.25", 1.25),
    ("調整率を掛けた額", "8,750.00", 8_750),
    ("上限を適用した額", "5,500.00", 5_500),
    ("基本料", "△1,000", -1_000),
    ("端数処理前の按分額", "4,500.00", 4_500),
]
BY_OTHERS = [
    ("Sum before rounding, with the base fee", "4,000.00", 4_000),
    ("Most", "5,500", 5_500),
    ("Factor, the same for all members", "1.25", 1.25),
    ("Times the factor, as others are at the least or most", "5,000.00", 5_000),
    ("Base fee", "−1,000", -1_000),
    ("Share before rounding", "4,000.00", 4_000),
]
LEAST = [
    ("計算額の計", "1,000.00", 1_000),
    ("下限", "1,600", 1_600),
    ("調整率（全団体に共通）", "0.8833333333", 53 / 60),
    ("調整率を掛けた額", "883.33", 53_000 / 60),
    ("下限を適用した額", "1,600.00", 1_600),
    ("端数処理前の按分額", "1,600.00", 1_600),
]
NOT_HELD = [
    ("Sum before rounding", "30.00", 30),
    ("Least", "10,000", 10_000),
    ("Factor, the same for all members", "0.01", 0.01),
    ("Least times the factor, as there is less than all minimums", "100.00", 100),
    ("Share before rounding", "100.00", 100),
]
WITH_FEES = {"base_fee": 1_000, "maximum": 5_500}
ONLY_HALF = Presence(16, 31)


@pytest.mark.parametrize(
    ("made", "code", "lang", "said", "rows"),
    [
        (_issued(13_000, **WITH_FEES), CITY, "ja", "按分額（上限・下限の適用あり）", AT_MOST),
        (
            _issued(13_000, **WITH_FEES),
            SAKAI,
            "en",
            "Share (adjusted, as others are at the least or most)",
            BY_OTHERS,
        ),
        (
            _issued(10_000, ONLY_HALF, minimum=3_100),
            VILLAGE,
            "ja",
            "按分額（上限・下限の適用あり）",
            LEAST,
        ),
        (
            _issued(300, minimum=10_000),
            VILLAGE,
            "en",
            "Share (limited by the least or most)",
            NOT_HELD,
        ),
    ],
)
def test_a_statement_shows_in_every_format_how_a_share_was_limited(
    made: Issue, code: str, lang: Lang, said: str, rows: list[tuple[str, str, float]]
) -> None:
    bundle = _bundle(made, code, lang)
    title, head = {
        "ja": ("上限・下限の適用", ["区分", "金額（円）・調整率"]),
        "en": ("Least and most", ["Item", "Yen, factor"]),
    }[lang]
    page = Page.of(html(bundle))
    shown = [[label, amount] for label, amount, _ in rows]
    assert title in page.words
    assert said in page.words
    assert _follow([head, *shown], page.rows)
    runs = "".join(pdf_text(pdf(bundle)))
    assert all(amount in runs for _, amount in shown)
    book = Workbook.of(xlsx(bundle))
    numbers = [[label, pytest.approx(value)] for label, _, value in rows]
    assert _follow([head, *numbers], book.rows())
    for _, _, written, worked in book.formula_cells():
        assert worked == pytest.approx(written, abs=1e-6)


def _follow(wanted: list[list[object]], found: Iterable[object]) -> bool:
    """Whether rows are there one after the other."""
    rows = list(found)
    return any(rows[at : at + len(wanted)] == wanted for at in range(len(rows)))


def test_the_csv_has_the_same_beside_the_parts_and_no_yen_of_the_total() -> None:
    content = csv_file(_bundle(_issued(10_000, ONLY_HALF, minimum=3_100), VILLAGE, "en"))
    told = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))
    working = [one for one in told if one["kind"] == "working"]
    assert [(one["item"], one["weight"], one["exact_jpy"], one["jpy"]) for one in working] == [
        ("Metered share (requests)", "1", "1000.00", ""),
        ("Sum before rounding", "", "1000.00", ""),
        ("Least", "", "1600", ""),
        ("Factor, the same for all members", "0.8833333333", "", ""),
        ("Times the factor", "", "883.33", ""),
        ("Held up at the least", "", "1600.00", ""),
        ("Share before rounding", "", "1600.00", ""),
    ]


def test_lines_other_than_shares_have_no_limits() -> None:
    made = _issued(13_000, **WITH_FEES)
    lines = [line for one in made.statements for s in one.sections for line in s.lines]
    assert {line.kind for line in lines if line.limited} == {LineKind.SHARE}


def test_a_least_of_nothing_is_shown_where_there_is_less_than_all_minimums() -> None:
    """10 a month are 0 for one day; of 15 yen the others bear half each."""
    made = _issued(15, Presence(1, 31), minimum=10)
    assert (_limits(made, VILLAGE).least, _limits(made, VILLAGE).held) == (0, False)
    bundle = _bundle(made, VILLAGE, "en")
    for sheet, place, written, worked_out in Workbook.of(xlsx(bundle)).formula_cells():
        assert worked_out == pytest.approx(written, abs=1e-4), (sheet, place)
