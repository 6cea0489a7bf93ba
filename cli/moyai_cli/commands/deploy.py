"""moyai deploy."""

from __future__ import annotations

from typing import Annotated

import typer

from moyai.operations.plan import Wish
from moyai.operations.session import open_session
from moyai_cli.language import say
from moyai_cli.options import (
    AllowOlder,
    AsOf,
    File,
    Format,
    Jobs,
    Selector,
    SiteName,
    day_of,
    selector_of,
)
from moyai_cli.render import Output
from moyai_cli.views.deploys import run_deploy

app = typer.Typer(add_completion=False)


@app.command(
    "deploy",
    help=say(
        "団体の環境を tenants.yaml のとおりにする。変わらないものは動かさない。",
        "Make the bodies' environments what tenants.yaml says. What has not changed does not run.",
    ),
)
def command(
    selector: Selector = None,
    file: File = None,
    site: SiteName = "sandbox",
    as_of: AsOf = None,
    output: Format = Output.TABLE,
    refresh: Annotated[
        bool,
        typer.Option("--refresh", help=say("先に現状を読む", "Read what is live first")),
    ] = False,
    allow_older: AllowOlder = False,
    wait: Annotated[
        float,
        typer.Option(
            min=0,
            max=86_400,
            help=say(
                "同じ団体への別の実行を待つ秒数", "Seconds to wait for another run on the same body"
            ),
        ),
    ] = 0.0,
    jobs: Jobs = None,
) -> None:
    """Plan, refuse what must be refused, run, report."""
    session = open_session(file, site)
    wish = Wish(selector_of(selector), day_of(as_of), refresh, allow_older)
    run_deploy(session, wish, output, jobs, wait)
