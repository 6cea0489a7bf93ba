"""What is said of operations, waves and bodies that do not go on. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from moyai.texts import Text, counted, in_japan, visible

APPROVAL_AWAITED = Text("承認を待っています", "waits for approval")
APPROVAL_LAPSED = Text(
    "計画の承認が数えられません（期限切れ、または有効な署名がない）。承認されるまで新しい団体には着手しません",
    "no approval of the plan counts now (it has run out, or its signature counts for nothing); no other body "
    "is begun until it is approved",
)
EXPIRED = Text(
    "期限までに承認されませんでした", "it was not approved before the time for that was over"
)
PAUSED = Text(
    "一時停止中です。着手済みの団体は最後まで進みます",
    "paused by a person; bodies that were begun go on to their end",
)
CANCELLING = Text(
    "取消し中です。着手済みの団体は最後まで進みます",
    "being cancelled; bodies that were begun go on to their end",
)
LEFT_HALF_WAY = Text(
    "取り消されましたが、途中まで進んでいます。新しい計画で引き継いでください",
    "cancelled, but it is half-way: a new plan takes it over",
)
CANCELLED = Text("取り消されました", "it was cancelled")
BUSY = Text("ほかの一斉作業がこの団体で進行中です", "another operation is at this body")
TURN = Text(
    "同時に進める団体数の上限のため順番待ちです",
    "waits for its turn: as many as may go on at once do",
)
MEMORY = Text("作業用メモリの空きを待っています", "waits for free memory of the workers")
OWN_APPROVAL = Text("団体自身の承認を待っています", "waits for the body's own approval of its slot")
NEVER_OPEN = Text(
    "この先の凍結期間により、着手できる作業時間帯がありません",
    "no maintenance window is to come in which it may be begun, for its freezes",
)
HEALTH_AWAITED = Text(
    "様子見の期間が終わり、稼働状況の確認を待っています",
    "its soak is over; a look at its bodies' health is awaited",
)


def older_file(at: str) -> Text:
    """A worker that judges by an older tenants.yaml. `at`: when the newer one was used, as ISO 8601."""
    when = in_japan(at)
    return Text(
        f"ワーカーの tenants.yaml が、{when} に計画または適用に使われたものより古いため、始めません",
        f"the worker's tenants.yaml is older than the one that was planned or applied by at {when}: "
        "nothing begins until it has the newer one",
    )


def taken_over(operation: str) -> Text:
    """A half-way body that another operation has by now."""
    return Text(f"{operation} が引き継ぎました", f"{operation} has taken it over")


def wave_approval(name: str) -> Text:
    """A wave that needs an approval of its own."""
    return Text(f"適用枠「{name}」の承認を待っています", f"waits for the approval of wave {name!r}")


def risk_words(risk: str) -> Text:
    """A risk of a body, by its name."""
    return _RISKS.get(risk, Text(f"「{risk}」", risk))


def risk_approval(risk: str) -> Text:
    """A body with a risk that has to be approved by its name."""
    words = risk_words(risk)
    return Text(
        f"{words.ja}を認める承認を待っています", f"waits for an approval that says so: {words.en}"
    )


_RISKS = {
    "unverified-restore": Text(
        "復元が確認されていないバックアップでの作業",
        "no restore of its backup has been verified lately",
    ),
    "failed-before": Text(
        "同じ種類の作業が、前に失敗・保留・見送りなどで済んでいない",
        "work of the same kind is still owed to it: it failed, was held, skipped or moved",
    ),
    "contract": Text(
        "コードだけでは戻せない移行（contract）を含む",
        "a migration that code alone cannot go back over (contract)",
    ),
}


UNREADABLE = Text(
    "tenants.yaml を読めるようになるのを待っています", "waits until tenants.yaml can be read"
)
_LAXER = {
    "approvals": Text("承認", "approvals"),
    "errors": Text("同じエラーで止まる件数", "errors of one kind"),
    "limits": Text("並行数・許容数", "limits"),
    "soak": Text("見守りの時間", "soak"),
    "waves": Text("適用枠", "waves"),
    "windows": Text("保守時間帯", "maintenance windows"),
}


_MISFITS = {
    "read": Text("先に読んだ計画", "the plan as it was read before"),
    "hash": Text("記録にある計画のハッシュ値", "the hash on record of it"),
    "planner": Text("計画した担当者の署名", "the signature of who planned it"),
    "approvals": Text("計画の承認の署名", "the approvals of it"),
}


def altered(misfits: Sequence[str]) -> Text:
    """An operation whose plan on record is another than it was. `misfits`: what does not fit it."""
    found = [_MISFITS[one] for one in misfits]
    ja, en = "、".join(one.ja for one in found), ", ".join(one.en for one in found)
    return Text(
        f"記録にある計画が、承認されたときや先に読んだときの計画と違います（合わないもの: {ja}）。"
        "記録を書き換えた人がいないか調べてください。新しい団体には着手しません",
        "the plan on record is not the one that was approved or read before (what does not fit it: "
        f"{en}); nothing begins: find out who changed the record",
    )


NOT_SIGNED = Text("名乗りだけで署名がありません", "the name was given, and not signed")
SIGNED_ELSE = Text(
    "署名は、このことをこの時に求めたものではありません",
    "what was signed is not that, or was not signed then",
)
_GOES_ON = {
    "run": Text("再開", "to go on"),
    "release": Text("保留の解除", "to let go what was held"),
    "retry": Text("やり直し", "to begin bodies again"),
}


def steered_unsigned(action: str, actor: str, why: Text) -> Text:
    """An operation that somebody wants to go on by a word that does not count."""
    ja, en = why.ja.rstrip("。"), why.en.rstrip(".")
    asked, who = _GOES_ON.get(action, Text(action, action)), visible(actor.partition(":")[2])
    return Text(
        f"{who} の名で求められた{asked.ja}は、数えません（{ja}）。"
        "担当者が署名付きで moyai operation resume を実行すると続きます",
        f"the word of {who} {asked.en} does not count ({en}): it goes on once an operator runs moyai "
        "operation resume, signed",
    )


def exceptions(names: Sequence[str]) -> Text:
    """What a plan is laxer in, in words."""
    found = [_LAXER.get(name, Text(name, name)) for name in names]
    return Text("、".join(one.ja for one in found), ", ".join(one.en for one in found))


def laxer(names: Sequence[str]) -> Text:
    """A plan, or a body of it, that is laxer than tenants.yaml without saying so."""
    found = exceptions(names)
    return Text(
        f"計画が tenants.yaml より緩いのに（{found.ja}）、例外として挙げられていません",
        f"the plan is laxer than tenants.yaml ({found.en}), and does not name that as an exception",
    )


def not_before(moment: datetime) -> Text:
    """A body that may be begun again only later."""
    return Text(
        f"{in_japan(moment)} 以降に着手します", f"it is not begun before {in_japan(moment)}"
    )


def opens_at(moment: datetime) -> Text:
    """A body whose present opening, if any, has not enough time left."""
    return Text(
        f"所要見込みが収まる次の作業時間帯（{in_japan(moment)} から）を待っています",
        f"waits for the next maintenance window that is long enough, from {in_japan(moment)}",
    )


def thaws_at(moment: datetime) -> Text:
    """A body that waits for no window, and is frozen, or will be before its forecast has passed."""
    return Text(
        f"凍結期間が明ける {in_japan(moment)} を待っています",
        f"waits for the end of its freeze, {in_japan(moment)}",
    )


def too_many_failures(failures: int, tolerance: int) -> Text:
    """A wave of which more bodies failed than may."""
    return Text(
        f"失敗または保留が {failures} 団体で、許容の {tolerance} 団体を超えました",
        f"{counted(failures, 'body', 'bodies')} failed or held, and {tolerance} may be",
    )


def same_errors(signature: str, count: int) -> Text:
    """An operation in which one error comes again and again."""
    return Text(
        f"同じエラー（{signature}）が {count} 団体で起きました",
        f"the same error ({signature}) has come up in {counted(count, 'body', 'bodies')}",
    )


def no_such_wave(codes: tuple[str, ...]) -> Text:
    """A plan that names waves it does not have."""
    return Text(
        f"計画に適用枠のない団体があります: {', '.join(codes)}",
        f"the plan has no wave for {', '.join(codes)}",
    )


def ended(done: int, failures: int, left: int, *, only_looks: bool = False) -> Text:
    """An operation of which nothing is left to do. `left`: bodies that were left out."""
    ja, en = [f"完了 {done} 団体"], [f"{done} done"]
    if failures:
        ja.append(f"失敗・保留 {failures} 団体")
        en.append(f"{failures} failed or held")
    if left:
        ja.append(f"{'未点検' if only_looks else '未了'} {left} 団体")
        en.append(f"{left} {'not looked at' if only_looks else 'still owed'}")
    return Text("、".join(ja), ", ".join(en))
