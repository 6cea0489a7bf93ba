"""Statements, reports and FOCUS rows that were written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import typer

from moyai.costs.analysis.sums import Elsewhere
from moyai.costs.documents.write import Written
from moyai.operations.costs.documents import Papers, Reported
from moyai.operations.costs.export import Exported
from moyai.texts import Text, visible
from moyai_cli.language import LANG, say
from moyai_cli.render import Column, Output, aside, listing, show_line
from moyai_cli.views.cost_budgets import note_budgets
from moyai_cli.views.cost_taxes import Amounts, marked, tax_sentence, taxes_shown, yen_heading


def show_statements(period: str, found: Sequence[Papers], output: Output) -> None:
    """The bodies' files, that they are provisional, and whose documents those of a former code are; what to
    look at goes to standard error, each thing once, and into JSON with each body's files."""
    notes = {one.code: [note.of(LANG) for note in one.notes] for one in found}
    _show_written([(one.code, file) for one in found for file in one.files], output, notes)
    with aside(output):
        _show_texts(found[0].marks if found else ())
        for one in found:
            for former in one.former:
                show_line(_borne_by(period, former, one))
    _note(note for one in found for note in one.notes)


def _show_texts(texts: Sequence[Text]) -> None:
    for one in texts:
        show_line(one.of(LANG))


def _note(notes: Iterable[Text]) -> None:
    """What to look at, each thing once, to standard error."""
    for note in dict.fromkeys(notes):
        typer.echo(visible(say("注意: ", "note: ") + note.of(LANG)), err=True)


def _borne_by(period: str, former: str, found: Papers) -> str:
    return say(
        f"注意: {former} の {period} の分は、合併先の {found.name}（{found.code}）が負担しています。"
        "書類は合併先のものです。",
        f"note: what {former} would bear of {period} is borne by {found.name} ({found.code}), "
        "whose it is now: the documents are that body's.",
    )


def _show_written(
    files: Sequence[tuple[str, Written]],
    output: Output,
    notes: Mapping[str, Sequence[str]] | None = None,
) -> None:
    """Files that were written, with their hashes. `notes`: code → what JSON says beside them."""
    columns = [
        Column("code", say("コード", "code")),
        Column("file", say("ファイル", "file")),
        Column("sha256", "sha256"),
    ]
    records: list[dict[str, object]] = [
        {"code": code, "file": str(one.path), "sha256": one.sha256} for code, one in files
    ]
    if notes is not None:
        records = [{**one, "notes": notes[str(one["code"])]} for one in records]
    listing(records, columns, output)


def show_reported(found: Reported, output: Output) -> None:
    """The overview's files, that it is provisional, and the budgets that are to be warned of."""
    _show_written([("", one) for one in found.files], output)
    with aside(output):
        _show_texts(found.marks)
        note_budgets(found.budgets, found.names, found.rules)
    _note(found.notes)


def show_exported(made: Exported, output: Output) -> None:
    """The file, and what its rows sum to, their tax included."""
    sums = made.reckoned.sums
    taxes = taxes_shown(made.reckoned)
    mark = Amounts.with_tax(taxes is not None)
    record = {
        "file": str(made.written.path),
        "focus_version": made.version.value,
        "rows": made.rows,
        "jpy": sum(sums.bodies.values()) + sum(sums.elsewhere.values()),
        "unallocated_jpy": sums.elsewhere[Elsewhere.UNALLOCATED],
        "tax": mark,
        "sha256": made.written.sha256,
    }
    columns = [
        Column("file", say("ファイル", "file")),
        Column("focus_version", "FOCUS"),
        Column("rows", say("行", "rows"), is_number=True),
        Column("jpy", yen_heading("合計", "yen", mark), is_number=True),
        Column("unallocated_jpy", marked(say("負担者なし", "unallocated"), mark), is_number=True),
        *([] if output is Output.TABLE else [Column("tax", "tax")]),
        Column("sha256", "sha256"),
    ]
    listing([record], columns, output)
    if output is Output.TABLE and taxes is not None:
        show_line(tax_sentence(taxes))
