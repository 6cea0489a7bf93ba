"""Municipality codes and the national list."""

from __future__ import annotations

import re
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moyai.registry.codes import (
    check_digit,
    core_cities,
    is_well_formed,
    national_list,
    prefectures,
)
from moyai.registry.models import Kind

FIVE_DIGITS = st.text("0123456789", min_size=5, max_size=5)


def test_every_code_on_the_list_has_its_check_digit() -> None:
    assert len(national_list()) == 1741 + 47
    assert [code for code in national_list() if not is_well_formed(code)] == []


@given(FIVE_DIGITS)
def test_exactly_one_sixth_digit_fits(first_five: str) -> None:
    fitting = [digit for digit in "0123456789" if is_well_formed(first_five + digit)]
    assert fitting == [check_digit(first_five)]


@pytest.mark.parametrize(
    "code", ["", "27100", "2710044", "２７１００４", "27100a", "-71004", " 71004", "271004\n"]
)
def test_what_is_no_code(code: str) -> None:
    assert not is_well_formed(code)


@pytest.mark.parametrize("five", ["2710", "２７１００", "abcde"])
def test_a_check_digit_needs_five_digits(five: str) -> None:
    with pytest.raises(ValueError, match="five digits"):
        check_digit(five)


def test_romaji_are_dns_labels_and_unique_within_a_prefecture() -> None:
    listed = national_list().values()
    assert all(re.fullmatch("[a-z]([a-z0-9-]{0,30}[a-z0-9])?", one.slug) for one in listed)
    doubled = [
        key for key, n in Counter((one.prefecture, one.slug) for one in listed).items() if n > 1
    ]
    assert doubled == []


@pytest.mark.parametrize(
    ("code", "slug"),
    [
        ("011002", "sapporo"),
        ("131016", "chiyoda"),
        ("242012", "tsu"),
        ("122181", "katsuura"),
        ("271004", "osaka"),
        ("270008", "osaka-pref"),
        ("422088", "matsuura"),
        ("343021", "fuchu-cho"),
    ],
)
def test_romaji_as_people_write_them(code: str, slug: str) -> None:
    assert national_list()[code].slug == slug


def test_kinds_that_the_list_cannot_tell_apart() -> None:
    sakai, toyonaka, ikeda = (national_list()[code] for code in ("271403", "272035", "272043"))
    assert toyonaka.allows(Kind.CORE_CITY)
    assert toyonaka.allows(Kind.CITY)
    assert not sakai.allows(Kind.CORE_CITY)
    assert toyonaka.likely_kind is Kind.CORE_CITY
    assert ikeda.likely_kind is Kind.CITY
    assert len(core_cities()) == 62
    assert all(national_list()[code].kind == "市" for code in core_cities())


def test_there_are_47_prefectures() -> None:
    assert len(prefectures()) == 47
    assert {"北海道", "東京都", "大阪府"} < prefectures()
