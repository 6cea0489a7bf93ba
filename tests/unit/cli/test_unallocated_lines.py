"""Unallocated cost on a terminal: what is of 0 yen and of no rate needs no line."""

from __future__ import annotations

from fractions import Fraction

import pytest

from moyai.costs.apportion.allocation import Unallocated
from moyai.texts import Text
from moyai_cli.views.cost_periods import show_unallocated


def test_lines_of_nothing_are_left_out_and_those_that_hold_rates_are_not(
    capsys: pytest.CaptureFixture[str],
) -> None:
    why = Text("どの規則にも当たりません", "no rule catches it")
    ten, eight = Fraction(10), Fraction(8)
    show_unallocated(
        (
            Unallocated(why, None, {"ServiceName": "A"}, 0, 1, by_rate={ten: 0}),
            Unallocated(why, None, {"ServiceName": "B"}, 0, 2, by_rate={ten: 5, eight: -5}),
            Unallocated(why, None, {"ServiceName": "C"}, 7, 1, by_rate={ten: 7}),
        )
    )
    said = capsys.readouterr().out
    assert [name for name in "ABC" if f"ServiceName={name}" in said] == ["B", "C"]
