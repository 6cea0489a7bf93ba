"""moyai onboard."""

from __future__ import annotations

from typing import Annotated

import typer

from moyai.operations.onboarding import prepare
from moyai.operations.plan import Wish
from moyai.operations.session import open_session
from moyai.operations.welcome import write_sheets
from moyai.operations.workspace import find_registry_file
from moyai.planning.plans import Plan
from moyai.registry.edit import TenantAdded
from moyai.texts import Text
from moyai_cli.asking import ask
from moyai_cli.language import LANG, say
from moyai_cli.options import AsOf, File, Jobs, SiteName, day_of, services_of
from moyai_cli.render import Output
from moyai_cli.views.deploys import run_deploy
from moyai_cli.views.plans import show_plan
from moyai_cli.views.tenants import show_added

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
    wish = Wish(" ".join(codes), day, check=True)
    session = prepare(path, site, codes, services_of(service, day), wish, _Terminal(yes))
    run_deploy(session, wish, Output.TABLE, jobs)
    for sheet in write_sheets(open_session(path, site), wish.selector, day, LANG):
        typer.echo(say(f"案内書: {sheet}", f"Welcome sheet: {sheet}"))


class _Terminal:
    """Who sits at the terminal."""

    def __init__(self, agreed: bool) -> None:
        self._agreed = agreed

    def sees_added(self, added: TenantAdded) -> None:
        """Show the new lines."""
        show_added(added)

    def agrees(self, plan: Plan) -> None:
        """Show the plan, and ask unless `--yes` was said."""
        show_plan(plan, Output.TABLE)
        if not self._agreed:
            ask(say("導入しますか", "Onboard?"), default=True)

    def sees_withdrawn(self, told: Text) -> None:
        """Say whether the file is as it was."""
        typer.echo(told.of(LANG), err=True)
