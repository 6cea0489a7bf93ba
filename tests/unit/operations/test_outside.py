"""What is told of what was done since a copy, and what an attempt is called outside."""

from __future__ import annotations

import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "sandbox" / "durable"))

from counting import make_plan

from moyai.engine.stacks import StackId
from moyai.engine.state.records import StackRecord
from moyai.errors import SiteTrouble
from moyai.operations.durable.carrying.course import key_of
from moyai.operations.durable.carrying.ledger import Taken
from moyai.operations.fleet.outside import _of_database, _of_stack, look_outside
from moyai.operations.kinds.kind import Work
from moyai.operations.site.session import Session
from moyai.planning.topology import TENANT
from moyai.texts import Text

COPIED = datetime(2026, 11, 26, 12, tzinfo=UTC)
BEFORE, SINCE = COPIED - timedelta(hours=1), COPIED + timedelta(hours=1)
RECORD = StackRecord(StackId(TENANT, "271004"), applied_at=BEFORE, releases={"chat": "1.0.0"})


def told(record: StackRecord) -> list[str]:
    return [one.en for one in _of_stack(record, COPIED)]


def test_environments_applied_begun_or_half_way_since_are_told_and_no_others() -> None:
    assert told(RECORD) == []
    assert told(replace(RECORD, applied_at=SINCE)) == [
        "applied 2026-11-26 22:00:00 JST (chat 1.0.0)"
    ]
    assert len(told(replace(RECORD, running_since=SINCE))) == 1
    assert told(replace(RECORD, running_since=BEFORE)) == []
    assert told(replace(RECORD, moving={"chat": "1.1.0"})) == ["half-way to chat 1.1.0"]
    assert len(list(_of_stack(RECORD, None))) == 1, "a copy without a moment knows nothing"


def test_jobs_migrations_and_closed_writes_are_told() -> None:
    found: dict[str, Any] = {
        "closed_by": "20261126-3",
        "closed_at": BEFORE.isoformat(),
        "fences": [
            {"operation": "20261126-4", "claim": 7, "entered_at": SINCE.isoformat()},
            {"operation": "20261125-1", "claim": 2, "entered_at": BEFORE.isoformat()},
        ],
        "schema_version": 3,
        "migrated_at": SINCE.isoformat(),
    }
    words = [one.en for one in _of_database(found, COPIED)]
    assert [one.partition(" 2026-11")[0] for one in words] == [
        *("writes are closed by 20261126-3 since", "a job of 20261126-4 changed data"),
        "migrated to version 3",
    ]
    older = {**found, "closed_by": None, "fences": [], "migrated_at": BEFORE.isoformat()}
    assert list(_of_database(older, COPIED)) == []
    assert list(_of_database({"closed_by": None}, COPIED)) == [], "of a job of a version before"


@pytest.mark.parametrize(("epoch", "name"), [(1, "20261126-3-2"), (2, "20261126-3-2-e2")])
def test_an_attempt_that_comes_again_has_another_name_and_other_keys(
    tmp_path: Path, epoch: int, name: str
) -> None:
    plan = make_plan(tmp_path, 1)
    body = plan.bodies[0]
    work = Work("20261126-3", plan, body, 2, "", {}, frozenset(), epoch=epoch)
    assert work.attempt_id == name

    def key(one: int) -> str:
        taken = Taken("20261126-3", body.code, 2, 5, (), None, epoch=one)
        return key_of(taken, "dump:chat")

    assert len({key(one) for one in (1, 2, 3)}) == 3
    assert len(key(epoch)) == 32


def test_a_site_that_is_away_holds_up_no_declaration_and_is_told() -> None:
    def away() -> Session:
        raise SiteTrouble(Text("拠点に入れません", "the site cannot be entered"))

    found = look_outside(away, ["271004"], COPIED, inside=True)
    assert found.traces == ()
    assert found.trouble is not None
    assert found.trouble.what.en == "the site cannot be entered"
