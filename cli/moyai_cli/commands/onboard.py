"""moyai onboard."""

from __future__ import annotations

from typing import Annotated

import typer

from moyai.operations.deploy import Wish
from moyai.operations.plan import make_plan
from moyai.operations.session import open_session
from moyai.operations.tenants import add
from moyai.operations.welcome import write_sheets
from moyai.operations.workspace import find_registry_file
from moyai.registry import require
from moyai.registry.edit import NewTenant
from moyai_cli.commands.deploy import run_deploy
from moyai_cli.commands.plan import show_plan
from moyai_cli.commands.tenant import show_added
from moyai_cli.language import LANG, say
from moyai_cli.options import AsOf, File, Jobs, SiteName, day_of
from moyai_cli.render import Output

app = typer.Typer(add_completion=False)


@app.command(
    help=say(
        "団体を導入する: 足りなければ追加し、示し、構築し、移行し、点検し、案内書を書く。",
        "Onboard bodies: add where needed, show, build, migrate, check, write welcome sheets.",
    )
)
def onboard(
    codes: Annotated[list[str], typer.Argument(help=say("団体コード", "Codes"))],
    file: File = None,
    site: SiteName = "sandbox",
    service: Annotated[
        list[str] | None,
        typer.Option(
            help=say("追加する団体のサービス（=開始日）", "Services of bodies to add (=first-day)")
        ),
    ] = None,
    as_of: AsOf = None,
    jobs: Jobs = None,
    yes: Annotated[bool, typer.Option("--yes", help=say("確かめずに行う", "Do not ask"))] = False,
) -> None:
    """Everything again goes on from where it was."""
    path = find_registry_file(file)
    day = day_of(as_of)
    services = tuple(
        (name, first or day.isoformat())
        for name, _, first in (words.partition("=") for words in service or ())
    )
    for code in codes:
        if require(path).tenant(code) is None:
            show_added(add(path, NewTenant(code, services=services)))
    session = open_session(path, site)
    selector = " ".join(codes)
    show_plan(make_plan(session.workspace, session.state, selector, day), Output.TABLE)
    if not yes and not typer.confirm(say("導入しますか", "Onboard?"), default=True):
        raise typer.Exit
    run_deploy(session, Wish(selector, day), Output.TABLE, jobs)
    for sheet in write_sheets(open_session(path, site), selector, day, LANG):
        typer.echo(say(f"案内書: {sheet}", f"Welcome sheet: {sheet}"))
