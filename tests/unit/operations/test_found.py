"""What preflight found is read again as it was written, and holds its day over a midnight only."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from moyai.operations.kinds.kind import InDoubt
from moyai.operations.kinds.upgrade.change import back_sha256
from moyai.operations.kinds.upgrade.found import Found, found_in, hold_to_way_back
from moyai.operations.site.places import today
from moyai.planning.conditions import Recorded
from moyai.planning.plans import PlannedStack

BEFORE = {"release:eapp-b": "old", "tags": "a"}


def test_a_result_is_read_again_from_the_record() -> None:
    found = Found("1.1.0", "e", "b", "s", (4, 6), today())
    assert found_in(json.loads(json.dumps(found.result()))) == found
    old = {"release": "1.1.0", "end_sha256": "e"}
    assert found_in(old) == Found("1.1.0", "e"), "as a version wrote it that knew of no more"


def test_a_stack_is_built_as_of_preflights_day_over_a_midnight_and_no_longer() -> None:
    day = today()
    yesterday, before = day - timedelta(days=1), day - timedelta(days=2)
    assert Found("1.1.0", "e", day=day).as_of == day
    assert Found("1.1.0", "e", day=yesterday).as_of == yesterday
    assert Found("1.1.0", "e", day=before).as_of == day


def _stack(fingerprint: dict[str, str], *changed: str) -> PlannedStack:
    return PlannedStack(
        "moyai-tenant", "271004", "", "update", (), changed=changed, fingerprint=fingerprint
    )


def test_the_way_back_brings_nothing_that_was_edited_meanwhile() -> None:
    found = Found("1.1.0", "e", back_sha256(BEFORE))
    applied, unknown = (
        Recorded("271004", applied_at=datetime(2026, 1, 1, tzinfo=UTC)),
        Recorded("271004"),
    )
    same = _stack(BEFORE, "release:eapp-b", "tags")
    assert hold_to_way_back(found, "eapp-b", unknown, same) is same
    only = _stack({**BEFORE, "tags": "b"}, "release:eapp-b")
    assert hold_to_way_back(found, "eapp-b", applied, only) is only, "a deploy brought the tags"
    with pytest.raises(InDoubt):
        hold_to_way_back(found, "eapp-b", unknown, only)
    more = _stack({**BEFORE, "tags": "b"}, "release:eapp-b", "tags")
    with pytest.raises(InDoubt):
        hold_to_way_back(found, "eapp-b", applied, more)
    nothing = _stack({**BEFORE, "tags": "b"}, "tags")
    assert hold_to_way_back(found, "eapp-b", applied, nothing) is None
