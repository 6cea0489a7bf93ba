"""How far behind bodies may be."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moyai.planning.fleet.skew import Behind, behind, in_order, over_budget

ORDER = ("1.0.0", "1.1.0", "1.2.0", "1.10.0", "2.0.0")
RECORDED = st.dictionaries(st.sampled_from("abcdef"), st.sampled_from(ORDER))


def test_releases_are_ordered_as_versions_and_not_as_words() -> None:
    assert in_order(reversed(ORDER)) == ORDER
    with pytest.raises(ValueError, match="latest"):
        in_order(["latest"])


@given(RECORDED, st.integers(0, 4))
def test_bodies_are_behind_by_places_in_the_order(recorded: dict[str, str], most: int) -> None:
    places = {code: ORDER.index(release) for code, release in recorded.items()}
    newest = max(places.values(), default=0)
    expected = {code: newest - at for code, at in places.items() if newest - at > most}
    assert {one.code: one.by for one in behind(recorded, ORDER, most)} == expected


def test_a_release_that_the_manifest_has_no_more_still_has_a_place() -> None:
    assert behind({"a": "1.0.5", "b": "1.2.0"}, ORDER, 1) == (Behind("a", "1.0.5", "1.2.0", 2),)
    assert behind({"a": "1.2.0", "b": "3.0.0"}, ORDER, 2) == (Behind("a", "1.2.0", "3.0.0", 3),)


@given(RECORDED, st.sampled_from(ORDER), st.integers(0, 4), st.sets(st.sampled_from("abcdef")))
def test_an_upgrade_is_refused_exactly_where_it_leaves_another_body_too_far_behind(
    recorded: dict[str, str], target: str, most: int, upgraded: set[str]
) -> None:
    refused = over_budget(recorded, target, ORDER, most, upgraded)
    raised = ORDER.index(target) > max((ORDER.index(one) for one in recorded.values()), default=-1)
    others = [code for code in recorded if code not in upgraded]
    far = [code for code in others if ORDER.index(target) - ORDER.index(recorded[code]) > most]
    assert [one.code for one in refused] == (far if raised and upgraded else [])
