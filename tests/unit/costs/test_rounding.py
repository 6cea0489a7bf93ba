"""Rounding to a unit, and where what it leaves goes, by figures that were worked out by hand."""

from __future__ import annotations

import pytest
from tests.unit.costs.rulebook import allocate, bill, everybody, pool, rules

from moyai.costs.apportion.rounding import divide, to_unit
from moyai.registry.cost_rules import Rounding


@pytest.mark.parametrize(
    ("numerator", "denominator", "unit", "floor", "half_up", "ceiling"),
    [
        (5, 2, 1, 2, 3, 3),
        (-5, 2, 1, -3, -3, -2),
        (7, 3, 1, 2, 2, 3),
        (-7, 3, 1, -3, -2, -2),
        (4, 2, 1, 2, 2, 2),
        (-4, 2, 1, -2, -2, -2),
        (0, 3, 1, 0, 0, 0),
        (500, 1, 1000, 0, 1000, 1000),
        (499, 1, 1000, 0, 0, 1000),
        (-1500, 1, 1000, -2000, -2000, -1000),
        (3000, 1, 1000, 3000, 3000, 3000),
    ],
)
def test_a_share_is_brought_to_the_unit(
    numerator: int, denominator: int, unit: int, floor: int, half_up: int, ceiling: int
) -> None:
    found = [to_unit(numerator, denominator, unit, method) for method in Rounding]
    assert found == [floor, half_up, ceiling]


def test_what_is_less_than_a_unit_goes_to_the_next_in_order() -> None:
    # ¥105 in tens are 30 each, and 15 are left: ten to the first, five to the second.
    made = allocate(bill(105), rules(pool(), unit=10), everybody())
    found = {code: sum(one.jpy for one in borne) for code, borne in made.bodies()}
    assert found == {"271004": 40, "271403": 35, "273830": 30}


@pytest.mark.parametrize(
    ("amount", "weights", "parts"),
    [
        (100, {"a": 2, "b": 1}, {"a": 67, "b": 33}),
        (-100, {"a": 2, "b": 1}, {"a": -67, "b": -33}),
        (100, {"a": -2, "b": -1}, {"a": 67, "b": 33}),
        (100, {"a": 3, "b": -1}, {"a": 150, "b": -50}),
        (1, {"a": 1, "b": 1}, {"a": 1, "b": 0}),
        (0, {"a": 1, "b": 1}, {"a": 0, "b": 0}),
    ],
)
def test_yen_are_divided_by_weights_of_any_sign(
    amount: int, weights: dict[str, int], parts: dict[str, int]
) -> None:
    assert divide(amount, weights) == parts


def test_weights_that_sum_to_nothing_divide_nothing() -> None:
    with pytest.raises(ZeroDivisionError):
        divide(100, {"a": 1, "b": -1})
