"""Signals as a driver takes them."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import pytest

from moyai.engine.driver.cancelling import Cancelling


@pytest.fixture
def passed_on() -> Iterator[list[int]]:
    """The signals that came to whoever took them before."""
    found: list[int] = []
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(one, lambda number, _: found.append(number)) for one in numbers]
    yield found
    for number, handler in zip(numbers, before, strict=True):
        signal.signal(number, handler)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_between_runs_the_first_signal_counts_and_the_next_goes_on(
    passed_on: list[int], number: signal.Signals
) -> None:
    cancelling = Cancelling()
    with cancelling.by_signals(once=True):
        signal.raise_signal(number)
        assert (cancelling.count, passed_on) == (1, [])
        with cancelling.by_signals():
            signal.raise_signal(number)
            assert (cancelling.count, passed_on) == (2, [])
        signal.raise_signal(number)
    assert (cancelling.count, passed_on) == (3, [number])
    cancelling.close()
    signal.raise_signal(number)
    assert passed_on == [number, number]


def test_after_its_end_a_signal_is_only_counted(passed_on: list[int]) -> None:
    cancelling = Cancelling()
    wake = cancelling.wake
    with cancelling.by_signals(once=True):
        cancelling.close()
        signal.raise_signal(signal.SIGTERM)
    assert cancelling.count == 1
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(wake)
