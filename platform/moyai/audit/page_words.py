"""What the page of an export says. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from moyai.texts import Text

WORDS: Mapping[str, Text] = {
    "title": Text("監査記録", "Audit records"),
    "federation": Text("共同体", "Federation"),
    "body": Text("団体", "Body"),
    "exported": Text("出力した日時", "Exported at"),
    "count": Text("記録の数", "Records"),
    "head": Text("末尾のハッシュ値", "Hash of the newest record"),
    "whole": Text(
        "検証の結果、変更・欠落・重複・並べ替えは見つかりませんでした。",
        "Verified: nothing was changed, is missing, doubled or moved.",
    ),
    "broken": Text("検証の結果、次の異常が見つかりました。", "Verified, and found wrong:"),
    "how": Text(
        "このページは読むためのものです。証拠となるのは JSON Lines ファイル（moyai audit export の "
        ".jsonl）で、moyai audit verify に渡すと、ほかに何もなくても検証できます。",
        "This page is for reading. The evidence is the JSON Lines file (moyai audit export to a "
        ".jsonl file): moyai audit verify FILE verifies that with nothing else.",
    ),
    "none": Text("記録はありません。", "There are no records."),
    "at": Text("日時", "When"),
    "actor": Text("実行者", "Who"),
    "action": Text("内容", "What"),
    "operation": Text("一斉作業", "Operation"),
    "step": Text("手順", "Step"),
    "attempt": Text("回", "attempt"),
    "result": Text("結果", "Result"),
    "details": Text("詳細", "Details"),
    "proof": Text("署名の検証", "What the signature proves"),
    "plan": Text("計画のハッシュ値", "Hash of the plan"),
    "yes": Text("はい", "yes"),
    "no": Text("いいえ", "no"),
    "comma": Text("、", ", "),
}
