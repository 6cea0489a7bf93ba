"""moyai cost export PERIOD --to FILE."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from moyai.costs.documents.focus import FocusVersion
from moyai.operations.costs.export import export
from moyai_cli.commands.cost_options import PeriodName
from moyai_cli.language import say
from moyai_cli.options import File, Format, SiteName
from moyai_cli.render import Output
from moyai_cli.views.cost_documents import show_exported

app = typer.Typer(add_completion=False)


@app.command("export")
def export_(
    period: PeriodName,
    target: Annotated[
        Path, typer.Option("--to", help=say("書き出すファイル", "The file to write"))
    ],
    version: Annotated[
        FocusVersion, typer.Option("--focus-version", help=say("FOCUS の版", "Version of FOCUS"))
    ] = FocusVersion.V1_3,
    file: File = None,
    site: SiteName = "sandbox",
    output: Format = Output.TABLE,
) -> None:
    """One row for each payer, rule and line."""
    show_exported(export(file, site, period, target, version), output)
