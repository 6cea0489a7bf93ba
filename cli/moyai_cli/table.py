"""The table of commands: name, module, what it is for."""

from __future__ import annotations

from moyai_cli.language import say
from moyai_cli.lazy import Entry

_WORK = say("毎日の仕事", "Everyday work")
_FILE = say("宣言 tenants.yaml", "The declaration, tenants.yaml")
_TOOLS = say("道具", "Tools")


def _entry(name: str, panel: str, ja: str, en: str) -> Entry:
    return Entry(f"moyai_cli.commands.{name}", say(ja, en), panel)


COMMANDS: dict[str, Entry] = {
    "demo": _entry(
        "demo",
        _WORK,
        "見本の43団体の環境をサンドボックスに作る",
        "Build the sample's 43 environments on the sandbox",
    ),
    "plan": _entry(
        "plan",
        _WORK,
        "適用したら何がなぜ変わるかを示す（何も変えない）",
        "Show what would change and why; changes nothing",
    ),
    "deploy": _entry(
        "deploy",
        _WORK,
        "団体の環境を tenants.yaml のとおりにする",
        "Make the bodies' environments what tenants.yaml says",
    ),
    "onboard": _entry(
        "onboard",
        _WORK,
        "団体を導入する（追加・適用・移行・点検・案内書）",
        "Onboard bodies: add, deploy, migrate, check, welcome sheet",
    ),
    "upgrade": _entry(
        "upgrade",
        _WORK,
        "サービスの新しいリリースへの一斉更新を計画する",
        "Plan a service's new release for its bodies",
    ),
    "backup": _entry(
        "backup",
        _WORK,
        "団体のデータをバックアップし、復元を試す",
        "Back bodies' data up and try the restore",
    ),
    "rotate": _entry(
        "rotate",
        _WORK,
        "団体のサービスのパスワードを一斉に新しくする計画を作る",
        "Plan new passwords for bodies' services",
    ),
    "check": _entry(
        "check",
        _WORK,
        "団体のサービスが応答するか一斉に点検する（何も変えない）",
        "Check whether bodies' services answer; changes nothing",
    ),
    "operation": _entry(
        "operation",
        _WORK,
        "一斉作業を一覧・確認・承認・停止・再開・報告する",
        "List, watch, approve, pause, resume and report operations",
    ),
    "audit": _entry(
        "audit",
        _WORK,
        "監査記録を示す・書き出す・検証する",
        "Show, export and verify the audit record",
    ),
    "status": _entry("status", _WORK, "各団体の状態を示す", "Show each body's status"),
    "output": _entry(
        "output", _WORK, "1団体の環境の出力を示す", "Show the outputs of one body's environment"
    ),
    "cost": _entry(
        "cost",
        _WORK,
        "費用を取り込み、団体に按分する",
        "Import costs and share them among bodies",
    ),
    "runbook": _entry(
        "runbook",
        _WORK,
        "手順書を一覧・書出し・検査・実行する",
        "List, render, check and run runbooks",
    ),
    "validate": _entry(
        "validate", _FILE, "tenants.yaml の誤りをすべて示す", "Show every error in tenants.yaml"
    ),
    "schema": _entry(
        "schema",
        _FILE,
        "編集ソフトが使える JSON Schema を出す",
        "Print the JSON Schema that an editor can use",
    ),
    "tenant": _entry("tenant", _FILE, "団体を一覧・表示・追加する", "List, show and add bodies"),
    "operator": _entry(
        "operator",
        _FILE,
        "担当者と権限の期限を一覧する",
        "List operators and when their rights end",
    ),
    "worker": _entry(
        "worker",
        _TOOLS,
        "一斉作業を行うワーカーを動かす（Ctrl-C まで）",
        "Run a worker that carries operations out, until Ctrl-C",
    ),
    "sandbox": _entry(
        "sandbox",
        _TOOLS,
        "組み込みのサンドボックスを動かす・止める",
        "Start and stop the embedded sandbox",
    ),
    "engine": _entry(
        "engine",
        _TOOLS,
        "Pulumi エンジンの場所を示す・用意する",
        "Find or install the Pulumi engine",
    ),
}
