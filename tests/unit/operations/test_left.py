"""What earlier attempts left of a body."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from moyai.operations.database.left import StepRecord, changed, left_by


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


def test_what_only_looked_has_left_nothing_changed() -> None:
    records = [step("preflight"), step("close-writes"), step("health", "failed"), step("strange")]
    assert changed(records) == ("close-writes", "strange")
    assert changed([*records, step("-strange"), step("-close-writes")]) == ()
    assert changed([*records, step("close-writes", "intended")]) == ("strange", "close-writes")


NAMES = ("preflight", "close-writes", "backup", "health", "set:chat", "strange")


@given(
    st.lists(
        st.builds(
            step,
            st.sampled_from([*NAMES, *(f"-{name}" for name in NAMES)]),
            st.sampled_from(["intended", "done", "failed"]),
        )
    )
)
def test_what_is_left_changed_is_left_and_ends_with_what_was_begun_last(
    records: list[StepRecord],
) -> None:
    found = changed(records)
    looks = {"preflight", "health"}
    assert set(found) == left_by(records).steps - looks
    begun = [one.name for one in records if one.name in found]
    assert found[-1:] == tuple(begun[-1:])
    assert [begun[::-1].index(name) for name in found] == sorted(
        (begun[::-1].index(name) for name in found), reverse=True
    )
