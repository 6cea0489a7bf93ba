"""moyai cost allocate|explain|compare|rows|close PERIOD, and verify."""

from __future__ import annotations

from typing import Annotated

import typer

from moyai.errors import ExitCode
from moyai.operations.costs.budgets import allocation
from moyai.operations.costs.explanation import explanation
from moyai.operations.costs.periods import close, comparison, rows, verification
from moyai.operations.costs.sources import kept_sources
from moyai_cli.commands.cost_options import PeriodName, Wait
from moyai_cli.language import say
from moyai_cli.options import File, Format, SiteName
from moyai_cli.render import Output, aside
from moyai_cli.views.cost_changes import show_compared
from moyai_cli.views.cost_explained import show_explained
from moyai_cli.views.cost_periods import (
    show_allocated,
    show_closed,
    show_kept,
    show_rows,
    show_verified,
)

app = typer.Typer(add_completion=False)


@app.command("allocate")
def allocate_(
    period: PeriodName, file: File = None, site: SiteName = "sandbox", output: Format = Output.TABLE
) -> None:
    """What no rule caught comes first."""
    show_allocated(allocation(file, site, period), output)


@app.command("explain")
def explain_(
    period: PeriodName,
    body: Annotated[str, typer.Argument(help=say("コードか slug", "Code or slug"))],
    yen: Annotated[
        int, typer.Option("--yen", min=1, help=say("何円目か", "Which of its yen, from 1"))
    ] = 1,
    line: Annotated[
        int | None,
        typer.Option(
            "--line",
            min=1,
            help=say(
                "何行目の明細か。内訳書の各区分を通して数える（マイナスの行も）",
                "Which of its lines, from 1 through all sections of the statement; of any sign",
            ),
        ),
    ] = None,
    file: File = None,
    site: SiteName = "sandbox",
    output: Format = Output.TABLE,
) -> None:
    """From the statement's line back to the row."""
    show_explained(explanation(file, site, period, body, yen, line), output)


@app.command("compare")
def compare_(
    period: PeriodName,
    rules: Annotated[
        str,
        typer.Option(
            "--rules", help=say("比べる規程か提案の名前", "Of the other rule set, or a proposal")
        ),
    ],
    file: File = None,
    site: SiteName = "sandbox",
    output: Format = Output.TABLE,
) -> None:
    """Who gains, who loses, and by how much."""
    show_compared(comparison(file, site, period, rules), output)


@app.command("rows")
def rows_(
    period: PeriodName,
    by: Annotated[
        list[str] | None,
        typer.Option("--by", help=say("列。例 ServiceName、Tags.env", "A column: Tags.env")),
    ] = None,
    file: File = None,
    site: SiteName = "sandbox",
    output: Format = Output.TABLE,
) -> None:
    """In their own currencies."""
    columns = by or ["ServiceName"]
    show_rows(rows(file, site, period, columns), columns, output)


@app.command("verify")
def verify_(file: File = None, site: SiteName = "sandbox", output: Format = Output.TABLE) -> None:
    """Byte for byte; and every file as it was imported."""
    kept = kept_sources(file, site)
    with aside(output):
        show_kept(kept)
    found = verification(file, site)
    show_verified(found, output)
    if kept.lost or not all(one.same for one in found):
        raise typer.Exit(ExitCode.FAILED)


@app.command("close")
def close_(
    period: PeriodName,
    file: File = None,
    site: SiteName = "sandbox",
    wait: Wait = 0.0,
    output: Format = Output.TABLE,
) -> None:
    """Refused over cost that nobody bears."""
    with aside(output):
        made = close(file, site, period, wait)
    show_closed(made, output)
