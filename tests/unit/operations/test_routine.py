"""What a worker does again and again says an outage once, and its end once, each for itself."""

from __future__ import annotations

import threading
from collections.abc import Callable

import psycopg

from moyai.errors import OperationFailed
from moyai.operations.durable.worker.routine import Routine
from moyai.texts import Text


def _routine(name: str, look: Callable[[], float | None], said: list[str]) -> Routine:
    return Routine(name, 3.0, look, said.append, lambda _seconds: None)


def _failing(*turns: Exception | float | None) -> Callable[[], float | None]:
    left = list(turns)

    def look() -> float | None:
        turn = left.pop(0)
        if isinstance(turn, Exception):
            raise turn
        return turn

    return look


def test_an_outage_and_its_end_are_said_once() -> None:
    said: list[str] = []
    away = psycopg.OperationalError("connection is bad")
    routine = _routine("gates", _failing(None, away, away, None, None, away), said)
    assert [routine.once() for _ in range(6)] == [3.0] * 6
    outage = "gates: the operations database is away"
    assert said == [outage, "gates: works again", outage]


def test_another_trouble_is_said_too() -> None:
    said: list[str] = []
    away = psycopg.OperationalError("connection is bad")
    routine = _routine("memory", _failing(away, ValueError("words"), ValueError(), None), said)
    for _ in range(4):
        routine.once()
    assert len(said) == 3
    assert "ValueError" in said[1]
    assert "words" not in said[1], "they may hold anything"


def test_what_is_told_to_people_is_said_in_their_words() -> None:
    said: list[str] = []
    damaged = OperationFailed(Text("壊れています。", "line 1 of d1 is damaged."))
    _routine("deeds", _failing(damaged), said).once()
    assert said == ["deeds: line 1 of d1 is damaged."]


def test_routines_say_their_outages_apart() -> None:
    said: list[str] = []
    away = psycopg.OperationalError("connection is bad")
    for name in ("gates", "notices"):
        _routine(name, _failing(away), said).once()
    assert [one.split(":")[0] for one in said] == ["gates", "notices"]


def test_a_look_may_say_when_the_next_is() -> None:
    routine = _routine("conductor", _failing(0.1, None), [])
    assert [routine.once(), routine.once()] == [0.1, 3.0]


def test_no_fault_ends_a_routine() -> None:
    ending, looks, said = threading.Event(), threading.Semaphore(0), list[str]()

    def look() -> float | None:
        looks.release()
        raise RuntimeError

    waiting = Routine("anchors", 0.0, look, said.append, ending.wait)
    thread = waiting.start(ending)
    assert all(looks.acquire(timeout=10) for _ in range(5))
    ending.set()
    thread.join(10)
    assert not thread.is_alive()
    assert len(said) == 1
