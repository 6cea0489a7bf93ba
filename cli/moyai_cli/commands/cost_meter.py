"""moyai cost meter."""

from __future__ import annotations

import typer

from moyai.operations.costs.metering import meter
from moyai.operations.site.session import open_session
from moyai_cli.commands.cost_options import PeriodName, Wait
from moyai_cli.options import File, Format, Selector, SiteName, selector_of
from moyai_cli.render import Output, aside
from moyai_cli.views.costs import tell
from moyai_cli.views.metering import show_metered

app = typer.Typer(add_completion=False)


@app.command("meter")
def meter_(
    period: PeriodName,
    selector: Selector = None,
    file: File = None,
    site: SiteName = "sandbox",
    wait: Wait = 0.0,
    output: Format = Output.TABLE,
) -> None:
    """All that is selected, or nothing."""
    session = open_session(file, site)
    with aside(output):
        found = meter(session, period, selector_of(selector), wait, tell)
    show_metered(found, output)
