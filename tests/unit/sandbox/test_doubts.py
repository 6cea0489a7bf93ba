from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from moyai.engine.sites import Doubt
from moyai.sandbox.keeping import doubts
from moyai.texts import Text

FIRST = Doubt(
    datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 11, 2, tzinfo=UTC), Text("一", "one")
)
SECOND = Doubt(
    datetime(2026, 11, 3, tzinfo=UTC), datetime(2026, 11, 4, tzinfo=UTC), Text("二", "two")
)


def test_doubts_are_kept_in_order(tmp_path: Path) -> None:
    path = tmp_path / "doubts.json"
    assert doubts.read(path) == ()
    doubts.add(path, FIRST)
    doubts.add(path, SECOND)
    assert doubts.read(path) == (FIRST, SECOND)


def test_a_damaged_record_is_a_doubt_about_everything(tmp_path: Path) -> None:
    path = tmp_path / "doubts.json"
    for content in ("", "{}", '[{"since": 1}]', "[1]"):
        path.write_text(content)
        (doubt,) = doubts.read(path)
        assert doubt.since == doubts.BEGINNING
        assert doubt.until > datetime(2026, 1, 1, tzinfo=UTC)
