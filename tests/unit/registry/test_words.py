"""Which known word is hinted at in place of one that is not known."""

from __future__ import annotations

import pytest

from moyai.registry.words import mistyped

KNOWN = ("AmazonEC2", "AmazonS3", "chat.messages", "271004", "requests", "2026-04", "堺市")

SLIPS = {
    "amazonec2": "AmazonEC2",
    "AmazonnEC2": "AmazonEC2",
    "chat.mesages": "chat.messages",
    "request": "requests",
    "reqeusts": "requests",
    "27104": "271004",
    "AmazonRDS": None,
    "271403": None,
    "2026-05": None,
    "accounts": None,
    "大阪市": None,
    "": None,
}


@pytest.mark.parametrize("word", SLIPS)
def test_only_a_slip_of_the_pen_is_hinted_at(word: str) -> None:
    assert mistyped(word, KNOWN) == SLIPS[word]


def test_nothing_is_like_a_word_where_nothing_is_known() -> None:
    assert mistyped("chat", ()) is None
