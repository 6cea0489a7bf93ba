"""How a half-way body gets to a release, and what a plan says of one that is taken over."""

from __future__ import annotations

import json
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from tests.unit.planning.fleet.made_plans import body, plan, wave

from moyai.planning.fleet.plans import from_document, plan_sha256, to_document
from moyai.planning.fleet.taking_over import PARAMETER, TakenOver, taken_over, way_to
from moyai.planning.releases import is_newer
from moyai.texts import Text

RELEASES = st.sampled_from([f"1.{minor}.{patch}" for minor in range(4) for patch in range(2)])
OVER = TakenOver("20261126-1", "20261126-1", "stack", "1.1.0", "1.2.0", "0" * 64, "back")


@given(RELEASES, RELEASES, RELEASES)
def test_a_half_way_body_goes_back_to_where_it_came_from_or_on_at_least_to_where_it_was_to_be(
    wanted: str, came_from: str, target: str
) -> None:
    way = way_to(wanted, came_from, came_from, target, is_released=False)
    if wanted == came_from:
        assert way == "back"
    elif is_newer(target, wanted):
        assert isinstance(way, Text)
    else:
        assert way == "on"


@given(RELEASES, RELEASES)
def test_once_it_is_released_it_never_goes_back(wanted: str, recorded: str) -> None:
    way = way_to(wanted, recorded, "1.0.0", recorded, is_released=True)
    if is_newer(recorded, wanted):
        assert isinstance(way, Text)
    else:
        assert way == ("open" if wanted == recorded else "afresh")


def test_what_is_taken_over_is_part_of_what_is_approved() -> None:
    bare = plan([wave(1)], [body("271004"), body("272027")])
    over = replace(bare, parameters={PARAMETER: {"271004": OVER.entry()}})
    read = from_document(json.loads(json.dumps(to_document(over))))
    assert (taken_over(read, "271004"), taken_over(read, "272027")) == (OVER, None)
    assert taken_over(bare, "271004") is None
    hashes = {plan_sha256(bare), plan_sha256(over)}
    for field, other in {"operation": "x", "ledger": "1" * 64, "way": "on", "step": "y"}.items():
        entry = {**OVER.entry(), field: other}
        hashes.add(plan_sha256(replace(bare, parameters={PARAMETER: {"271004": entry}})))
    assert len(hashes) == 6


def test_it_is_said_in_both_languages_from_where_and_whither() -> None:
    text = OVER.text
    assert "takes over from 20261126-1, half-way at stack, release before 1.1.0" in text.en
    assert "前のリリースに戻す" in text.ja
