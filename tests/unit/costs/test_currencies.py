"""Codes of currencies: those of today, and what took the place of others."""

from __future__ import annotations

import pytest

from moyai.costs import currencies
from moyai.costs.currencies import is_currency, minor_places, no_currency


@pytest.mark.parametrize("code", ["JPY", "USD", "EUR", "XCG", "XOF"])
def test_what_bills_are_in(code: str) -> None:
    assert is_currency(code)


@pytest.mark.parametrize(
    ("words", "en"),
    [
        ("DEM", "'DEM' is a currency that was withdrawn; it is EUR now"),
        ("BGN", "'BGN' is a currency that was withdrawn; it is EUR now"),
        ("usd", "'usd' is no currency code; did you mean USD?"),
        (" JPY", "' JPY' is no currency code; did you mean JPY?"),
        ("US$", "'US$' is no currency code of ISO 4217 such as JPY"),
        ("XXX", "'XXX' is no currency code of ISO 4217 such as JPY"),
        ("XAU", "'XAU' is no currency code of ISO 4217 such as JPY"),
        ("", "'' is no currency code of ISO 4217 such as JPY"),
    ],
)
def test_what_they_are_not_in(words: str, en: str) -> None:
    assert not is_currency(words)
    assert no_currency(words).en == en


def test_no_currency_of_today_is_called_withdrawn_and_each_has_one_of_today() -> None:
    former = [one for codes in currencies._WITHDRAWN.values() for one in codes.split()]
    assert len(former) == len(set(former))
    assert [one for one in former if is_currency(one) or len(one) != 3] == []
    assert [one for one in currencies._WITHDRAWN if not is_currency(one)] == []


@pytest.mark.parametrize(
    ("code", "places"), [("JPY", 0), ("USD", 2), ("KWD", 3), ("DEM", None), ("XAU", None)]
)
def test_places_of_a_minor_unit(code: str, places: int | None) -> None:
    assert minor_places(code) == places
