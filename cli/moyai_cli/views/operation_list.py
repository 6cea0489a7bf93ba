"""Operations listed, for people and for programs. No plan is needed for it, so that a list comes at once."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import typer

from moyai.operations.database.rows import BodyRow, OperationRow, WaveRow
from moyai.planning.fleet.kind_names import TITLES
from moyai.planning.fleet.status_words import owed, word
from moyai_cli.called import copyable
from moyai_cli.language import LANG, of, say
from moyai_cli.render import Column, Output, Record, listing, show_json
from moyai_cli.views.operation_next import still_owed
from moyai_cli.views.operation_records import operation_record, whole_record
from moyai_cli.views.operation_words import OPERATION_STYLES, counts_line, local, status_of
from moyai_cli.views.reach import reach_in_short, reach_record

if TYPE_CHECKING:
    from moyai.planning.fleet.reaching import EndsBefore

Entries = Mapping[str, tuple[tuple[WaveRow, ...], tuple[BodyRow, ...]]]


def show_list(
    rows: Sequence[OperationRow],
    whole: Entries,
    output: Output,
    early: Mapping[str, EndsBefore] | None = None,
) -> None:
    """Operations, the newest first. `whole`: their waves and bodies, for JSON. `early`: of those whose
    approvals run out before what waits is done."""
    early = early or {}
    if output is Output.JSON:
        records = [
            whole_record(row, *whole[row.id])
            | {"approval_ends_before": reach_record(early.get(row.id))}
            for row in rows
        ]
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
    listing([_for_people(row, early.get(row.id)) for row in rows], columns, output)


def _for_people(row: OperationRow, early: EndsBefore | None) -> Record:
    record = operation_record(row)
    if early is not None:
        said = (record["reason"], reach_in_short(early))
        record["reason"] = " / ".join(str(one) for one in said if one)
    if row.reason is None and row.status == "done" and owed(row.counts):
        record["reason"] = copyable(of(still_owed(row)))
    return {
        **record,
        "kind": word(TITLES, row.kind, LANG),
        "status": status_of(row),
        "counts": counts_line(row.counts),
        "planned_at": local(row.planned_at),
    }
