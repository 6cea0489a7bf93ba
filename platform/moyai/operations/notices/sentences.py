"""Sentences of notices that depend on one word: how something ended, what is to be approved. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from moyai.planning.fleet import said
from moyai.planning.fleet.plans import OperationPlan
from moyai.planning.fleet.wanted import named_exceptions, why_body
from moyai.texts import Text

ENDS: Mapping[str, tuple[Text, Text]] = {
    "done": (
        Text("完了しました", "Done"),
        Text("することはありません。", "There is nothing to do."),
    ),
    "owed": (
        Text("終了しましたが、未了の団体があります", "Ended, work still owed"),
        Text(
            "報告で理由を確かめ、対応してから moyai operation retry {operation} でやり直してください。",
            "Look at the report, see to the reasons, then run moyai operation retry {operation}.",
        ),
    ),
    "failed": (
        Text("終了しましたが、失敗または保留の団体があります", "Ended, not all bodies well"),
        Text(
            "報告で原因を確かめ、直してから moyai operation retry {operation} でやり直してください。",
            "Look at the report, mend the causes, then run moyai operation retry {operation}.",
        ),
    ),
    "cancelled": (
        Text("取り消されました", "Cancelled"),
        Text(
            "残りの団体にも行うには、もう一度計画してください。",
            "Plan it again for the bodies that are left.",
        ),
    ),
    "expired": (
        Text("期限までに承認されませんでした", "Not approved in time"),
        Text("必要なら、もう一度計画してください。", "Plan it again where it is still wanted."),
    ),
}
"""Of an operation: how it ended (`owed`: done, with bodies left out), and what to do next;
`{operation}` stands for its id."""

BODY_ENDS: Mapping[str, Text] = {
    "done": Text("完了しました", "done"),
    "failed": Text("失敗したため元に戻しました", "failed, and was taken back"),
    "held": Text("保留にしました", "held for a person"),
    "skipped": Text("着手できませんでした", "could not be begun"),
    "moved": Text(
        "計画したときと状態が変わったため、着手しませんでした",
        "is not what it was when it was planned, and was not begun",
    ),
    "cancelled": Text("取り消しました", "cancelled"),
}
TOUCHED_BY_END: Mapping[str, Text] = {
    "done": Text("予定した変更を終えました。", "All that was planned has been done."),
    "failed": Text("変更した手順は元に戻しました。", "What had been done was taken back."),
    "held": Text(
        "変更は途中で止めてあり、元に戻していません。",
        "It was stopped on the way, and not taken back.",
    ),
    "skipped": Text("何も変更していません。", "Nothing was touched."),
    "moved": Text("何も変更していません。", "Nothing was touched."),
    "cancelled": Text("変更した手順は元に戻しました。", "What had been done was taken back."),
}


def subject_words(subject: str, plan: OperationPlan) -> Text:
    """What is to be approved: `plan`, `wave:2`, `body:271004`, `unverified-restore:271004`."""
    kind, _, about = subject.partition(":")
    if kind == "wave":
        names = [wave.name for wave in plan.waves if str(wave.number) == about]
        return said.wave_approval(names[0] if names else about)
    if kind == "exceptions":
        lax = said.exceptions(named_exceptions(plan))
        return Text(
            f"tenants.yaml より緩い点の承認を待っています: {lax.ja}",
            f"waits for an approval of what it is laxer in than tenants.yaml: {lax.en}",
        )
    if not about:
        return said.APPROVAL_AWAITED
    names = [body.name for body in plan.bodies if body.code == about]
    name = f"{names[0] if names else '?'}（{about}）"
    why = why_body(subject)
    return Text(f"{name}: {why.ja}", f"{name}: {why.en}")
