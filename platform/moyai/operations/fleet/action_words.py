"""What actions and steps of audit records are called."""

from __future__ import annotations

from collections.abc import Mapping

from moyai.texts import Text

ACTIONS: Mapping[str, Text] = {
    "operation.plan": Text("計画", "planned"),
    "operation.approve": Text("承認", "approved"),
    "operation.run": Text("再開", "resumed"),
    "operation.pause": Text("一時停止の指示", "pause asked for"),
    "operation.cancel": Text("取消の指示", "cancel asked for"),
    "operation.stop": Text("中断の指示", "stop asked for"),
    "operation.release": Text("保留の解除", "hold released"),
    "operation.retry": Text("やり直しの指示", "retry asked for"),
    "operation.status": Text("一斉作業の状態", "operation's status"),
    "operation.wave": Text("適用枠の状態", "wave's status"),
    "operation.gate": Text("安定確認", "look after the soak"),
    "check.step": Text("点検の手順", "step of a check"),
    "check.body": Text("団体の点検", "check of a body"),
    "upgrade.step": Text("更新の手順", "step of an upgrade"),
    "upgrade.body": Text("団体の更新", "upgrade of a body"),
    "backup.step": Text("バックアップの手順", "step of a backup"),
    "backup.body": Text("団体のバックアップ", "backup of a body"),
    "runbook.run": Text("手順書の実行", "run of a runbook"),
    "runbook.step": Text("手順書の手順", "step of a runbook"),
    "runbook.question": Text("手順書の質問", "question of a runbook"),
    "runbook.undo": Text("手順書の戻す手順", "undo step of a runbook"),
    "runbook.approve": Text("手順書の承認", "approval of a runbook's step"),
}
