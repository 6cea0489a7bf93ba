"""moyai backup."""

from __future__ import annotations

from typing import Annotated

import typer

from moyai.operations.database.durations import measured
from moyai.operations.database.reader import open_reader
from moyai.operations.database.reading import shown, workers
from moyai.operations.fleet.backing_up import KIND, plan_backup
from moyai.operations.fleet.opening import open_office
from moyai.operations.fleet.people import require_bodies, who_plans
from moyai.operations.fleet.putting import put_on_record
from moyai.operations.session import open_session
from moyai_cli.language import say
from moyai_cli.options import AsOf, File, Format, Selector, SiteName, Who, day_of, selector_of
from moyai_cli.render import Output
from moyai_cli.views.operation_watch import follow_to_end
from moyai_cli.views.operations import show_planned

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    help=say("団体のデータをバックアップする。", "Back bodies' data up."),
)


@app.callback()
def group() -> None:
    """Backups are an operation of workers."""


@app.command(
    "run",
    help=say(
        "各団体のサービスをバックアップし、復元できることを試す。ワーカー（moyai worker）が行う。",
        "Back up bodies' services and try their restore. Workers (moyai worker) carry it out.",
    ),
)
def run(
    selector: Selector = None,
    service: Annotated[
        str | None, typer.Option("--service", help=say("このサービスだけ", "Only this service"))
    ] = None,
    wait: Annotated[
        bool, typer.Option("--wait", help=say("終わるまで見守る", "Follow it to its end"))
    ] = False,
    who: Who = None,
    as_of: AsOf = None,
    file: File = None,
    site: SiteName = "sandbox",
    output: Format = Output.TABLE,
) -> None:
    """Planned and put on record; a backup needs no approval."""
    day = day_of(as_of)
    with open_office(file, site) as office:
        registry = office.workspace.registry
        by = who_plans(registry, who, day)
        with office.engine.connect() as connection:
            history = measured(connection, KIND, service or "")
        session = open_session(registry.path, site)
        plan = plan_backup(
            session, selector_of(selector), day, service, by=by.email, history=history
        )
        require_bodies(by, registry, [body.code for body in plan.bodies], day)
        operation = put_on_record(office.engine, plan, None)
        if wait:
            with open_reader(registry.path, site) as reader:
                follow_to_end(reader.connect, operation, output)
            return
        with office.engine.connect() as connection:
            view, alive = shown(connection, operation), workers(connection)
    show_planned(view, alive, output)
