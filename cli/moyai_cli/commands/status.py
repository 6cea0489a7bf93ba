"""moyai status."""

from __future__ import annotations

import typer

from moyai.operations.deploys.status import statuses, with_those_in_hand
from moyai.operations.site.session import open_session
from moyai_cli.called import copyable
from moyai_cli.language import LANG, say
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
    """From records and checkpoints, and what operations have in hand: reads nothing live, starts nothing."""
    session = open_session(file, site)
    recorded = statuses(session, selector_of(selector), day_of(as_of))
    found, away = with_those_in_hand(session, recorded)
    show_statuses(found, output)
    if away is not None:
        typer.secho(copyable(away.of(LANG)), err=True)
