"""From where a sequence goes on whose database takes another's place."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from moyai.jobs.sequences import Sequence

UP = Sequence(increment=1, lowest=1, highest=1000, cycles=False, last=10)
SEQUENCES = st.builds(
    Sequence,
    increment=st.sampled_from([1, 5, -1, -7]),
    lowest=st.just(-1000),
    highest=st.just(1000),
    cycles=st.booleans(),
    last=st.none() | st.integers(-1000, 1000),
)


def test_it_goes_on_from_the_further_one() -> None:
    assert UP.after(replace(UP, last=60)) == 60
    assert UP.after(replace(UP, last=10)) is None
    assert UP.after(replace(UP, last=3)) is None, "the backup's has given more"
    assert UP.after(replace(UP, last=None)) is None
    assert replace(UP, last=None).after(UP) == 10
    down = replace(UP, increment=-1)
    assert down.after(replace(down, last=3)) == 3
    assert down.after(replace(down, last=60)) is None
    assert replace(UP, cycles=True).after(replace(UP, last=3)) == 3
    assert UP.after(replace(UP, last=9999)) == 1000, "within its own bounds"


@given(SEQUENCES, SEQUENCES)
def test_what_comes_next_is_beyond_all_that_either_gave(mine: Sequence, live: Sequence) -> None:
    live = replace(live, increment=mine.increment)
    wanted = mine.after(live)
    last = mine.last if wanted is None else wanted
    if mine.cycles:
        assert live.last is None or last == live.last
        return
    for one in (mine.last, live.last):
        if one is not None:
            assert last is not None
            assert (last - one) * mine.increment >= 0
