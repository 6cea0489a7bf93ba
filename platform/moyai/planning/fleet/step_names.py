"""What steps of all kinds are called, and which of them change nothing: one line for each. Pure.

Read where only names are on record: by lists, reports, the audit, and by commands that ask whether a body is in
hand, none of which knows what a kind does. A test holds it to the kinds' steps.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from moyai.texts import Text, same, visible


@dataclass(frozen=True, slots=True)
class StepName:
    """One step."""

    title: Text
    """For people."""
    only_looks: bool = False
    """Whether it changes nothing, as its `only_reads` says."""


STEPS: Mapping[str, StepName] = {
    "preflight": StepName(Text("事前確認", "preflight"), only_looks=True),
    "close-writes": StepName(Text("書込みの停止", "close writes")),
    "backup": StepName(Text("バックアップ", "backup")),
    "stack": StepName(Text("環境の適用", "stack update")),
    "migrate-expand": StepName(Text("移行（拡張）", "migrate: expand")),
    "migrate-contract": StepName(Text("移行（縮小）", "migrate: contract")),
    "health": StepName(Text("正常性の確認", "health"), only_looks=True),
    "health-after": StepName(Text("移行後の確認", "health after"), only_looks=True),
    "release": StepName(Text("リリースの記録", "release on record")),
    "open-writes": StepName(Text("書込みの再開", "open writes")),
    "back-data": StepName(Text("データの切戻し", "data back")),
    "back-stack": StepName(Text("環境の切戻し", "stack back")),
    "health-back": StepName(Text("正常性の確認", "health"), only_looks=True),
    "back-open-writes": StepName(Text("書込みの再開", "open writes")),
    "deploy": StepName(Text("環境の適用", "deploy")),
    "file": StepName(Text("tenants.yaml の確認", "tenants.yaml"), only_looks=True),
    "dump": StepName(Text("バックアップ", "backup")),
    "restore-test": StepName(Text("復元試験", "restore test")),
    "new": StepName(Text("新しいパスワード", "new passwords")),
    "set": StepName(Text("パスワードの切替え", "passwords taken")),
    "restart": StepName(Text("タスクの入替え", "tasks begun anew")),
    "void": StepName(Text("前のパスワードの失効確認", "old passwords void")),
}
"""Of all kinds; of a step about one service (`dump:eapp-a`) what stands before the colon."""


def step_word(code: str) -> Text:
    """What a step is called, or its way back, whose record's details say what became of it; a runbook's has its
    own name."""
    if code.startswith("-"):
        back = step_word(code[1:])
        return Text(f"{back.ja}（切戻しの手順）", f"way back of {back.en}")
    name, _, service = code.partition(":")
    if name not in STEPS:
        return same(visible(code))
    title = STEPS[name].title
    about = visible(service)
    return Text(f"{title.ja}（{about}）", f"{title.en} ({about})") if service else title


def changes(code: str) -> bool:
    """Whether a step of that name, forward or back, changes something; one that nobody knows may."""
    known = STEPS.get(code.removeprefix("-").partition(":")[0])
    return known is None or not known.only_looks
