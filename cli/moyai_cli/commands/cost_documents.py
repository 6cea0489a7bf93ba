"""moyai cost statement|report PERIOD."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from moyai.costs.documents.write import Kind
from moyai.operations.costs.documents import Asked, report, statements
from moyai_cli.commands.cost_options import PeriodName
from moyai_cli.language import LANG, say
from moyai_cli.options import File, Format, Selector, SiteName, day_of, selector_of
from moyai_cli.render import Output
from moyai_cli.views.cost_documents import show_reported, show_statements

app = typer.Typer(add_completion=False)
Folder = Annotated[Path, typer.Option("--to", help=say("書き出すフォルダ", "Folder to write to"))]
Formats = Annotated[
    list[Kind] | None,
    typer.Option("--format", help=say("書式（省けば全部）", "Format; all if left out")),
]
IssuedOn = Annotated[
    str | None,
    typer.Option(
        "--issued-on",
        help=say(
            "発行日（省けば、閉じた日か今日）", "Day of issue; the closing's or today if left out"
        ),
    ),
]


@app.command("statement")
def statement_(
    period: PeriodName,
    selector: Selector = None,
    folder: Folder = Path("statements"),
    formats: Formats = None,
    issued_on: IssuedOn = None,
    file: File = None,
    site: SiteName = "sandbox",
    output: Format = Output.TABLE,
) -> None:
    """PDF, XLSX, CSV and HTML of one content."""
    asked = _asked(period, folder, formats, issued_on)
    show_statements(period, list(statements(file, site, asked, selector_of(selector))), output)


@app.command("report")
def report_(
    period: PeriodName,
    folder: Folder = Path("statements"),
    formats: Formats = None,
    issued_on: IssuedOn = None,
    file: File = None,
    site: SiteName = "sandbox",
    output: Format = Output.TABLE,
) -> None:
    """What no rule caught comes first."""
    asked = _asked(period, folder, formats, issued_on)
    show_reported(report(file, site, asked), output)


def _asked(period: str, folder: Path, formats: list[Kind] | None, issued_on: str | None) -> Asked:
    day = None if issued_on is None else day_of(issued_on, "--issued-on")
    return Asked(period, folder, tuple(formats or Kind), LANG, day)
