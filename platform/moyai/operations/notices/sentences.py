"""Sentences of notices that depend on one word: how something ended, what is to be approved. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from moyai.errors import NOTHING_TOUCHED
from moyai.planning.fleet import said
from moyai.planning.fleet.plans import OperationPlan
from moyai.planning.fleet.wanted import named_exceptions, why_body
from moyai.texts import Text, counted, text_in

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
    "unseen": (
        Text("終了しましたが、点検できない団体がありました", "Ended, some bodies not looked at"),
        Text(
            "報告で理由を確かめてください。もう一度見るなら moyai operation retry {operation} です。",
            "Look at the report for the reasons; moyai operation retry {operation} looks again.",
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
"""Of an operation: how it ended (`owed`, `unseen`: done, with bodies left out), and what to do next;
`{operation}` stands for its id."""

BODY_ENDS: Mapping[str, Text] = {
    "done": Text("完了しました", "done"),
    "failed": Text("失敗しました", "failed"),
    "held": Text("保留にしました", "held for a person"),
    "skipped": Text("着手できませんでした", "could not be begun"),
    "moved": Text(
        "計画したときと状態が変わったため、着手しませんでした",
        "is not what it was when it was planned, and was not begun",
    ),
    "cancelled": Text("取り消しました", "cancelled"),
}
_NAMED = 5
"""Bodies that are told the same of, by name in one line; the rest is counted."""
_IN_REPORT = Text(
    "手順ごとに行ったことは報告にあります。", "The report has what was done, step by step."
)
TOUCHED_BY_END: Mapping[str, Text] = {
    "done": Text("予定した変更を終えました。", "All that was planned has been done."),
    "failed": _IN_REPORT,
    "held": Text(
        "途中で止めてあります。どの手順まで行ったかは報告にあります。",
        "It was stopped on the way. The report has how far it came.",
    ),
    "skipped": NOTHING_TOUCHED,
    "moved": NOTHING_TOUCHED,
    "cancelled": _IN_REPORT,
}
"""Where what became of its steps is not on record with its end: of a version before, or of a conductor's."""


def touched_by(status: str, error: object, *, is_begun: bool = True) -> Text:
    """What became of a body's steps, as its end has it on record. `is_begun`: whether it ever was."""
    if not is_begun:
        return NOTHING_TOUCHED
    return text_in(error, "touched") or TOUCHED_BY_END.get(status, _IN_REPORT)


def each_touched(touched: Mapping[Text, Sequence[Text]]) -> Text:
    """What was touched; of whom, where that is not the same of all."""
    if len(touched) == 1:
        return next(iter(touched))
    said = [_of_some(names, was) for was, names in touched.items()]
    return Text("".join(one.ja for one in said), " ".join(one.en for one in said))


def _of_some(names: Sequence[Text], said: Text) -> Text:
    more = len(names) - _NAMED
    ja, en = (
        "、".join(one.ja for one in names[:_NAMED]),
        ", ".join(one.en for one in names[:_NAMED]),
    )
    if more > 0:
        ja, en = f"{ja}、ほか {more} 団体", f"{en} and {counted(more, 'other', 'others')}"
    return Text(f"{ja}: {said.ja}", f"{en}: {said.en}")


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
