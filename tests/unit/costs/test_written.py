"""Numbers, days and foreign text as documents write them."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moyai.costs.documents.csv_file import harmless
from moyai.costs.documents.paper import Cell, Style
from moyai.costs.documents.written import day, month, plain, weights, written
from moyai.costs.periods import Period


@pytest.mark.parametrize(
    ("cell", "ja", "en"),
    [
        (Cell(1_234_567, Style.YEN), "1,234,567", "1,234,567"),
        (Cell(-1_234, Style.YEN), "△1,234", "−1,234"),
        (Cell(0, Style.YEN), "0", "0"),
        (Cell(Fraction(200, 3), Style.EXACT), "66.67", "66.67"),
        (Cell(Fraction(-1, 1000), Style.EXACT), "0.00", "0.00"),
        (Cell(Fraction(5, 1000), Style.EXACT), "0.00", "0.00"),
        (Cell(Fraction(-200, 3), Style.EXACT), "△66.67", "−66.67"),
        (Cell(Fraction(200, 3), Style.RATE), "66.67", "66.67"),
        (Cell(Fraction(2, 100), Style.RATE), "0.02", "0.02"),
        (Cell(Fraction(-18, 10_000), Style.RATE), "△0.0018", "−0.0018"),
        (Cell(Fraction(1, 2_752_412), Style.RATE), "0.00000036", "0.00000036"),
        (Cell(Fraction(1, 10**15), Style.RATE), "0.0000000000", "0.0000000000"),
        (Cell(Fraction(0), Style.RATE), "0.00", "0.00"),
        (Cell(Fraction(100, 3), Style.PERCENT), "33.3333", "33.3333"),
        (Cell(Fraction(40), Style.PERCENT), "40", "40"),
        (Cell(Fraction(1_234_567), Style.NUMBER), "1,234,567", "1,234,567"),
        (Cell(Fraction(2469, 2), Style.NUMBER), "1,234.50", "1,234.50"),
        (Cell(10**30 + 1, Style.YEN), f"{10**30 + 1:,}", f"{10**30 + 1:,}"),
    ],
)
def test_amounts_have_separators_and_a_sign_of_their_language(cell: Cell, ja: str, en: str) -> None:
    assert (written(cell, "ja"), written(cell, "en")) == (ja, en)


@pytest.mark.parametrize(
    ("moment", "words"),
    [
        (date(2026, 6, 10), "令和8年6月10日"),
        (date(2019, 5, 1), "令和元年5月1日"),
        (date(2019, 4, 30), "平成31年4月30日"),
    ],
)
def test_days_are_in_the_era(moment: date, words: str) -> None:
    assert day(moment, "ja") == words


def test_days_and_periods_in_english() -> None:
    assert day(date(2026, 6, 1), "en") == "1 June 2026"
    assert (month(Period(2026, 5), "ja"), month(Period(2026, 5), "en")) == (
        "令和8年5月",
        "May 2026",
    )


def test_short_weights_are_as_they_are_and_long_ones_keep_their_proportion() -> None:
    assert weights(2_752_412, 3_583_792) == (2_752_412, 3_583_792)
    weight, of = weights(123456789 * 10**24, 987654321 * 10**24)
    assert weight / of == Fraction(123456789, 987654321)
    assert of == 987_654_321


@given(st.integers(1, 10**40), st.integers(1, 10**40))
def test_shown_weights_are_the_same_share_to_fourteen_digits(one: int, other: int) -> None:
    of = one + other
    weight, shown_of = weights(one, of)
    assert abs(weight / shown_of - Fraction(one, of)) < Fraction(1, 10**14)


@pytest.mark.parametrize(
    "start", ["=", "+", "-", "@", "＝", "＋", "－", "＠", "\t=", "\r\n@", " ="]
)
def test_text_that_begins_a_formula_is_made_harmless(start: str) -> None:
    assert harmless(f"{start}1").startswith("'")


def test_other_text_stays_as_it_is() -> None:
    assert harmless("千早赤阪村 −1") == "千早赤阪村 −1"


def test_signs_that_steer_are_taken_out() -> None:
    assert plain("a\r\nb\x00\u202ec\u2028d\uffffe") == "a  b  c d e"
