"""Leave for calls is given out once, within the rate, to all that wait."""

from __future__ import annotations

import threading
import time

from moyai.operations.durable.limits.permits import Permits


class Bucket:
    """As the operations database has it, by this process's clock."""

    def __init__(self, per_second: float) -> None:
        self.rate, self.granted, self.asks = per_second, 0, 0
        self._left, self._at = 0.0, time.monotonic()

    def fetch(self, wanted: int, per_second: float) -> tuple[int, float]:
        now = time.monotonic()
        self._left = min(self.rate / 5, self._left + (now - self._at) * per_second)
        self._at, self.asks = now, self.asks + 1
        granted = min(wanted, int(self._left))
        self._left -= granted
        self.granted += granted
        return granted, max(0.0, 1 - self._left) / per_second


def test_many_threads_take_no_more_than_was_granted_and_not_much_less() -> None:
    bucket = Bucket(400)
    permits = Permits(bucket.fetch, lambda: 400)
    taken: list[int] = []
    end = time.monotonic() + 1

    def work() -> None:
        while time.monotonic() < end:
            taken.append(permits.take(2, 0.2))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert bucket.granted - 20 <= sum(taken) <= bucket.granted
    assert 300 <= sum(taken) <= 500
    assert bucket.asks < 120


def test_leave_that_nobody_took_is_gone_after_a_while() -> None:
    asked: list[int] = []

    def fetch(wanted: int, _: float) -> tuple[int, float]:
        asked.append(wanted)
        return wanted, 0.0

    permits = Permits(fetch, lambda: 1000)
    for _ in range(7):
        assert permits.take(1, 1) == 1
    assert asked == [1, 2, 4], "more at a time, the more is taken"
    time.sleep(0.6)
    permits.take(5, 1)
    assert asked[-1] == 5


def test_who_gets_nothing_is_told_so_in_time() -> None:
    permits = Permits(lambda *_: (0, 60.0), lambda: 1)
    began = time.monotonic()
    assert permits.take(1, 0.1) == 0
    assert 0.1 <= time.monotonic() - began < 0.5
