"""Leave for calls is given out once, within the rate, to all that wait: by a clock that only sleeping moves."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from moyai.operations.durable.limits.permits import Clock, Permits

RATE = 400.0
_ENOUGH = 100_000


class Watch:
    """A clock that goes on where somebody sleeps, and where it is told to."""

    def __init__(self) -> None:
        self.seconds, self.sleeps = 1000.0, 0
        self._lock = threading.Lock()

    def go_on(self, seconds: float) -> None:
        with self._lock:
            self.seconds += seconds
            self.sleeps += 1
            assert self.sleeps < _ENOUGH, "it sleeps again and again"

    @property
    def clock(self) -> Clock:
        return Clock(lambda: self.seconds, self.go_on)


class Bucket:
    """As the operations database has it: so many a second, a fifth of a second's at once."""

    def __init__(self, watch: Watch, most: int = 1 << 40) -> None:
        self.granted, self.asks = 0, 0
        self._watch, self._most = watch, most
        self._left, self._at = 0.0, watch.seconds

    def fetch(self, wanted: int, per_second: float) -> tuple[int, float]:
        now = self._watch.seconds
        self._left = min(per_second / 5, self._left + (now - self._at) * per_second)
        self._at, self.asks = now, self.asks + 1
        granted = min(wanted, int(self._left), self._most - self.granted)
        self._left -= granted
        self.granted += granted
        return granted, max(0.0, 1 - self._left) / per_second


def test_many_threads_take_each_call_that_was_granted_once() -> None:
    watch = Watch()
    bucket = Bucket(watch, most=2000)
    permits = Permits(bucket.fetch, lambda: RATE, watch.clock)

    def work(_number: int) -> int:
        taken = 0
        while taken <= 2000 and (found := permits.take(2, 30)):
            taken += found
        return taken

    with ThreadPoolExecutor(8) as pool:
        taken = list(pool.map(work, range(8)))
    assert (sum(taken), bucket.granted) == (2000, 2000)


def test_what_is_taken_in_ten_seconds_is_the_rate_and_the_bucket_is_asked_for_batches() -> None:
    watch = Watch()
    bucket = Bucket(watch)
    permits = Permits(bucket.fetch, lambda: RATE, watch.clock)
    taken, end = 0, watch.seconds + 10
    while watch.seconds < end and taken < 2 * 10 * RATE:
        taken += permits.take(2, 1)
    assert 0.99 * 10 * RATE <= taken <= 10 * RATE + RATE / 5
    assert bucket.asks < taken / 3  # two are taken at a time


@pytest.mark.parametrize(("seconds", "asked"), [(0.4, [1, 2, 4]), (0.6, [1, 2, 4, 5])])
def test_leave_that_nobody_took_is_gone_after_half_a_second(
    seconds: float, asked: list[int]
) -> None:
    watch = Watch()
    wanted: list[int] = []

    def fetch(many: int, _: float) -> tuple[int, float]:
        wanted.append(many)
        return many, 0.0

    permits = Permits(fetch, lambda: 1000, watch.clock)
    for _ in range(5):
        assert permits.take(1, 1) == 1
    assert wanted == [1, 2, 4], "more at a time, the more is taken"
    watch.go_on(seconds)
    permits.take(5, 1)
    assert wanted == asked


def test_who_gets_nothing_is_told_so_in_time() -> None:
    watch = Watch()
    began = watch.seconds
    permits = Permits(lambda *_: (0, 60.0), lambda: 1, watch.clock)
    assert permits.take(1, 0.1) == 0
    assert watch.seconds - began == pytest.approx(0.1)
