"""How long the database of a body is waited for, and what is said of it then."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from moyai.errors import SiteTrouble
from moyai.jobs.failures import JobFailed
from moyai.jobs.results import AWAY
from moyai.operations.inside.away import AWAY_SECONDS, LEAST_TRIES, Absence, DatabaseAway
from moyai.texts import Text, same

REASON = {"ja": "接続を拒まれました。", "en": "it was refused."}
FAILURE = JobFailed(
    Text(
        "ジョブ dump が失敗しました: 接続を拒まれました。", "the job dump failed: it was refused."
    ),
    verb="dump",
    code="refused",
    fields={AWAY: True, "reason": REASON},
    remedy=same("look"),
)


class Clock:
    """Stands still until it is told."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


@given(st.lists(st.floats(0, 400), max_size=60))
def test_it_is_waited_for_exactly_as_long_as_was_said_and_often_enough(gaps: list[float]) -> None:
    clock = Clock()
    absence = Absence(clock)
    absence.at("backup")
    began = None
    for tries, gap in enumerate(gaps, 1):
        clock.now += gap
        began = clock.now if began is None else began
        waits = isinstance(absence.judge(FAILURE), DatabaseAway)
        assert waits == (tries <= LEAST_TRIES or clock.now - began < AWAY_SECONDS)


def test_pauses_grow_to_a_bound_and_are_short_again_afterwards() -> None:
    absence, pauses = Absence(Clock()), []
    for _ in range(7):
        absence.judge(FAILURE)
        pauses.append(absence.pause)
    assert pauses == [1, 2, 4, 8, 15, 15, 15]
    absence.over()
    absence.judge(FAILURE)
    assert absence.pause == 1


def test_each_step_waits_anew_and_its_own_tries_do_not() -> None:
    clock = Clock()
    absence = Absence(clock)
    for step, waits in (("health", True), ("health", False), ("-stack", True)):
        absence.at(step)
        for _ in range(LEAST_TRIES):
            found = absence.judge(FAILURE)
        assert isinstance(found, DatabaseAway) == waits, step
        clock.now += AWAY_SECONDS


def test_what_is_said_does_not_change_with_each_try() -> None:
    absence = Absence(Clock())
    first, again = absence.judge(FAILURE), absence.judge(FAILURE)
    assert isinstance(first, SiteTrouble)
    assert first.what == again.what
    assert "it was refused)" in first.what.en
    assert first.what.ja.endswith("（接続を拒まれました）")


def test_the_end_says_since_when_how_often_and_what_to_do() -> None:
    clock = Clock()
    absence = Absence(clock)
    for _ in range(LEAST_TRIES + 1):
        found = absence.judge(FAILURE)
        clock.now += AWAY_SECONDS
    assert isinstance(found, JobFailed)
    assert (found.code, found.verb, found.is_away) == ("refused", "dump", True)
    assert f"tried {LEAST_TRIES + 1} times" in found.what.en
    assert FAILURE.what.en in found.what.en
    assert FAILURE.what.ja in found.what.ja
    assert found.remedy == FAILURE.remedy
