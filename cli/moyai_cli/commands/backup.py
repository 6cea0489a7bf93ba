"""moyai backup."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from moyai.operations.database.backup_reading import backups
from moyai.operations.fleet.backing_up import KIND, plan_backup
from moyai.operations.fleet.backups import by_service
from moyai.operations.fleet.opening import open_office
from moyai.operations.fleet.submitting import Asked, submit, unseen
from moyai.operations.site.session import open_session
from moyai.planning.fleet.durations import Measured
from moyai.planning.fleet.plans import OperationPlan
from moyai.planning.selectors import select
from moyai_cli.language import say
from moyai_cli.options import (
    AsOf,
    File,
    Format,
    Selector,
    SiteName,
    UsedOn,
    Wait,
    Who,
    day_of,
    selector_of,
)
from moyai_cli.render import Output
from moyai_cli.views.backups import show_every, show_newest
from moyai_cli.views.submitted import show_submitted

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
    wait: Wait = False,
    who: Who = None,
    as_of: UsedOn = None,
    file: File = None,
    site: SiteName = "sandbox",
    output: Format = Output.TABLE,
) -> None:
    """Planned and put on record; a backup needs no approval."""
    asked, day = Asked(KIND, service or "", who), day_of(as_of)
    with open_office(file, site) as office:

        def plan(by: str, history: tuple[Measured, ...]) -> OperationPlan:
            session = open_session(office.workspace.registry.path, site)
            chosen = selector_of(selector)
            return plan_backup(session, chosen, day, service, by=by, history=history)

        show_submitted(office, submit(office, asked, plan, unseen), output, wait=wait)


@app.command(
    "list",
    help=say(
        "団体のサービスごとに、最新のバックアップと、復元を試したかを一覧する。バックアップのないものも示す。",
        "List each service's newest backup and whether a restore was tried; those without one, too.",
    ),
)
def list_(
    selector: Selector = None,
    service: Annotated[
        str | None, typer.Option("--service", help=say("このサービスだけ", "Only this service"))
    ] = None,
    every: Annotated[
        bool, typer.Option("--every", help=say("すべてのバックアップを示す", "Show every backup"))
    ] = False,
    as_of: AsOf = None,
    file: File = None,
    site: SiteName = "sandbox",
    output: Format = Output.TABLE,
) -> None:
    """From the operations database: what operations have made."""
    day = day_of(as_of)
    with open_office(file, site) as office, office.engine.connect() as connection:
        registry = office.workspace.registry
        bodies = select(registry, selector_of(selector), day)
        rows = backups(connection, [body.code for body in bodies])
    days = registry.operations.verified_restore_days
    found = by_service(bodies, rows, datetime.now(UTC), day, days)
    chosen = [one for one in found if service in (None, one.service)]
    (show_every if every else show_newest)(chosen, output)
