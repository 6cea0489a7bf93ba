"""What comes next of an operation: when it would be done, and what a person could do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from moyai.operations.database.rows import OperationRow, OperationView, Pause
from moyai.planning.fleet.status_words import LOOKS, owed
from moyai.texts import Text, in_japan
from moyai_cli.language import say
from moyai_cli.render import show_line
from moyai_cli.views.operation_words import local

if TYPE_CHECKING:
    from moyai.planning.fleet.forecast import Forecast

SUBJECTS = 5
"""Approvals that are named; more are counted."""


def forecast_lines(view: OperationView, found: Forecast) -> None:
    """When it would be done, begun now, and whom its window would miss."""
    ends = local(found.ends)
    show_line(
        say(
            f"見込み: {local(found.begins)} – {ends}",
            f"forecast: {local(found.begins)} – {ends}",
        )
    )
    names = {body.code: body.name for body in view.plan.bodies}
    for miss in found.misses:
        at = local(miss.runs_at) or say("未定", "not foreseen")
        show_line(
            say(
                f"  {miss.code} {names[miss.code]}: 最初の時間帯に収まりません。開始の見込みは {at} です。",
                f"  {miss.code} {names[miss.code]} does not fit its first window; begins {at}.",
            )
        )


def waits_for(view: OperationView, missing: Sequence[str], workers: int) -> list[Text]:
    """What a person could do next, of an operation that has not ended well."""
    row, found = view.row, list[Text]()
    for subject in missing[:SUBJECTS]:
        found.append(
            Text(
                f"承認待ち: moyai operation approve {row.id} {subject}",
                f"wants approval: moyai operation approve {row.id} {subject}",
            )
        )
    more = len(missing) - SUBJECTS
    if more > 0:
        found.append(
            Text(
                f"ほか {more} 件の承認待ち。まとめて: moyai operation approve {row.id} --everything"
                "（団体自身の承認は除く）",
                f"and {more} more; all together: moyai operation approve {row.id} --everything "
                "(but what bodies approve themselves)",
            )
        )
    held = [wave.number for wave in view.waves if wave.status == "held"]
    if row.status == "held" and not _has_failures(row, held):
        found.append(
            Text(
                f"再開（署名する）: moyai operation resume {row.id}",
                f"on, with a signature: moyai operation resume {row.id}",
            )
        )
    elif row.status in ("held", "failed"):
        found.append(
            Text(
                f"失敗の内容: moyai operation report {row.id}。直したら moyai operation retry {row.id}",
                f"what failed: moyai operation report {row.id}; mended: moyai operation retry {row.id}",
            )
        )
    if row.status == "done" and owed(row.counts):
        found.append(still_owed(row))
    if row.counts.get("moved") and row.kind not in LOOKS:
        found.append(
            Text(
                f"計画と相違の団体は、計画を作り直す（コマンドは moyai operation report {row.id} に）",
                f"what has moved: planned anew, not begun again (the command: moyai operation report {row.id})",
            )
        )
    for number in held if row.status == "held" else ():
        found.append(
            Text(
                f"失敗のまま進める: moyai operation resume {row.id} --wave {number}",
                f"on in spite of it: moyai operation resume {row.id} --wave {number}",
            )
        )
    if view.paused is not None and row.ended_at is None:
        found.append(_paused(row, view.paused))
    elif row.kind == "edit" and row.wanted == "pause" and row.ended_at is None:
        found.append(
            Text(
                f"承認されたら: moyai tenant apply {row.id}（tenants.yaml に書き、ワーカーが始める）",
                f"once approved: moyai tenant apply {row.id} (writes tenants.yaml, lets workers begin)",
            )
        )
    elif row.status == "paused":
        found.append(
            Text(f"再開: moyai operation resume {row.id}", f"on: moyai operation resume {row.id}")
        )
    if row.ended_at is None:
        found.append(NO_WORKER if not workers else _alive(workers))
    return found


def _has_failures(row: OperationRow, held: Sequence[int]) -> bool:
    """Whether it is held for what happened to bodies; else for what somebody said, or what cannot be judged."""
    return bool(held) or any(row.counts.get(status) for status in ("failed", "held"))


def _paused(row: OperationRow, by: Pause) -> Text:
    """Of a proposal that a person has paused, whether it is in the file or not."""
    since = in_japan(by.at)
    return Text(
        f"{by.email} が一時停止（{since} から）。書くだけ: moyai tenant apply {row.id} --hold、"
        f"書いたあとの再開（署名が要る）: moyai operation resume {row.id}",
        f"paused by {by.email}, since {since}; only to write it: moyai tenant apply {row.id} --hold; once "
        f"written, on, signed: moyai operation resume {row.id}",
    )


def still_owed(row: OperationRow) -> Text:
    """What to do about bodies that were left out of one that is done."""
    if row.kind in LOOKS:
        return Text(
            f"理由: moyai operation report {row.id}。もう一度見るなら moyai operation retry {row.id}",
            f"why: moyai operation report {row.id}; to look again: moyai operation retry {row.id}",
        )
    return Text(
        f"理由: moyai operation report {row.id}。未了の団体は、直したら moyai operation retry {row.id}",
        f"why: moyai operation report {row.id}; what is owed, once mended: moyai operation retry {row.id}",
    )


def worker_held_back(why: Text) -> Text:
    """A worker that lives, begins nothing and tells nobody."""
    return Text(
        f"着手も通知もしないワーカーがあります: {why.ja}",
        f"a worker begins nothing and sends no notices: {why.en}",
    )


def _alive(workers: int) -> Text:
    return Text(f"動いているワーカー: {workers}", f"workers running: {workers}")


NO_WORKER = Text(
    "動いているワーカーがありません。moyai worker で動かしてください。",
    "No worker is running: start one with moyai worker.",
)
