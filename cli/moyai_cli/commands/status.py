"""moyai status."""

from __future__ import annotations

import typer

from moyai.operations.deploys.status import statuses
from moyai.operations.site.session import open_session
from moyai_cli.language import say
from moyai_cli.options import AsOf, File, Format, Selector, SiteName, day_of, selector_of
from moyai_cli.render import Output
from moyai_cli.views.statuses import show_statuses

app = typer.Typer(add_completion=False)


@app.command(help=say("各団体の状態を示す。", "Show each body's status."))
def status(
    selector: Selector = None,
    file: File = None,
    site: SiteName = "sandbox",
    as_of: AsOf = None,
    output: Format = Output.TABLE,
) -> None:
    """From records and checkpoints: reads nothing live, starts nothing."""
    session = open_session(file, site)
    found = statuses(session, selector_of(selector), day_of(as_of))
    show_statuses(found, output)
