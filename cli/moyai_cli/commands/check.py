"""moyai check."""

from __future__ import annotations

from typing import Annotated

import typer

from moyai.operations.fleet.checking import KIND, plan_check
from moyai.operations.fleet.opening import open_office
from moyai.operations.fleet.submitting import Asked, submit, unseen
from moyai.planning.fleet.durations import Measured
from moyai.planning.fleet.plans import OperationPlan
from moyai_cli.language import say
from moyai_cli.options import (
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
from moyai_cli.views.submitted import show_submitted

app = typer.Typer(add_completion=False)


@app.command(
    "check",
    help=say(
        "団体のサービスが応答するか一斉に点検する。ワーカー（moyai worker）が行う。",
        "Check whether bodies' services answer. Workers (moyai worker) carry it out.",
    ),
)
def command(
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
    """Plan it, put it on record; a check needs no approval."""
    asked, day = Asked(KIND, service or "", who), day_of(as_of)
    with open_office(file, site) as office:

        def plan(by: str, history: tuple[Measured, ...]) -> OperationPlan:
            chosen = selector_of(selector)
            return plan_check(office.workspace, chosen, day, service, by=by, history=history)

        show_submitted(office, submit(office, asked, plan, unseen), output, wait=wait)
