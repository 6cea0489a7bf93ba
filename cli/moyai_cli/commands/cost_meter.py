"""moyai cost meter."""

from __future__ import annotations

import typer

from moyai.operations.cost_metering import meter
from moyai.operations.session import open_session
from moyai_cli.commands.cost_options import PeriodName, Wait
from moyai_cli.language import say
from moyai_cli.options import File, Format, Selector, SiteName, selector_of
from moyai_cli.render import Output, aside
from moyai_cli.views.costs import tell
from moyai_cli.views.metering import show_metered

app = typer.Typer(add_completion=False)


@app.command(
    "meter",
    help=say(
        "団体の環境を計量し、期間の従量指標として台帳に記録する。",
        "Meter bodies' environments, and put it on record as a period's usage drivers.",
    ),
)
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
