"""Names made for resources that have none."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from moyai.provider.naming import DEFAULTS, AutoName

seeds = st.binary(min_size=1, max_size=8)
words = st.text("abcABC-", min_size=1, max_size=80)


def filled(how: AutoName, inputs: dict[str, object], old: dict[str, object], seed: bytes) -> str:
    given_ = dict(inputs)
    assert how.fill(given_, old, "queue", seed)
    return str(given_[how.property])


@given(seeds)
def test_a_seed_gives_one_name(seed: bytes) -> None:
    assert filled(AutoName(), {}, {}, seed) == filled(AutoName(), {}, {}, seed)


def test_without_a_seed_names_differ() -> None:
    assert filled(AutoName(), {}, {}, b"") != filled(AutoName(), {}, {}, b"")


@given(words, seeds, st.integers(8, 64))
def test_a_name_is_never_longer_than_the_service_takes(name: str, seed: bytes, limit: int) -> None:
    inputs: dict[str, object] = {}
    AutoName(limit=limit).fill(inputs, {}, name, seed)
    assert len(str(inputs["name"])) <= limit


def test_it_begins_as_the_program_says() -> None:
    assert filled(AutoName(), {"namePrefix": "osaka-"}, {}, b"x").startswith("osaka-")
    assert filled(AutoName(before="alias/"), {}, {}, b"x").startswith("alias/queue-")
    assert filled(AutoName(lower=True), {"namePrefix": "Osaka-"}, {}, b"x").startswith("osaka-")


def test_a_name_that_the_program_gives_stays() -> None:
    inputs: dict[str, object] = {"name": "own"}
    assert not AutoName().fill(inputs, {}, "queue", b"x")
    assert inputs == {"name": "own"}


def test_a_made_name_stays_from_run_to_run() -> None:
    old: dict[str, object] = {"name": "queue-1234567", DEFAULTS: ["name"]}
    assert filled(AutoName(), {}, old, b"other") == "queue-1234567"
    assert filled(AutoName(), {"namePrefix": "osaka-"}, old, b"other") != "queue-1234567"


def test_a_name_that_was_the_programs_is_not_kept_for_one_without() -> None:
    assert filled(AutoName(), {}, {"name": "own"}, b"x") != "own"


def test_only_a_given_name_is_taken() -> None:
    how = AutoName()
    assert how.is_taken({"name": "a"}, {"name": "a"})
    assert not how.is_taken({"name": "a"}, {"name": "b"})
    assert not how.is_taken({"name": "a"}, {"name": "a", DEFAULTS: ["name"]})
