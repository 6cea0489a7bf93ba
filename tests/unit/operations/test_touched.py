"""What an error says it touched, beside what became of its body's steps."""

from __future__ import annotations

import pytest

from moyai.errors import OperationFailed
from moyai.operations.durable.carrying.failures import with_touched
from moyai.texts import Text

WAY_BACK = Text("元に戻した手順: 移行。", "Taken back: migrate.")


@pytest.mark.parametrize(
    ("ja", "en"),
    [
        ("適用済み: 0003_drop", "applied before it: 0003_drop"),
        ("適用済み: 0003_drop。", "applied before it: 0003_drop."),
    ],
)
def test_two_sentences_stand_apart(ja: str, en: str) -> None:
    failed = OperationFailed(Text("移行に失敗しました。", "it failed."), touched=Text(ja, en))
    assert with_touched(failed, WAY_BACK)["touched"] == {
        "ja": "適用済み: 0003_drop。元に戻した手順: 移行。",
        "en": "applied before it: 0003_drop. Taken back: migrate.",
    }
