"""A list of many bodies is looked up, and means what it meant when each word was asked of each body."""

from __future__ import annotations

from datetime import date

from hypothesis import given
from hypothesis import strategies as st
from tests.sample import SAMPLE

from moyai.planning.selectors import parse, select
from moyai.registry.load import require

FILE = require(SAMPLE)
DAY = date(2026, 11, 26)
WORDS = st.sampled_from(
    [word for one in FILE.tenants[:12] for word in (one.code, one.slug, one.name)]
)


@given(st.lists(WORDS | st.sampled_from(("all", "service:chat")), min_size=1, max_size=6))
def test_a_list_means_whom_its_words_mean(words: list[str]) -> None:
    text = " or ".join(words)
    one_by_one = [body for body in FILE.tenants if parse(text).matches(body, DAY)]
    assert list(select(FILE, text, DAY)) == one_by_one
