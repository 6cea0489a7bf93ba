"""Names of databases beside a subscription's own."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from moyai.jobs import beside

NAMES = st.text("abz_09", min_size=1, max_size=63)


@given(NAMES, NAMES)
def test_names_fit_and_never_meet(one: str, other: str) -> None:
    found = [*beside.names(one), *(beside.names(other) if other != one else ())]
    assert all(len(name) <= 63 for name in found)
    assert len(set(found)) == len(found)
    assert one not in beside.names(one)


def test_short_names_are_kept_as_they_are() -> None:
    assert beside.name("chat_271004", "test") == "chat_271004_restore_test"
