"""Ten thousand generated bills; a million by `make million-bills`."""

from __future__ import annotations

import pytest
from tests.unit.costs.campaign import check_all, check_chain, kinds
from tests.unit.costs.campaign_bills import KINDS

_EACH = 2_500


@pytest.mark.parametrize("first", range(0, 10_000, _EACH))
def test_bills_are_divided_with_a_difference_of_nothing(first: int) -> None:
    assert check_all(range(first, first + _EACH)) == _EACH


def test_bills_are_of_all_kinds() -> None:
    found = [kinds(seed) for seed in range(300)]
    counts = {kind: sum(kind in one for one in found) for kind in KINDS}
    assert min(counts.values()) >= 5, counts


def test_chains_of_months_settle_something() -> None:
    assert sum(check_chain(seed) for seed in range(40)) >= 10
