"""What people read of numbers and moments."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from moyai.texts import (
    Text,
    counted,
    document_of,
    in_japan,
    text_in,
    text_of,
    visible,
    visible_json,
)


@pytest.mark.parametrize(("number", "words"), [(0, "0 bodies"), (1, "1 body"), (43, "43 bodies")])
def test_one_is_not_many(number: int, words: str) -> None:
    assert counted(number, "body", "bodies") == words


@pytest.mark.parametrize(
    ("moment", "words"),
    [
        (datetime(2026, 12, 31, 15, 0, 1, tzinfo=UTC), "2027-01-01 00:00:01 JST"),
        ("2026-11-25T17:18:36+00:00", "2026-11-26 02:18:36 JST"),
        ("some time ago", "some time ago"),
    ],
)
def test_moments_are_told_in_japans_time(moment: datetime | str, words: str) -> None:
    assert in_japan(moment) == words


@given(st.text())
@example("\x9b31m\u202e\u200b\ufeff大阪\U0001f600")
def test_json_says_the_same_and_has_nothing_that_a_terminal_acts_upon(words: str) -> None:
    shown = visible_json(json.dumps([words], ensure_ascii=False))
    assert json.loads(shown) == [words]
    assert visible(shown) == shown


@given(st.text(), st.text())
def test_sentences_survive_being_put_on_record(ja: str, en: str) -> None:
    text = Text(ja, en)
    written = json.loads(json.dumps({"what": document_of(text)}))
    assert text_of(written["what"]) == text
    assert text_in(written, "what") == (text if ja and en else None)


@pytest.mark.parametrize(
    "found", [None, "大阪", 1, [], {}, {"ja": "大阪"}, {"ja": "大阪", "en": 1}]
)
def test_what_is_no_sentence_on_record_is_none(found: object) -> None:
    assert text_of(found) is None
    assert text_in({"what": found}, "what") is None
    assert text_in(found, "what") is None
