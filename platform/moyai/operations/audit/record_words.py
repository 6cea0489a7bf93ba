"""What actions, steps and results of audit records are called. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from moyai.audit.records import AuditRecord
from moyai.planning.fleet.kind_names import TITLES
from moyai.planning.fleet.status_words import BODIES, OPERATIONS, WAVES, named
from moyai.planning.fleet.ways_back import way_back_in
from moyai.texts import Text, same, text_in, visible

_OTHERS: Mapping[str, Text] = {
    "operation.plan": Text("計画", "planned"),
    "operation.approve": Text("承認", "approved"),
    "operation.run": Text("再開", "resumed"),
    "operation.pause": Text("一時停止の指示", "pause asked for"),
    "operation.cancel": Text("取消の指示", "cancel asked for"),
    "operation.stop": Text("中断の指示", "stop asked for"),
    "operation.release": Text("保留の解除", "hold released"),
    "operation.retry": Text("やり直しの指示", "retry asked for"),
    "operation.begin": Text("試行の開始", "attempt begun"),
    "file.newest": Text("tenants.yaml を最新と宣言", "tenants.yaml declared the newest"),
    "operation.apply": Text("tenants.yaml への反映", "written to tenants.yaml"),
    "operation.status": Text("一斉作業の状態", "operation's status"),
    "operation.wave": Text("適用枠の状態", "wave's status"),
    "operation.gate": Text("安定確認", "look after the soak"),
    "operation.restored": Text("古い写しからの復元の申告", "declared restored from a copy"),
    "worker.gone": Text(
        "終わったワーカーの団体を引継ぎへ", "worker gone, its bodies given to others"
    ),
    "worker.carries": Text("別のワーカーが続行", "carried on by another worker"),
    "debt.settle": Text("未了の解消", "debt settled"),
    "runbook.run": Text("手順書の実行", "run of a runbook"),
    "runbook.step": Text("手順書の手順", "step of a runbook"),
    "runbook.question": Text("手順書の質問", "question of a runbook"),
    "runbook.undo": Text("手順書の戻す手順", "undo step of a runbook"),
    "hand.deploy": Text("適用（手作業）", "deploy by hand"),
    "hand.onboard": Text("導入（手作業）", "onboarding by hand"),
    "hand.demo": Text("見本の構築", "demo built"),
    "hand.tenant-add": Text("tenants.yaml への団体の追加", "body added to tenants.yaml"),
    "hand.tenant-withdraw": Text("追加の取りやめ", "addition taken back"),
    "hand.tenant-edit": Text("tenants.yaml の編集（手作業）", "tenants.yaml edited by hand"),
    "hand.tenant-apply": Text(
        "承認された変更の tenants.yaml への書込み", "approved edit written into tenants.yaml"
    ),
    "hand.prepare": Text("運用データベースの用意", "operations database made ready"),
    "hand.new-passwords": Text(
        "運用データベースのパスワード更新", "operations database's passwords renewed"
    ),
    "hand.psql": Text("データベースへの直接の接続", "database opened by hand"),
    "runbook.approve": Text("手順書の承認", "approval of a runbook's step"),
}
ACTIONS: Mapping[str, Text] = {
    **_OTHERS,
    **{f"{kind}.step": Text(f"{t.ja}の手順", f"step of: {t.en}") for kind, t in TITLES.items()},
    **{f"{kind}.body": Text(f"{t.ja}の結果", f"end of: {t.en}") for kind, t in TITLES.items()},
}
RESULTS: Mapping[str, Text] = {
    **BODIES,
    "taken-over": Text("引継ぎ", "taken over"),
    "again": Text("再確認", "looked at again"),
    "begun": Text("開始", "begun"),
    "answered": Text("回答", "answered"),
    "approved": Text("承認", "approved"),
    "noted": Text("確認済み", "noted"),
    "stopped": Text("中止", "stopped"),
    "applied": Text("適用", "applied"),
    "interrupted": Text("中断", "interrupted"),
    "refused": Text("拒否（変更なし）", "refused, nothing touched"),
    "nothing": Text("変更なし", "nothing done"),
    "lost": Text("終わりの記録がない（途中で終わった）", "ended without a word: may be half-way"),
    "taking-back": Text("取消し中", "being taken back"),
    "taken-back": Text("取消し済み", "taken back"),
}


def action_word(code: str) -> Text:
    """What an action is called; as it is where it has no name."""
    return named(ACTIONS, code)


def result_word(code: str) -> Text:
    """What a result is called; as it is where it has no name."""
    return named(RESULTS, code)


def outcome(record: AuditRecord) -> Text:
    """How it ended: of an operation or a wave the status that it got, of a step's way back what became of the
    step, else the result."""
    status = record.details.get("status")
    is_back = (record.step or "").startswith("-") and record.action.removesuffix(".step") in TITLES
    if is_back and record.result == "done":
        return _visible(way_back_in(record.details).said)
    if record.result == "failed" and details_of_stop(record.details):
        return RESULTS["stopped"]
    if record.action in _STATUSES and isinstance(status, str):
        return named(_STATUSES[record.action], status)
    return result_word(record.result)


def details_of_stop(details: Mapping[str, object]) -> bool:
    """Whether what is on record of a step says that it was stopped, and did not fail."""
    return details.get("type") == "Stopped"


def said_of(record: AuditRecord) -> Text:
    """What the record says beside that, in a line: which wave or body, and the reason. Empty where nothing."""
    details = record.details
    parts = []
    wave, code = details.get("wave"), details.get("code")
    about = _about(record)
    if about is not None:
        parts.append(about)
    worker, codes = details.get("worker"), details.get("codes")
    if isinstance(wave, int):
        parts.append(Text(f"適用枠 {wave}", f"wave {wave}"))
    if isinstance(worker, str):
        gone = visible(worker)
        parts.append(Text(f"終わったワーカー {gone}", f"worker {gone}, which ended"))
    if isinstance(codes, (tuple, list)):
        parts.append(same(", ".join(visible(str(one)) for one in codes)))
    if isinstance(code, str):
        parts.append(same(visible(code)))
    if "signature" in details and details["signature"] is None:
        parts.append(NOT_SIGNED)
    why = (
        text_in(details, "reason")
        or text_in(details, "what")
        or text_in(details.get("error"), "what")
    )
    if why is not None:
        parts.append(_visible(why))
    return Text("。".join(one.ja for one in parts), "; ".join(one.en for one in parts))


NOT_SIGNED = Text("名乗りだけで署名なし", "name given, not signed")


def _about(record: AuditRecord) -> Text | None:
    """Which subject was approved, which holds a person let go."""
    subject, what = record.details.get("subject"), record.details.get("what")
    if record.action == "operation.approve" and isinstance(subject, str):
        return subject_word(subject)
    if record.action == "operation.release" and isinstance(what, (tuple, list)):
        words = [subject_word(str(one)) for one in what]
        return Text("、".join(one.ja for one in words), ", ".join(one.en for one in words))
    return None


def subject_word(subject: str) -> Text:
    """What an approval is about, or a hold; as it is where it has no name."""
    what, _, of = visible(subject).partition(":")
    if what == "wave":
        return Text(f"適用枠 {of}", f"wave {of}")
    if what == "body":
        return Text(f"団体 {of} 自身の承認", f"slot of body {of}")
    if of:
        return Text(f"リスク {what}（{of}）", f"risk {what} of {of}")
    return named(_SUBJECTS, what)


_SUBJECTS: Mapping[str, Text] = {
    "plan": Text("計画", "the plan"),
    "exceptions": Text("tenants.yaml より緩い点", "what is laxer than tenants.yaml"),
    "operation": Text("一斉作業", "the operation"),
}


def _visible(text: Text) -> Text:
    return Text(visible(text.ja), visible(text.en))


_STATUSES: Mapping[str, Mapping[str, Text]] = {
    "operation.status": OPERATIONS,
    "operation.wave": WAVES,
}
