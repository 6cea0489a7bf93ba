"""A body whose plan tells people otherwise, or does not ask for its own word, is not begun."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from tests.sample import SAMPLE

from moyai.operations.kinds.as_shown import hold_to_shown
from moyai.operations.kinds.kind import Moved, Work
from moyai.planning.fleet.plans import Limits, OperationPlan, PlannedBody, PlannedWave
from moyai.registry.load import require
from moyai.registry.models import Registry
from moyai.texts import Text

FILE = require(SAMPLE)
OWN = replace(FILE, operations=replace(FILE.operations, bodies_approve="all"))
TOLD = Text("eapp-b 1.0.0 → 1.1.0", "eapp-b 1.0.0 → 1.1.0")


def work(*told: Text, approves_itself: bool = False) -> Work:
    one = FILE.tenants[0]
    body = PlannedBody(one.code, one.name, 1, "0" * 64, told, 60, None, (), approves_itself)
    wave = PlannedWave(1, "w", Limits(1, 0, "strict"), 0)
    plan = OperationPlan(
        *("upgrade", "eapp-b 1.1.0", {}, "sandbox", "", "a@example.jp"),
        *(datetime(2026, 11, 26, tzinfo=UTC), (wave,), (body,), 3, 3600),
    )
    return Work("20261126-1", plan, body, 1, "key", {}, frozenset())


def begins(registry: Registry, asked: Work, *told: tuple[Text, ...]) -> bool:
    try:
        hold_to_shown(registry, asked, *told)
    except Moved:
        return False
    return True


def test_what_was_read_is_what_is_done() -> None:
    assert begins(FILE, work(TOLD), (TOLD,))
    assert begins(FILE, work(TOLD))
    assert begins(OWN, work(TOLD, approves_itself=True), (TOLD,))
    assert not begins(OWN, work(TOLD), (TOLD,))


@pytest.mark.parametrize("told", [(), (Text("無害", "harmless"),), (TOLD, TOLD)])
def test_a_plan_that_tells_people_otherwise_is_not_begun(told: tuple[Text, ...]) -> None:
    with pytest.raises(Moved, match=r"What would be done: eapp-b 1\.0\.0 → 1\.1\.0"):
        hold_to_shown(FILE, work(*told), (TOLD,))


def test_a_plan_that_leaves_out_a_body_s_own_word_is_not_begun() -> None:
    with pytest.raises(Moved, match="the body's own approval"):
        hold_to_shown(OWN, work(TOLD), (TOLD,))
