"""Who let work go on: what words come to, in their order."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.sample import SAMPLE

from moyai.approvals.steering import AT_ONCE
from moyai.planning.fleet.going_on import Word, judge_words, needs_signature, why_not
from moyai.registry.load import require
from moyai.registry.models import Registry, Role

AT = datetime(2026, 11, 26, 12, tzinfo=UTC)
REGISTRY = require(SAMPLE)
ACTOR = f"operator:{REGISTRY.operators[0].email}"
BODIES = REGISTRY.tenants[:3]
WORD = Word("run", ACTOR, "resume", "JUNK", AT, (), (), AT)
UNSIGNED = replace(WORD, asked=None, signature=None, signed_at=None)
WORDS = st.builds(
    lambda action, actor, signature, what: Word(
        action, actor, "resume", signature, AT, what, (), AT
    ),
    st.sampled_from(("run", "release", "retry")),
    st.sampled_from((ACTOR, "operator:mayor@white.house", "operator:", "")),
    st.none() | st.text(),
    st.lists(st.sampled_from(("wave:1", "wave:2", "operation"))).map(tuple),
)


@given(st.lists(WORDS, min_size=1))
def test_words_without_a_signature_stop_all_and_let_nothing_go(words: list[Word]) -> None:
    judged = judge_words(words, "20261126-1", "a" * 64, REGISTRY, BODIES)
    assert judged.why is not None
    assert judged.not_released == {one for word in words for one in word.what}


@pytest.mark.parametrize(
    ("word", "why"),
    [
        (UNSIGNED, "the name was given, and not signed"),
        (replace(UNSIGNED, actor="operator:mayor@white.house"), "mayor@white.house"),
        (replace(WORD, asked="pause"), "what was signed is not that"),
        (replace(WORD, signed_at=AT - 2 * AT_ONCE), "was not signed then"),
        (replace(WORD, at=AT.replace(year=2200), signed_at=AT.replace(year=2200)), "expired on"),
        (replace(WORD, action="retry", asked="retry:0"), "what was signed is not that"),
        (WORD, ""),
    ],
)
def test_it_is_said_why_a_word_does_not_count(word: Word, why: str) -> None:
    found = why_not(word, "20261126-1", "a" * 64, REGISTRY, BODIES)
    assert found is not None
    assert why in found.en


@pytest.mark.parametrize("role", [Role.VIEWER, Role.AUDITOR])
def test_the_word_of_one_who_only_looks_does_not_count(role: Role) -> None:
    found = why_not(WORD, "20261126-1", "a" * 64, with_first(role=role), BODIES)
    assert found is not None
    assert "no role that may plan or run" in found.en


@pytest.mark.parametrize(
    ("word", "counts"),
    [
        (WORD, False),
        (replace(WORD, action="release", what=("wave:1",)), False),
        (replace(WORD, action="retry", codes=(BODIES[0].code, BODIES[1].code)), False),
        (replace(WORD, action="retry", codes=(BODIES[0].code,)), True),
    ],
)
def test_a_word_counts_for_the_bodies_of_who_says_it(word: Word, counts: bool) -> None:
    known = with_first(bodies=BODIES[0].code)
    found = why_not(word, "20261126-1", "a" * 64, known, BODIES)
    assert found is not None  # what is signed is junk at best
    assert ("are not all that this is about" in found.en) is not counts


def with_first(**changed: Any) -> Registry:
    first, *others = REGISTRY.operators
    return replace(REGISTRY, operators=(replace(first, **changed), *others))


def test_nothing_asked_of_words_is_nothing_to_stop_for() -> None:
    judged = judge_words((), "20261126-1", "a" * 64, REGISTRY, BODIES)
    assert (judged.why, judged.not_released) == (None, frozenset())


def test_a_plan_that_cannot_be_read_needs_a_signature_unless_the_file_asks_for_none() -> None:
    settings = replace(REGISTRY.operations, steering_needs_signature=False)
    lax: Registry = replace(REGISTRY, operations=settings)
    assert needs_signature(None, REGISTRY)
    assert not needs_signature(None, lax)
