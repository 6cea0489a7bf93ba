"""Operations for people and for programs: listed, one whole, what was asked of one."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime

import typer

from moyai.operations.database.rows import BodyRow, DebtRow, OperationRow, OperationView, WaveRow
from moyai.operations.kinds.names import TITLES
from moyai.planning.fleet.status_words import BODIES, OPERATIONS, WAVES, word
from moyai.texts import JAPAN, Text
from moyai_cli.called import copyable, show_next
from moyai_cli.language import LANG, of, say
from moyai_cli.render import Column, Output, Record, document, listing, show_json, show_line
from moyai_cli.views.diffs import show_diff
from moyai_cli.views.operation_records import (
    body_record,
    operation_record,
    utc,
    view_record,
    wave_record,
    whole_record,
)
from moyai_cli.views.whole_plan import plan_lines

Entries = Mapping[str, tuple[tuple[WaveRow, ...], tuple[BodyRow, ...]]]
_SUBJECTS = 5
"""Approvals that are named; more are counted."""
_COLOURS = {
    "done": "green",
    "running": "cyan",
    "soaking": "cyan",
    "failed": "red",
    "held": "red",
    "skipped": "yellow",
    "moved": "yellow",
    "paused": "yellow",
    "planned": "yellow",
    "waiting": "dim",
    "cancelled": "dim",
    "expired": "dim",
}
OPERATION_STYLES = {word(OPERATIONS, code, LANG): _COLOURS[code] for code in OPERATIONS}
WAVE_STYLES = {word(WAVES, code, LANG): _COLOURS[code] for code in WAVES}
BODY_STYLES = {word(BODIES, code, LANG): _COLOURS[code] for code in BODIES}


def show_list(rows: Sequence[OperationRow], whole: Entries, output: Output) -> None:
    """Operations, the newest first. `whole`: their waves and bodies, for JSON."""
    if output is Output.JSON:
        records = [whole_record(row, *whole[row.id]) for row in rows]
        show_json(json.dumps(records, ensure_ascii=False, indent=2))
        return
    columns = [
        Column("id", say("番号", "id")),
        Column("kind", say("種類", "kind")),
        Column("subject", say("対象", "subject")),
        Column("status", say("状態", "status"), OPERATION_STYLES),
        Column("counts", say("団体", "bodies")),
        Column("planned_by", say("計画", "planned by")),
        Column("planned_at", say("日時", "at")),
        Column("reason", say("理由", "reason")),
    ]
    if output is Output.CSV:
        more = [Column(key, "") for key in ("began_at", "ended_at", "wanted", "plan_sha256")]
        listing([operation_record(row) for row in rows], [*columns, *more], output)
        return
    if not rows:
        typer.echo(say("一斉作業はまだありません。", "There is no operation yet."))
        return
    listing([_for_people(row) for row in rows], columns, output)


def _for_people(row: OperationRow) -> Record:
    return {
        **operation_record(row),
        "kind": word(TITLES, row.kind, LANG),
        "status": word(OPERATIONS, row.status, LANG),
        "counts": counts_line(row.counts),
        "planned_at": local(row.planned_at),
    }


def show_operation(
    view: OperationView,
    missing: Sequence[str],
    workers: int,
    output: Output,
    not_counted: Sequence[Text] = (),
    differs: Sequence[Text] = (),
) -> None:
    """One operation as it stands; for people with its plan and what it waits for. `not_counted`: why approvals
    on record do not count. `differs`: what the plan says otherwise than tenants.yaml."""
    if output is Output.JSON:
        record = {
            **view_record(view, missing),
            "approvals_not_counted": [of(text) for text in not_counted],
            "differs_from_file": [of(text) for text in differs],
            "workers": workers,
        }
        show_json(json.dumps(record, ensure_ascii=False, indent=2))
        return
    if output is Output.CSV:
        listing([body_record(body) for body in view.bodies], _BODY_COLUMNS_CSV, output)
        return
    _head(view)
    if len(view.waves) > 1 or any(wave.reason for wave in view.waves):
        typer.echo()
        listing([_wave_for_people(view, wave) for wave in view.waves], _WAVE_COLUMNS, output)
    diff = view.plan.parameters.get("diff")
    if isinstance(diff, Sequence):
        typer.echo()
        show_diff(map(str, diff))
    typer.echo()
    for said in plan_lines(view.plan, differs):
        show_line(said)
    typer.echo()
    listing([_body_for_people(body) for body in view.bodies], _BODY_COLUMNS, output)
    typer.echo()
    for line in waits_for(view, missing, workers):
        show_line(copyable(of(line)))
    for text in not_counted:
        show_line(say("数えない承認: ", "does not count: ") + of(text))


def _head(view: OperationView) -> None:
    row = view.row
    kind = word(TITLES, row.kind, LANG)
    reason = "" if row.reason is None else f" — {of(row.reason)}"
    show_line(f"{row.id} {kind} {row.subject}".rstrip())
    show_line(say("状態: ", "status: ") + word(OPERATIONS, row.status, LANG) + reason)
    show_line(say("計画: ", "planned: ") + f"{row.planned_by} {local(row.planned_at)}")
    show_line(f"SHA-256: {row.plan_sha256}")
    if row.began_at is not None:
        ended = "" if row.ended_at is None else local(row.ended_at)
        show_line(say("実行: ", "ran: ") + f"{local(row.began_at)} – {ended}")
    elif row.ended_at is None:
        forecast_lines(view)


def forecast_lines(view: OperationView) -> None:
    """When it would be done, begun now, and whom its window would miss."""
    from moyai.planning.fleet.forecast import forecast  # only what has not begun is foreseen

    found = forecast(view.plan, view.now)
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
    for subject in missing[:_SUBJECTS]:
        found.append(
            Text(
                f"承認待ち: moyai operation approve {row.id} {subject}",
                f"wants approval: moyai operation approve {row.id} {subject}",
            )
        )
    held = [wave.number for wave in view.waves if wave.status == "held"]
    if row.status in ("held", "failed"):
        found.append(
            Text(
                f"失敗の内容: moyai operation report {row.id}。直したら moyai operation retry {row.id}",
                f"what failed: moyai operation report {row.id}; mended: moyai operation retry {row.id}",
            )
        )
    for number in held if row.status == "held" else ():
        found.append(
            Text(
                f"失敗のまま進める: moyai operation resume {row.id} --wave {number}",
                f"on in spite of it: moyai operation resume {row.id} --wave {number}",
            )
        )
    if row.kind == "edit" and row.wanted == "pause" and row.ended_at is None:
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


def _alive(workers: int) -> Text:
    return Text(f"動いているワーカー: {workers}", f"workers running: {workers}")


NO_WORKER = Text(
    "動いているワーカーがありません。moyai worker で動かしてください。",
    "No worker is running: start one with moyai worker.",
)


def show_planned(view: OperationView, workers: int, output: Output) -> None:
    """A new operation."""
    if output is not Output.TABLE:
        show_operation(view, (), workers, output)
        return
    bodies = len(view.bodies)
    typer.echo(
        say(
            f"{view.row.id} を登録しました（{bodies} 団体）。",
            f"{view.row.id} is on record ({bodies} {'body' if bodies == 1 else 'bodies'}).",
        )
    )
    if not workers:
        show_line(copyable(of(NO_WORKER)))
    # Imported where a plan was made: signatures bring their libraries along, which a list does without.
    from moyai.operations.fleet.approving import asks_for

    asked = asks_for(view.plan)
    if asked:
        typer.echo(
            say(
                "計画した人とは別の承認者の承認が要ります。",
                "Another person than the planner has to approve it.",
            )
        )
    approvals = [f"operation approve {view.row.id} {subject}" for subject in asked]
    if len(asked) > _SUBJECTS:
        approvals = [f"operation approve {view.row.id} --everything"]
    show_next(*approvals, f"operation watch {view.row.id}", f"operation report {view.row.id}")


def show_done(operation: str | None, said: Text, output: Output) -> None:
    """What was done with an operation."""
    if output is Output.TABLE:
        show_line(of(said))
    else:
        document({"operation": operation, "said": of(said)}, output)


def show_to_sign(operation: str, subject: str, line: str, output: Output) -> None:
    """The line that an approver signs elsewhere."""
    if output is not Output.TABLE:
        document({"operation": operation, "subject": subject, "line": line}, output)
        return
    typer.echo(line)
    hint = say(
        "次のように署名できます（KEY は承認者の秘密鍵）:",
        "It is signed so (KEY is the approver's private key):",
    )
    typer.echo(hint, err=True)
    for command in (
        f"moyai operation approve {operation} {subject} --line > approval.txt",
        "ssh-keygen -Y sign -n moyai-approval@1 -f KEY < approval.txt > approval.sig",
        f"moyai operation approve {operation} {subject} --signature approval.sig --signed approval.txt",
    ):
        typer.echo(f"  {command}", err=True)


def show_debts(found: Sequence[DebtRow], output: Output) -> None:
    """Work that is owed."""
    records = [
        {
            "code": one.code,
            "kind": one.kind if output is not Output.TABLE else word(TITLES, one.kind, LANG),
            "subject": one.subject,
            "operation": one.operation,
            "reason": of(one.reason),
            "settled_by": copyable(of(_settles(one)))
            if output is Output.TABLE
            else of(_settles(one)),
            "opened_at": local(one.opened_at) if output is Output.TABLE else utc(one.opened_at),
        }
        for one in found
    ]
    columns = [
        Column("code", say("コード", "code")),
        Column("kind", say("種類", "kind")),
        Column("subject", say("対象", "subject")),
        Column("operation", say("一斉作業", "operation")),
        Column("opened_at", say("いつから", "since")),
        Column("reason", say("理由", "reason")),
        Column("settled_by", say("行うには", "to settle it")),
    ]
    if output is Output.TABLE and not records:
        typer.echo(say("残っている作業はありません。", "Nothing is owed."))
        return
    listing(records, columns, output)


def _settles(debt: DebtRow) -> Text:
    from moyai.planning.fleet.debts import what_settles  # brings releases and the registry along

    return what_settles(debt.kind, debt.subject, debt.code, debt.operation)


def counts_line(counts: Mapping[str, int]) -> str:
    """How bodies stand, in the order of the statuses: `done 3, failed 1`."""
    return ", ".join(
        f"{word(BODIES, status, LANG)} {counts[status]}" for status in BODIES if status in counts
    )


def _wave_for_people(view: OperationView, wave: WaveRow) -> Record:
    record = wave_record(wave, view.bodies)
    counts = {body.status: 0 for body in view.bodies if body.wave == wave.number}
    for body in view.bodies:
        if body.wave == wave.number:
            counts[body.status] += 1
    return {
        **record,
        "status": word(WAVES, wave.status, LANG),
        "counts": counts_line(counts),
        "soak_until": local(wave.soak_until),
    }


def _body_for_people(body: BodyRow) -> Record:
    record = body_record(body)
    return {
        **record,
        "status": word(BODIES, body.status, LANG),
        "why": record["error"] or record["waits"],
    }


def local(moment: datetime | None) -> str | None:
    """A moment in Japan, to the minute."""
    return None if moment is None else moment.astimezone(JAPAN).strftime("%m-%d %H:%M")


_WAVE_COLUMNS = [
    Column("number", say("適用枠", "wave")),
    Column("name", say("名前", "name")),
    Column("status", say("状態", "status"), WAVE_STYLES),
    Column("counts", say("団体", "bodies")),
    Column("soak_until", say("安定確認", "soaks until")),
    Column("reason", say("理由", "reason")),
]
_BODY_COLUMNS = [
    Column("code", say("コード", "code")),
    Column("name", say("団体", "body")),
    Column("wave", say("適用枠", "wave")),
    Column("status", say("状態", "status"), BODY_STYLES),
    Column("step", say("手順", "step")),
    Column("attempts", say("回", "attempts")),
    Column("why", say("理由", "reason")),
]
_BODY_COLUMNS_CSV = [
    Column(key, key)
    for key in (
        "code",
        "name",
        "wave",
        "status",
        "step",
        "attempts",
        "error",
        "touched",
        "remedy",
        "waits",
        "worker",
        "began_at",
        "ended_at",
    )
]
