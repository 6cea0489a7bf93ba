"""Ten thousand generated bills; a million by `make million-bills`."""

from __future__ import annotations

import pytest
from tests.unit.costs.campaign import check_all

_EACH = 2_500


@pytest.mark.parametrize("first", range(0, 10_000, _EACH))
def test_bills_are_divided_with_a_difference_of_nothing(first: int) -> None:
    assert check_all(range(first, first + _EACH)) == _EACH
