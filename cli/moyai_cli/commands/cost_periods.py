"""moyai cost allocate|explain|compare|close PERIOD."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from moyai.costs.documents.write import Kind
from moyai.errors import ExitCode
from moyai.operations.cost_budgets import allocation
from moyai.operations.cost_documents import Asked, report, statements
from moyai.operations.cost_periods import close, comparison, explanation, rows, verification
from moyai_cli.commands.cost_options import PeriodName, Wait
from moyai_cli.language import LANG, say
from moyai_cli.options import File, Format, Selector, SiteName, day_of, selector_of
from moyai_cli.render import Output, aside
from moyai_cli.views.cost_periods import (
    show_allocated,
    show_closed,
    show_compared,
    show_explained,
    show_reported,
    show_rows,
    show_verified,
    show_written,
)

app = typer.Typer(add_completion=False)


@app.command(
    "allocate",
    help=say(
        "期間の費用を規則どおりに按分して示す（何も変えない）。",
        "Share a period's costs by the rules and show it; changes nothing.",
    ),
)
def allocate_(
    period: PeriodName, file: File = None, site: SiteName = "sandbox", output: Format = Output.TABLE
) -> None:
    """What no rule caught comes first."""
    show_allocated(allocation(file, site, period), output)


@app.command(
    "explain",
    help=say(
        "団体が負担する 1 円が、どのファイルのどの行から来たかを示す。",
        "Show which line of which file one yen of a body comes from.",
    ),
)
def explain_(
    period: PeriodName,
    body: Annotated[str, typer.Argument(help=say("コードか slug", "Code or slug"))],
    yen: Annotated[
        int, typer.Option("--yen", min=1, help=say("何円目か", "Which of its yen, from 1"))
    ] = 1,
    file: File = None,
    site: SiteName = "sandbox",
    output: Format = Output.TABLE,
) -> None:
    """From the statement's line back to the row."""
    show_explained(explanation(file, site, period, body, yen), output)


@app.command(
    "compare",
    help=say(
        "今の規則と別の規則で、各団体の負担を並べて示す。",
        "Show what each body bears by the present rules and by others, side by side.",
    ),
)
def compare_(
    period: PeriodName,
    rules: Annotated[
        str, typer.Option("--rules", help=say("比べる規則の名前", "The other rule set's name"))
    ],
    file: File = None,
    site: SiteName = "sandbox",
    output: Format = Output.TABLE,
) -> None:
    """Who gains, who loses, and by how much."""
    show_compared(comparison(file, site, period, rules), output)


@app.command(
    "rows",
    help=say(
        "期間の明細を列の値ごとに合計して示す（規則を書くときに）。",
        "Sum a period's rows by the values of columns, for writing rules.",
    ),
)
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


@app.command(
    "verify",
    help=say(
        "閉じた期間がすべて、閉じたときと同じ結果になるか確かめる。",
        "Reckon every closed period again and see that it comes out the same.",
    ),
)
def verify_(file: File = None, site: SiteName = "sandbox", output: Format = Output.TABLE) -> None:
    """Byte for byte."""
    found = verification(file, site)
    show_verified(found, output)
    if not all(one.same for one in found):
        raise typer.Exit(ExitCode.FAILED)


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


@app.command(
    "statement",
    help=say(
        "各団体の負担金内訳書と負担金請求書を書き出す。",
        "Write each body's statement and request.",
    ),
)
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
    found = statements(file, site, asked, selector_of(selector))
    show_written([(code, one) for code, files in found for one in files], output)


@app.command(
    "report",
    help=say(
        "事務局のための期間の概要を書き出す（図表、予算との対比）。",
        "Write the secretariat's overview of a period, with charts and budgets.",
    ),
)
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
    day = None if issued_on is None else day_of(issued_on)
    return Asked(period, folder, tuple(formats or Kind), LANG, day)


@app.command(
    "close",
    help=say(
        "期間を閉じる。以後の訂正は、開いている期間の精算になる。",
        "Close a period; later corrections become a settlement in an open one.",
    ),
)
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
