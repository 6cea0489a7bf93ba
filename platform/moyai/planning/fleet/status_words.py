"""What statuses are called on screens, in reports and in sentences. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from moyai.texts import Lang, Text, same, visible

OPERATIONS: Mapping[str, Text] = {
    "planned": Text("計画済", "planned"),
    "running": Text("実行中", "running"),
    "paused": Text("一時停止", "paused"),
    "held": Text("保留", "held"),
    "done": Text("完了", "done"),
    "failed": Text("失敗あり", "failed"),
    "cancelled": Text("取消", "cancelled"),
    "expired": Text("期限切れ", "expired"),
}
WAVES: Mapping[str, Text] = {
    "waiting": Text("待機", "waiting"),
    "running": Text("実行中", "running"),
    "soaking": Text("安定確認中", "soaking"),
    "held": Text("保留", "held"),
    "done": Text("完了", "done"),
}
BODIES: Mapping[str, Text] = {
    "waiting": Text("待機", "waiting"),
    "running": Text("実行中", "running"),
    "done": Text("完了", "done"),
    "failed": Text("失敗", "failed"),
    "held": Text("保留", "held"),
    "skipped": Text("見送り", "skipped"),
    "moved": Text("計画と相違", "moved"),
    "cancelled": Text("取消", "cancelled"),
}
STEPS: Mapping[str, Text] = {
    "intended": Text("開始", "begun"),
    "done": Text("完了", "done"),
    "failed": Text("失敗", "failed"),
    "stopped": Text("中止", "stopped"),
}


LOOKS = frozenset({"check"})
"""Kinds that only look: they leave nothing owed."""
OWED = ("failed", "held", "skipped", "moved")
"""Ends of bodies of which what was wanted is not done."""
DONE_BUT_OWED = Text("終了（未了あり）", "ended, work owed")
"""Of an operation whose status is `done` and that left bodies out."""
DONE_BUT_UNSEEN = Text("終了（未点検あり）", "ended, some not looked at")
"""The same of a kind that only looks: nothing is owed."""


def owed(counts: Mapping[str, int]) -> int:
    """How many bodies have ended without what was wanted. `counts`: status of bodies → how many."""
    return sum(counts.get(status, 0) for status in OWED)


def ended_word(kind: str, status: str, counts: Mapping[str, int]) -> Text:
    """How an operation stands: `done` only where no body was left out."""
    if status != "done" or not owed(counts):
        return named(OPERATIONS, status)
    return DONE_BUT_UNSEEN if kind in LOOKS else DONE_BUT_OWED


def named(words: Mapping[str, Text], code: str) -> Text:
    """What something is called in both languages; as it is where it has no name."""
    return words.get(code) or same(visible(code))


def word(words: Mapping[str, Text], code: str, lang: Lang) -> str:
    """What something is called in one language."""
    return named(words, code).of(lang)
