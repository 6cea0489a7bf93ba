"""What the details of audit records are called. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from moyai.planning.fleet.status_words import named
from moyai.texts import Text

DETAILS: Mapping[str, Text] = {
    "what": Text("何が起きたか", "What"),
    "already": Text("済んでいたもの", "As it is to be already"),
    "touched": Text("変わったもの", "Changed"),
    "remedy": Text("次にすること", "To do"),
    "way_back": Text("切戻しの結果", "What became of it"),
    "not_begun": Text("何もしないうちに止めた", "Stopped before it did anything"),
    "reason": Text("理由", "Reason"),
    "type": Text("失敗の種類", "Kind of failure"),
    "kind": Text("種類", "Kind"),
    "subject": Text("対象", "About"),
    "status": Text("状態", "Status"),
    "from": Text("前の状態", "Status before"),
    "wave": Text("適用枠", "Wave"),
    "waves": Text("適用枠の名前", "Waves"),
    "change": Text("変更内容", "What is to be done"),
    "window": Text("作業の時間帯", "Window"),
    "freezes": Text("凍結日", "Frozen days"),
    "risks": Text("承認の要るリスク", "Risks to be approved"),
    "approves_itself": Text("団体自身の承認が要る", "Approves its own slot"),
    "parameters": Text("指定", "Parameters"),
    "change_sha256": Text("変更内容のハッシュ値", "Hash of what is to be done"),
    "worker": Text("終わったワーカー", "Worker that ended"),
    "code": Text("団体コード", "Body"),
    "codes": Text("団体コード", "Bodies"),
    "bodies": Text("団体", "Bodies"),
    "service": Text("サービス", "Service"),
    "services": Text("サービス", "Services"),
    "release": Text("リリース", "Release"),
    "releases": Text("リリース", "Releases"),
    "migrations": Text("移行", "Migrations"),
    "applied": Text("適用した移行", "Migrations applied"),
    "contracts": Text("縮小の移行", "Contracting migrations"),
    "schema_version": Text("スキーマの版", "Schema version"),
    "version": Text("版", "Version"),
    "create": Text("作成した資源", "Resources created"),
    "update": Text("変更した資源", "Resources updated"),
    "replace": Text("置き換えた資源", "Resources replaced"),
    "delete": Text("削除した資源", "Resources deleted"),
    "bytes": Text("バイト数", "Bytes"),
    "rows": Text("行数", "Rows"),
    "tables": Text("表の数", "Tables"),
    "objects": Text("オブジェクト", "Objects"),
    "manifest": Text("バックアップの目録", "Manifest of the backup"),
    "restored": Text("復元の試験", "Restore tried"),
    "closed": Text("書込みを止めていた", "Writes were closed"),
    "guarded": Text("書込みを数えていた", "Writes were counted"),
    "token": Text("書込みの印", "Mark of what was written"),
    "looks": Text("確認の回数", "Looks"),
    "health": Text("正常性", "Health"),
    "day": Text("基準日", "As of"),
    "end_sha256": Text("作るもののハッシュ値", "Hash of what is built"),
    "back_sha256": Text("戻すときのハッシュ値", "Hash of the way back"),
    "service_sha256": Text("サービスのファイルのハッシュ値", "Hash of the service's files"),
    "stack_sha256": Text("環境の設定のハッシュ値", "Hash of the environment's settings"),
    "source_sha256": Text("tenants.yaml のハッシュ値", "Hash of tenants.yaml"),
    "content_sha256": Text("手順書のハッシュ値", "Hash of the runbook"),
    "evidence_sha256": Text("証跡のハッシュ値", "Hash of the evidence"),
    "sha256": Text("ハッシュ値", "Hash"),
    "after_sha256": Text(
        "書いたあとの tenants.yaml のハッシュ値", "Hash of tenants.yaml as written"
    ),
    "needs_approval": Text("別の人の承認が要る", "Another person approves it"),
    "asked": Text("求めたこと", "Asked for"),
    "signature": Text("署名", "Signature"),
    "signed_at": Text("署名した時刻", "Signed at"),
    "by": Text("操作者", "By"),
    "operator": Text("操作者", "Operator"),
    "claimed_operator": Text(
        "担当者（本人の申告。証明はない）", "Operator, as the person said; not proved"
    ),
    "done_at": Text("行った時刻", "Done at"),
    "begun_at": Text("始めた時刻", "Begun at"),
    "found_at": Text("見つけた時刻", "Found at"),
    "selector": Text("対象の団体の指定", "Selector"),
    "wanted": Text("予定", "Wanted"),
    "edits": Text("編集した項目", "Keys edited"),
    "proposal": Text("提案", "Proposal"),
    "stacks": Text("共通基盤", "Foundation"),
    "failures": Text("失敗したもの", "Failures"),
    "applied_codes": Text("適用した団体", "Bodies applied"),
    "failed_codes": Text("失敗した団体", "Bodies that failed"),
    "interrupted_codes": Text("途中の団体", "Bodies under way"),
    "refused_codes": Text("拒んだ団体", "Bodies refused"),
    "nothing_codes": Text("変更のなかった団体", "Bodies of which nothing was done"),
    "deployment": Text("デプロイ", "Deployment"),
    "sessions": Text("終わらせた接続", "Sessions ended"),
    "previous": Text("前のもの", "Previous"),
    "refused": Text("拒まれたもの", "Refused"),
    "error": Text("失敗", "Failure"),
    "written": Text("書き込んだもの", "Written"),
    "steps": Text("手順", "Steps"),
    "runbook": Text("手順書", "Runbook"),
    "run": Text("実行", "Run"),
    "question": Text("質問", "Question"),
    "answer": Text("回答", "Answer"),
    "approvals": Text("承認", "Approvals"),
    "claim": Text("引継ぎの回数", "Claim"),
    "parts": Text("部分", "Parts"),
    "site": Text("拠点", "Site"),
    "operation": Text("一斉作業", "Operation"),
    "held": Text("保留にした団体", "Bodies held"),
    "epoch": Text("運用データベースの世代", "Epoch of the operations database"),
    "seq": Text("記録の番号", "Record"),
    "half_way": Text("途中の作業", "Left half-way"),
}
"""By their keys on record, most telling first: a page has them in this order."""


def detail_word(key: str) -> Text:
    """What a detail is called; as it is where it has no name."""
    return named(DETAILS, key)


def detail_place(key: str) -> int:
    """Where it stands among others, the lowest first; those without a name come last."""
    return _PLACES.get(key, len(_PLACES))


_PLACES = {key: at for at, key in enumerate(DETAILS)}
