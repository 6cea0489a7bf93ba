"""How long bodies will take, from how long they took."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from moyai.planning.fleet.durations import Measured, forecast_seconds


def took(code: str | None, seconds: int, subject: str = "eapp-a 1.0.0") -> Measured:
    return Measured("upgrade", subject, code, seconds)


def foreseen(history: list[Measured]) -> dict[str, int]:
    return forecast_seconds("upgrade", "eapp-a 1.1.0", ["a", "b"], history, 1800)


def test_nothing_measured_is_what_is_assumed() -> None:
    others = [took("a", 5, "chat 1.0.0"), Measured("check", "eapp-a", "a", 7)]
    assert foreseen(others) == {"a": 1800, "b": 1800}


def test_a_body_takes_as_long_as_the_longest_of_its_own_last_five() -> None:
    history = [took("a", seconds) for seconds in (900, 10, 20, 60, 30, 40)]
    assert foreseen(history)["a"] == 60


@given(st.lists(st.integers(0, 10_000), min_size=1))
def test_a_body_without_its_own_takes_what_nine_of_ten_did_not_exceed(seconds: list[int]) -> None:
    found = foreseen([took(None, one) for one in seconds])["b"]
    assert found in seconds
    assert sum(one <= found for one in seconds) * 10 >= len(seconds) * 9
    assert sum(one < found for one in seconds) * 10 < len(seconds) * 9
