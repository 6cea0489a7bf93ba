"""How many bodies may have begun, by how quickly they end."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from moyai.operations.durable.limits.turnover import Turnover


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_where_bodies_take_long_none_waits_for_a_place() -> None:
    clock = Clock()
    turnover = Turnover(8, lambda: None, clock)
    for _ in range(20):
        assert turnover.room() == 8
        clock.now += 30.0
        turnover.ended()
        clock.now += 1.0
        assert turnover.room() == 8


def test_as_many_wait_as_ended_in_the_last_second_however_often_it_is_asked() -> None:
    clock = Clock()
    turnover = Turnover(8, lambda: None, clock)
    for _ in range(4):
        turnover.ended()
        turnover.ended()
        clock.now += 0.25
        turnover.room()
    assert turnover.room() == 8 + 6, "what ended a whole second ago does not count"


def test_it_is_told_once_when_all_places_have_turned_over() -> None:
    told: list[int] = []
    turnover = Turnover(4, lambda: told.append(1))
    for number in range(1, 8):
        turnover.ended()
        assert len(told) == (number >= 4)
    turnover.room()
    for _ in range(4):
        turnover.ended()
    assert len(told) == 2


@given(st.integers(1, 64), st.lists(st.tuples(st.floats(0, 3), st.booleans()), max_size=300))
def test_room_is_between_the_places_and_five_times_as_many(
    places: int, course: list[tuple[float, bool]]
) -> None:
    clock = Clock()
    turnover = Turnover(places, lambda: None, clock)
    ended: list[float] = []
    for seconds, ends in course:
        clock.now += seconds
        if ends:
            turnover.ended()
            ended.append(clock.now)
        lately = sum(one > clock.now - 1.0 for one in ended)
        assert turnover.room() == places + min(lately, 4 * places)
