"""What statuses and kinds are called on screens and in reports. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from moyai.operations.kinds.names import NAMES
from moyai.texts import Lang, Text, visible

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
}
KINDS: Mapping[str, Text] = {name: one.title for name, one in NAMES.items()}


def word(words: Mapping[str, Text], code: str, lang: Lang) -> str:
    """What something is called; as it is where it has no name."""
    return words[code].of(lang) if code in words else visible(code)
