"""moyai operation list|show|watch|report|debts: what only reads. Starts fast: nothing of engine, cloud or
workers is imported for a list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from moyai.errors import NOTHING_TOUCHED, UsageError
from moyai.operations.database.epochs import behind
from moyai.operations.database.reader import open_reader
from moyai.operations.database.reading import (
    UnknownPlan,
    debts,
    entries,
    find,
    held_back,
    listed,
    shown,
    standing,
    workers,
)
from moyai.operations.database.rows import OperationRow
from moyai.planning.fleet.kind_names import NAMES
from moyai.texts import Text
from moyai_cli.language import LANG, of, say
from moyai_cli.options import File, Format, Operation, SiteName
from moyai_cli.render import Output, aside, show_line
from moyai_cli.views.behind import warn
from moyai_cli.views.operation_list import show_list
from moyai_cli.views.operation_next import worker_held_back
from moyai_cli.views.reach import reach

if TYPE_CHECKING:
    from psycopg import Connection

    from moyai.planning.fleet.reaching import EndsBefore

app = typer.Typer(add_completion=False)

_STATUSES = ("planned", "running", "paused", "held", "done", "failed", "cancelled", "expired")


def _require_known(option: str, given: Sequence[str], there_are: Sequence[str]) -> None:
    for one in given:
        if one not in there_are:
            known = ", ".join(there_are)
            raise UsageError(
                Text(
                    f"{option} に「{one}」はありません。あるもの: {known}",
                    f"{option}: there is no '{one}'; there are: {known}",
                ),
                touched=NOTHING_TOUCHED,
            )


@app.command("list")
def list_(
    kind: Annotated[
        str | None, typer.Option("--kind", help=say("この種類だけ", "Only of this kind"))
    ] = None,
    status: Annotated[
        list[str] | None,
        typer.Option("--status", help=say("この状態だけ（英語の名前）", "Only in this status")),
    ] = None,
    limit: Annotated[
        int, typer.Option("--limit", "-n", min=1, max=10_000, help=say("件数", "How many"))
    ] = 20,
    file: File = None,
    site: SiteName = "sandbox",
    output: Format = Output.TABLE,
) -> None:
    """The newest first; JSON has waves and bodies too."""
    _require_known("--kind", () if kind is None else (kind,), tuple(NAMES))
    _require_known("--status", status or (), _STATUSES)
    with open_reader(file, site) as reader, reader.connect() as connection:
        warn(behind(connection))
        rows = listed(connection, limit=limit, kind=kind, statuses=status or None)
        whole = entries(connection, [row.id for row in rows]) if output is Output.JSON else {}
        idle = held_back(connection)
        early = _early(connection, rows)
    show_list(rows, whole, output, early)
    with aside(output):
        for why in idle:
            show_line(of(worker_held_back(why)))


def _early(connection: Connection[Any], rows: Sequence[OperationRow]) -> Mapping[str, EndsBefore]:
    """Those whose approvals run out before what waits is done; only what has not ended is read for it."""
    found: dict[str, EndsBefore] = {}
    for row in rows:
        if row.ended_at is not None:
            continue
        with suppress(UnknownPlan):
            early = reach(shown(connection, row.id))
            if early is not None:
                found[row.id] = early
    return found


@app.command("show")
def show(
    operation: Operation = "last",
    file: File = None,
    site: SiteName = "sandbox",
    output: Format = Output.TABLE,
) -> None:
    """What is missing to go on is said below."""
    from moyai.operations.fleet.doubting import doubts
    from moyai.operations.fleet.opening import open_office
    from moyai_cli.views.operations import show_operation, show_without_plan

    with open_office(file, site) as office, office.engine.connect() as connection:
        warn(behind(connection))
        found = find(connection, operation)
        try:
            view = shown(connection, found)
        except UnknownPlan:
            waves, bodies = entries(connection, [found])[found]
            show_without_plan(standing(connection, found)[0], waves, bodies, output)
            raise
        alive, idle = workers(connection), held_back(connection)
        registry = office.workspace.registry
        differs = doubts(connection, view, registry)
    # Signatures are looked at here, and nowhere in a list: it brings the libraries that verify them.
    from moyai.operations.fleet.approving import missing, not_counted

    subjects = missing(view, registry)
    why_not = not_counted(view, registry, subjects)
    show_operation(view, subjects, alive, output, why_not, differs, idle)


@app.command("watch")
def watch(
    operation: Operation = "last",
    until_held: Annotated[
        bool | None,
        typer.Option(
            "--until-held/--until-ended",
            help=say(
                "保留になり進行中の団体がなくなったら、終了コード 6 でやめる／終わるまで続ける"
                "（既定は、端末なら続け、それ以外ならやめる）",
                "End with exit code 6 once it is held with no body in hand, or go on to its end (by default: "
                "go on at a terminal, else end)",
            ),
        ),
    ] = None,
    file: File = None,
    site: SiteName = "sandbox",
    output: Format = Output.TABLE,
) -> None:
    """Ctrl-C ends the watching only. One that waits for approval is waited for."""
    from moyai_cli.views.operation_watch import follow_to_end

    with open_reader(file, site) as reader:
        with reader.connect() as connection:
            found = find(connection, operation)
        follow_to_end(reader.connect, found, output, until_held=until_held)


@app.command("report")
def report(
    operation: Operation = "last",
    save: Annotated[
        Path | None,
        typer.Option(
            "--save", help=say("Markdown のファイルにも書く", "Write it to a Markdown file too")
        ),
    ] = None,
    file: File = None,
    site: SiteName = "sandbox",
    output: Format = Output.TABLE,
) -> None:
    """As it stands, while it runs too."""
    from moyai.operations.fleet.opening import open_office
    from moyai.operations.fleet.report_page import markdown
    from moyai.operations.fleet.reporting import report as read_report
    from moyai.operations.fleet.saving import save_text
    from moyai.operations.fleet.titles import step_titles
    from moyai_cli.views.operation_report import show_report

    with open_office(file, site) as office, office.engine.connect() as connection:
        found = find(connection, operation)
        titles = step_titles(office.workspace, shown(connection, found).plan)
        made = read_report(connection, found, office.workspace.registry, titles)
    if save is not None:
        save_text(save, markdown(made, LANG))
    show_report(made, output, save)


@app.command("debts")
def debts_(file: File = None, site: SiteName = "sandbox", output: Format = Output.TABLE) -> None:
    """Oldest first."""
    with open_reader(file, site) as reader, reader.connect() as connection:
        found = debts(connection)
    from moyai_cli.views.debts import show_debts  # brings releases and the registry along

    show_debts(found, output)
