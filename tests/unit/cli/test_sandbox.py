"""What is said of the sandbox."""

from __future__ import annotations

from collections.abc import Mapping

from moyai_cli.commands.sandbox import told

SOUND: Mapping[str, object] = {"running": False, "pid": None, "databases": []}


def test_troubles_are_told_where_there_are_any() -> None:
    assert told({**SOUND, "snapshot_problem": None, "not_kept": []}) == SOUND
    troubled = {**SOUND, "snapshot_problem": "OSError: full", "not_kept": ["iot"]}
    assert told(troubled) == troubled
