"""moyai onboard."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from moyai.errors import NOTHING_TOUCHED, UsageError
from moyai.operations.deploy import Wish, refuse_exceeded
from moyai.operations.plan import make_plan
from moyai.operations.session import open_session
from moyai.operations.tenants import Additions
from moyai.operations.welcome import write_sheets
from moyai.operations.workspace import find_registry_file
from moyai.registry import require
from moyai.registry.edit import NewTenant
from moyai.texts import Text
from moyai_cli.asking import ask
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
    additions = Additions(path)
    selector = " ".join(codes)
    try:
        _add(additions, path, codes, services)
        session = open_session(path, site)
        made = make_plan(session.workspace, session.state, selector, day, check=True)
        show_plan(made, Output.TABLE)
        refuse_exceeded(made)
        if not yes:
            ask(say("導入しますか", "Onboard?"), default=True)
    except BaseException:
        told = additions.withdraw()
        if told is not None:
            typer.echo(told.of(LANG), err=True)
        raise
    run_deploy(session, Wish(selector, day, check=True), Output.TABLE, jobs)
    for sheet in write_sheets(open_session(path, site), selector, day, LANG):
        typer.echo(say(f"案内書: {sheet}", f"Welcome sheet: {sheet}"))


def _add(
    additions: Additions, path: Path, codes: list[str], services: tuple[tuple[str, str], ...]
) -> None:
    """Add the bodies that the file does not have, and show what was added."""
    registry = require(path)
    known = [code for code in codes if registry.tenant(code) is not None]
    if known and services:
        names = ", ".join(known)
        raise UsageError(
            Text(
                f"{names} はもう {path.name} にあります。--service は加える団体にだけ使えます。",
                f"{names}: already in {path.name}; --service is for bodies to be added.",
            ),
            touched=NOTHING_TOUCHED,
            remedy=Text(
                f"サービスは {path.name} に書き足してください。",
                f"Write the services into {path.name}.",
            ),
        )
    for code in codes:
        if code not in known:
            show_added(additions.add(NewTenant(code, services=services)))
