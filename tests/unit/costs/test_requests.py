"""Requests: instalments on working days, whole yen, and their sum."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.costs.papers import INSTALMENTS, NAMES, issued
from tests.unit.costs.rulebook import bill

from moyai.costs.documents.compose.request_paper import request_paper
from moyai.costs.documents.paper import Facts
from moyai.costs.periods import Period
from moyai.costs.statements.request import Due, dues, is_working_day, request, working_day
from moyai.registry.cost_rules import Instalments
from moyai.texts import Lang

APRIL = "04-01"


@pytest.mark.parametrize(
    ("named", "moved"),
    [
        (date(2026, 5, 20), date(2026, 5, 20)),
        (date(2027, 2, 20), date(2027, 2, 19)),  # a Saturday
        (date(2026, 5, 5), date(2026, 5, 1)),  # 子供の日, after 憲法記念日, みどりの日, a weekend
        (date(2026, 5, 6), date(2026, 5, 1)),  # a substitute holiday
        (date(2026, 9, 22), date(2026, 9, 18)),  # a day between two holidays
        (date(2027, 1, 3), date(2026, 12, 28)),  # the turn of the year
        (date(2026, 12, 29), date(2026, 12, 28)),
        (date(2026, 8, 11), date(2026, 8, 10)),  # 山の日
    ],
)
def test_a_due_day_moves_before_days_on_which_offices_are_closed(named: date, moved: date) -> None:
    assert working_day(named) == moved


def test_small_amounts_are_due_on_the_next_of_the_days() -> None:
    """Above ¥10,000,000 on 20 May, August, November and February (御坊広域)."""
    assert dues(10_000_000, INSTALMENTS, date(2026, 6, 10), APRIL) == (
        Due(date(2026, 8, 20), 10_000_000),
    )


def test_large_amounts_are_split_over_the_days_left_in_the_fiscal_year() -> None:
    assert dues(10_000_001, INSTALMENTS, date(2026, 6, 10), APRIL) == (
        Due(date(2026, 8, 20), 3_333_335),
        Due(date(2026, 11, 20), 3_333_333),
        Due(date(2027, 2, 19), 3_333_333),
    )


def test_with_no_day_left_in_the_fiscal_year_the_whole_is_due_on_the_next_one() -> None:
    assert dues(20_000_000, INSTALMENTS, date(2027, 3, 10), APRIL) == (
        Due(date(2027, 5, 20), 20_000_000),
    )


def test_a_day_that_has_moved_before_the_day_of_issue_is_not_one_of_those_left() -> None:
    """20 February 2027 is a Saturday."""
    found = dues(20_000_000, INSTALMENTS, date(2027, 2, 19), APRIL)
    assert found == (Due(date(2027, 5, 20), 20_000_000),)


def test_29_february_is_the_28th_where_there_is_none() -> None:
    days = Instalments(("02-29",), 0)
    assert dues(5, days, date(2027, 1, 10), APRIL) == (Due(date(2027, 2, 26), 5),)


def test_without_instalments_a_request_has_no_day() -> None:
    assert dues(5, None, date(2026, 6, 10), APRIL) == (Due(None, 5),)


@pytest.mark.parametrize(
    ("issued_on", "ja", "en"),
    [
        (date(2027, 3, 31), None, None),
        (
            date(2027, 4, 1),
            "令和8年度（出納整理期間。会計は令和9年5月31日に閉じます）",
            "2026, whose accounts close on 31 May 2027",
        ),
        (
            date(2027, 5, 31),
            "令和8年度（出納整理期間。会計は令和9年5月31日に閉じます）",
            "2026, whose accounts close on 31 May 2027",
        ),
        (
            date(2027, 6, 1),
            "令和8年度（過年度。会計は令和9年5月31日に閉じました）",
            "2026, a past fiscal year, whose accounts closed on 31 May 2027",
        ),
    ],
)
@pytest.mark.parametrize("month", [Period(2026, 4), Period(2027, 3)])
def test_a_request_after_its_fiscal_year_says_until_when_the_accounts_are_open(
    month: Period, issued_on: date, ja: str | None, en: str | None
) -> None:
    statement = issued(replace(bill(900), period=month)).statements[0]
    statement = replace(statement, basis=replace(statement.basis, issued_on=issued_on))
    made = request(statement, INSTALMENTS, APRIL)
    langs: tuple[tuple[Lang, str, str | None], ...] = (
        ("ja", "会計年度", ja),
        ("en", "Fiscal year", en),
    )
    for lang, label, said in langs:
        [*_, facts] = request_paper(made, NAMES, lang).blocks
        assert isinstance(facts, Facts)
        assert dict(facts.rows).get(label) == said


def test_nothing_is_due_of_a_refund() -> None:
    made = request(issued(bill(-900)).statements[0], INSTALMENTS, APRIL)
    assert made.is_refund
    assert made.dues == ()


@given(
    st.integers(1, 10**12),
    st.dates(date(2024, 1, 1), date(2035, 12, 31)),
    st.lists(st.sampled_from(["04-30", "05-20", "08-20", "12-31", "02-29", "03-31"]), min_size=1),
    st.integers(0, 10**9),
    st.sampled_from(["04-01", "01-01", "07-01"]),
)
def test_instalments_sum_to_the_total_on_working_days_to_come(
    total: int, issued_on: date, days: list[str], above: int, start: str
) -> None:
    found = dues(total, Instalments(tuple(days), above), issued_on, start)
    assert sum(one.jpy for one in found) == total
    for one in found:
        assert one.day is not None
        assert is_working_day(one.day)
        assert one.day > issued_on
    moments = [one.day for one in found if one.day]
    assert moments == sorted(moments)
    assert (len(found) == 1) or total > above
