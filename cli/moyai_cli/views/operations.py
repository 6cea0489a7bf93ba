"""One operation as a whole, for people and for programs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

import typer

from moyai.operations.database.rows import BodyRow, OperationRow, OperationView, WaveRow
from moyai.planning.fleet.kind_names import TITLES
from moyai.planning.fleet.status_words import BODIES, word
from moyai.planning.fleet.step_names import step_word
from moyai.texts import Text
from moyai_cli.called import copyable
from moyai_cli.language import LANG, of, say
from moyai_cli.render import Column, Output, Record, listing, show_json, show_line
from moyai_cli.views.diffs import show_diff
from moyai_cli.views.operation_next import forecast_lines, waits_for, worker_held_back
from moyai_cli.views.operation_plan_records import view_record
from moyai_cli.views.operation_records import (
    body_record,
    wave_record,
    whole_record,
)
from moyai_cli.views.operation_words import (
    BODY_STYLES,
    WAVE_STYLES,
    counts_line,
    local,
    status_of,
    wave_word,
    why_of,
)
from moyai_cli.views.reach import reach, reach_record, reach_said
from moyai_cli.views.whole_plan import foreseen, plan_lines

if TYPE_CHECKING:
    from moyai.planning.fleet.forecast import Forecast


def show_operation(
    view: OperationView,
    missing: Sequence[str],
    workers: int,
    output: Output,
    not_counted: Sequence[Text] = (),
    differs: Sequence[Text] = (),
    idle: Sequence[Text] = (),
) -> None:
    """One operation as it stands; for people with its plan and what it waits for. `not_counted`: why approvals
    on record do not count. `differs`: what the plan says otherwise than tenants.yaml. `idle`: why workers
    begin nothing."""
    if output is Output.JSON:
        record = {
            **view_record(view, missing),
            "approvals_not_counted": [of(text) for text in not_counted],
            "differs_from_file": [of(text) for text in differs],
            "workers": workers,
            "workers_held_back": [of(text) for text in idle],
            "approval_ends_before": reach_record(reach(view, missing)),
        }
        show_json(json.dumps(record, ensure_ascii=False, indent=2))
        return
    if output is Output.CSV:
        listing([body_record(body) for body in view.bodies], _BODY_COLUMNS_CSV, output)
        return
    ahead = foreseen(view)
    _head(view, ahead)
    if len(view.waves) > 1 or any(wave.reason for wave in view.waves):
        typer.echo()
        listing([_wave_for_people(view, wave) for wave in view.waves], _WAVE_COLUMNS, output)
    diff = view.plan.parameters.get("diff")
    if isinstance(diff, Sequence):
        typer.echo()
        show_diff(map(str, diff))
    typer.echo()
    for said in plan_lines(view.plan, differs, ahead):
        show_line(said)
    typer.echo()
    listing([_body_for_people(body) for body in view.bodies], _BODY_COLUMNS, output)
    typer.echo()
    for line in waits_for(view, missing, workers):
        show_line(copyable(of(line)))
    for warning in reach_said(reach(view, missing), view.plan, view.row.id):
        show_line(warning)
    for why in idle:
        show_line(of(worker_held_back(why)))
    for text in not_counted:
        show_line(say("数えない承認: ", "does not count: ") + of(text))


def show_without_plan(
    row: OperationRow, waves: Sequence[WaveRow], bodies: Sequence[BodyRow], output: Output
) -> None:
    """One whose plan cannot be read: how it and its bodies stand, and what was not taken back."""
    if output is Output.JSON:
        show_json(json.dumps(whole_record(row, waves, bodies), ensure_ascii=False, indent=2))
    elif output is Output.CSV:
        listing([body_record(body) for body in bodies], _BODY_COLUMNS_CSV, output)
    else:
        _head_of(row)
        typer.echo()
        listing([_body_for_people(body) for body in bodies], _BODY_COLUMNS, output)
        for body in bodies:
            touched = body_record(body)["touched"]
            if touched and body.status == "held":
                show_line(f"{body.code}: {touched}")


def _head_of(row: OperationRow) -> None:
    kind = word(TITLES, row.kind, LANG)
    reason = "" if row.reason is None else f" — {of(row.reason)}"
    show_line(f"{row.id} {kind} {row.subject}".rstrip())
    show_line(say("状態: ", "status: ") + status_of(row) + reason)
    show_line(say("計画: ", "planned: ") + f"{row.planned_by} {local(row.planned_at)}")
    show_line(f"SHA-256: {row.plan_sha256}")


def _head(view: OperationView, ahead: Forecast | None) -> None:
    row = view.row
    _head_of(row)
    if row.began_at is not None:
        ended = "" if row.ended_at is None else local(row.ended_at)
        show_line(say("実行: ", "ran: ") + f"{local(row.began_at)} – {ended}")
    elif ahead is not None:
        forecast_lines(view, ahead)


def _wave_for_people(view: OperationView, wave: WaveRow) -> Record:
    record = wave_record(wave, view.bodies)
    counts = {body.status: 0 for body in view.bodies if body.wave == wave.number}
    for body in view.bodies:
        if body.wave == wave.number:
            counts[body.status] += 1
    return {
        **record,
        "status": wave_word(view, wave),
        "counts": counts_line(counts),
        "soak_until": local(wave.soak_until),
    }


def _body_for_people(body: BodyRow) -> Record:
    record = body_record(body)
    return {
        **record,
        "status": word(BODIES, body.status, LANG),
        "step": "" if body.step is None else of(step_word(body.step)),
        "why": why_of(body),
    }


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
