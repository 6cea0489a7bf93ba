"""What earlier attempts left of a body."""

from __future__ import annotations

from moyai.operations.database.left import StepRecord, left_by


def step(name: str, status: str = "done", **result: int) -> StepRecord:
    return StepRecord(name, 0, status, result)


def test_what_was_taken_back_is_not_left() -> None:
    found = left_by([step("a", n=1), step("b", "failed"), step("-b"), step("-a", back=1)])
    assert found.steps == set()
    assert found.results == {"-b": {}, "-a": {"back": 1}}


def test_what_could_not_be_taken_back_is_left_with_all_before_it() -> None:
    found = left_by([step("a", n=1), step("b", n=2), step("c", "failed"), step("-c", "failed")])
    assert found.steps == {"a", "b", "c"}
    assert found.results == {"a": {"n": 1}, "b": {"n": 2}}


def test_a_step_that_a_later_attempt_did_again_is_left_as_that_one_did_it() -> None:
    found = left_by([step("a", n=1), step("-a"), step("a", n=2), step("b", "intended")])
    assert found.steps == {"a", "b"}
    assert found.results == {"a": {"n": 2}}
