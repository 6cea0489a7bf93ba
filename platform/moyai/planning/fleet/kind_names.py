"""What kinds of operations are called and which command plans them: one line for each kind. Pure.

Read by lists and reports, which must not import what a kind does; `kinds.table` makes the kinds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from moyai.texts import Text


@dataclass(frozen=True, slots=True)
class KindName:
    """One kind for people."""

    title: Text
    """On screens, in reports and notices."""
    command: str
    """The command that plans one, without `moyai`: `backup run`."""


NAMES: Mapping[str, KindName] = {
    "backup": KindName(Text("一斉バックアップ", "backup"), "backup run"),
    "check": KindName(Text("一斉点検", "check"), "check"),
    "deploy": KindName(Text("一斉適用", "deploy"), "deploy --by-workers"),
    "edit": KindName(Text("団体設定の変更", "edit"), "tenant edit"),
    "rotate": KindName(Text("認証情報の入替え", "rotation"), "rotate"),
    "upgrade": KindName(Text("一斉更新", "upgrade"), "upgrade"),
}


TITLES: Mapping[str, Text] = {name: one.title for name, one in NAMES.items()}
