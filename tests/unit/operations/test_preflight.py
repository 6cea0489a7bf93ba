"""What speaks against a plan before it begins."""

from __future__ import annotations

from datetime import date
from typing import cast

import pytest

from moyai.errors import NOTHING_TOUCHED, OperationFailed
from moyai.operations.deploys import preflight as room
from moyai.operations.deploys.plan import Wish
from moyai.operations.site.session import Session
from moyai.planning.plans import Plan
from moyai.texts import Text


@pytest.mark.parametrize(
    ("known", "told"), [(None, NOTHING_TOUCHED), (Text("少し", "a bit"), Text("少し", "a bit"))]
)
def test_what_fails_before_anything_begins_says_that_nothing_was_touched(
    monkeypatch: pytest.MonkeyPatch, known: Text | None, told: Text
) -> None:
    def unreadable(_session: Session, _wish: Wish) -> Plan:
        raise OperationFailed(Text("読めません", "cannot be read"), touched=known)

    monkeypatch.setattr(room, "plan_of", unreadable)
    with pytest.raises(OperationFailed) as found:
        room.preflight(cast("Session", None), Wish("all", date(2026, 11, 23)))
    assert found.value.touched == told
