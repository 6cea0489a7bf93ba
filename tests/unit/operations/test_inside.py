"""What two counts of writes prove."""

from __future__ import annotations

from typing import Any

import pytest

from moyai.operations.inside.jobs import nothing_written

BACKUP: dict[str, Any] = {
    "token": {"rows": 7, "objects": "ab"},
    "closed": True,
    "guarded": True,
}
LATER = {**BACKUP, "closed": False}


def test_the_same_token_proves_that_nothing_was_written() -> None:
    assert nothing_written(BACKUP, LATER)


@pytest.mark.parametrize(
    "change",
    [
        {"token": {"rows": 8, "objects": "ab"}},
        {"token": {"rows": 7, "objects": "cd"}},
        {"token": {"rows": None, "objects": "ab"}},
        {"guarded": False},
        {"token": None},
    ],
)
def test_anything_else_proves_nothing(change: dict[str, Any]) -> None:
    assert not nothing_written(BACKUP, {**LATER, **change})
    assert not nothing_written({**BACKUP, **change}, LATER)


def test_a_count_that_was_taken_while_writes_were_open_proves_nothing() -> None:
    assert not nothing_written({**BACKUP, "closed": False}, LATER)


def test_no_counter_on_both_sides_proves_nothing() -> None:
    bare = {"token": {"rows": None, "objects": "ab"}}
    assert not nothing_written({**BACKUP, **bare}, {**LATER, **bare})
