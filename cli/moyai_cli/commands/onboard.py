"""moyai onboard."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from moyai.errors import MoyaiError
from moyai.operations.deploys.onboarding import prepare
from moyai.operations.deploys.plan import ByHand, Wish
from moyai.operations.deploys.status import statuses
from moyai.operations.deploys.welcome import write_sheets
from moyai.operations.site.places import find_registry_file
from moyai.operations.site.session import Session, open_session
from moyai.planning.plans import Plan
from moyai.registry.edit import TenantAdded
from moyai.texts import Text
from moyai_cli.asking import ask
from moyai_cli.called import copyable
from moyai_cli.interrupts import saying
from moyai_cli.language import LANG, say
from moyai_cli.options import (
    AsOf,
    File,
    Format,
    Jobs,
    SiteName,
    Who,
    day_of,
    selector_of,
    services_of,
)
from moyai_cli.render import Column, Output, aside, listing
from moyai_cli.views.deploys import APPLIED, run_deploy
from moyai_cli.views.plans import show_plan
from moyai_cli.views.tenants import show_added

app = typer.Typer(add_completion=False)

_COLUMNS = [
    Column(key, key)
    for key in ("code", "slug", "name", "site", "status", "releases", "reasons", "welcome_sheet")
]


@app.command(
    help=say(
        "団体を導入する: 足りなければ追加し、示し、構築し、移行し、点検し、案内書を書く。",
        "Onboard bodies: add where needed, show, build, migrate, check, write welcome sheets.",
    )
)
def onboard(
    selector: Annotated[
        list[str],
        typer.Argument(
            help=say(
                "団体: コード、slug、all、service:…、tag:…、not …、and、or。"
                "tenants.yaml にないコードは追加する",
                "Bodies: codes, slugs, all, service:…, tag:…, not …, and, or; "
                "codes that tenants.yaml lacks are added",
            )
        ),
    ],
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
    who: Who = None,
    output: Format = Output.TABLE,
) -> None:
    """Everything again goes on from where it was."""
    path = find_registry_file(file)
    day = day_of(as_of)
    wish = Wish(selector_of(selector), day, check=True)
    with aside(output):
        session = prepare(path, site, services_of(service, day), wish, _Terminal(yes), who)
    try:
        with aside(output):
            run_deploy(session, wish, Output.TABLE, jobs, by=ByHand("onboard", who))
    except MoyaiError:
        if output is not Output.TABLE:
            _list(open_session(path, site), wish, {}, output)
        again = copyable(f"moyai onboard {shlex.join(selector)}")
        typer.echo(
            say(
                f"案内書はまだ書いていません。続きは {again} で行います。",
                f"No welcome sheet is written yet; {again} goes on to it.",
            ),
            err=True,
        )
        raise
    with saying(APPLIED):
        session = open_session(path, site)
        sheets = write_sheets(session, wish.selector, day, LANG)
        if output is not Output.TABLE:
            _list(session, wish, sheets, output)
            return
        for sheet in sheets.values():
            typer.echo(say(f"案内書: {sheet}", f"Welcome sheet: {sheet}"))


def _list(session: Session, wish: Wish, sheets: Mapping[str, Path], output: Output) -> None:
    """Every body that was to be onboarded, and how it stands now."""
    records = [
        {
            "code": one.code,
            "slug": one.slug,
            "name": one.name,
            "site": one.site,
            "status": one.status,
            "releases": dict(one.releases),
            "reasons": [reason.of(LANG) for reason in one.reasons],
            "welcome_sheet": str(sheets[one.code]) if one.code in sheets else None,
        }
        for one in statuses(session, wish.selector, wish.day)
    ]
    listing(records, _COLUMNS, output)


class _Terminal:
    """Who sits at the terminal."""

    def __init__(self, agreed: bool) -> None:
        self._agreed = agreed

    def sees_added(self, added: TenantAdded) -> None:
        """Show the new lines."""
        show_added(added, Output.TABLE)

    def agrees(self, plan: Plan) -> None:
        """Show the plan, and ask unless `--yes` was said."""
        show_plan(plan, Output.TABLE)
        if not self._agreed:
            ask(say("導入しますか", "Onboard?"), default=True)

    def sees_withdrawn(self, told: Text) -> None:
        """Say whether the file is as it was."""
        typer.echo(told.of(LANG), err=True)
