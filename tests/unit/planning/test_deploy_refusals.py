"""What deploy will not do to a body."""

from __future__ import annotations

import dataclasses
import sys
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parent))

from made_registries import DAY, body
from plan_bases import FEDERATION, WHEN

from moyai.planning import deploy_refusals
from moyai.planning.conditions import Recorded
from moyai.planning.facts import facts_of
from moyai.registry.maintenance import Freeze
from moyai.registry.models import Tenant

BODY = body("272027")
RECORD = Recorded(
    BODY.code,
    releases={"chat": "1.0.0", "eapp-b": "1.0.0"},
    facts=facts_of(FEDERATION.federation, BODY),
    applied_at=WHEN,
)


def refused(changed: Tenant, record: Recorded = RECORD, today: date = DAY) -> list[str]:
    facts = facts_of(FEDERATION.federation, changed)
    return [why.en for why in deploy_refusals.refusals(changed, facts, record, DAY, today)]


def test_a_body_as_it_was_is_not_refused() -> None:
    assert refused(BODY) == []


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"cell": "b"}, "its cell changed from a to b"),
        ({"subscriptions": BODY.subscriptions[:1]}, "put the entry back"),
        (
            {
                "subscriptions": tuple(
                    dataclasses.replace(one, start=DAY + timedelta(days=1))
                    for one in BODY.subscriptions[:1]
                )
                + BODY.subscriptions[1:]
            },
            "a service ends by an `until`",
        ),
        ({"freezes": (Freeze(DAY, DAY, "選挙"),)}, "frozen from 2026-11-23"),
    ],
)
def test_what_would_lose_or_move_data_or_touch_a_frozen_body(
    changes: dict[str, object], words: str
) -> None:
    changed = dataclasses.replace(BODY, **changes)  # type: ignore[arg-type] # by name, on purpose
    [why] = refused(changed)
    assert words in why
    assert refused(changed, Recorded(BODY.code)) == []


def test_a_day_before_a_service_began_is_not_called_a_change_of_the_file() -> None:
    first = BODY.subscriptions[0].start
    facts = facts_of(FEDERATION.federation, BODY)
    long_ago = first - timedelta(days=1)
    found = deploy_refusals.refusals(BODY, facts, RECORD, long_ago, DAY)
    assert len(found) == len(BODY.subscriptions)
    for why in found:
        assert f"the day asked for, {long_ago}, lies before that" in why.en
        assert "put it back" not in why.en
        assert "元に戻してください" not in why.ja


@settings(deadline=None)
@given(st.dates(date(2026, 1, 1), date(2027, 12, 31)), st.integers(0, 30))
def test_a_freeze_counts_on_the_day_asked_for_and_on_today(today: date, length: int) -> None:
    frozen = Freeze(today, today + timedelta(days=length), "選挙")
    changed = dataclasses.replace(BODY, freezes=(frozen,))
    assert refused(changed, today=today)
    after = frozen.last + timedelta(days=1)
    is_inside = frozen.first <= DAY <= frozen.last
    assert bool(refused(changed, today=after)) is is_inside
