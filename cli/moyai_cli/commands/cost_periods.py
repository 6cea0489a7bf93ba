"""moyai cost allocate|explain|compare|close PERIOD."""

from __future__ import annotations

from typing import Annotated

import typer

from moyai.operations.cost_periods import allocation, close, comparison, explanation
from moyai_cli.language import say
from moyai_cli.options import File, Format, SiteName
from moyai_cli.render import Output, aside
from moyai_cli.views.cost_periods import (
    show_allocation,
    show_closed,
    show_compared,
    show_explained,
)

app = typer.Typer(add_completion=False)

Period = Annotated[str, typer.Argument(help=say("期間（例 2026-04）", "Period, such as 2026-04"))]
Wait = Annotated[
    float,
    typer.Option(
        "--wait",
        min=0,
        help=say(
            "ほかの人が台帳に書いているとき、終わりを待つ秒数",
            "Seconds to wait while somebody else writes the ledger",
        ),
    ),
]


@app.command(
    "allocate",
    help=say(
        "期間の費用を規則どおりに按分して示す（何も変えない）。",
        "Share a period's costs by the rules and show it; changes nothing.",
    ),
)
def allocate_(
    period: Period, file: File = None, site: SiteName = "sandbox", output: Format = Output.TABLE
) -> None:
    """What no rule caught comes first."""
    show_allocation(allocation(file, site, period), output)


@app.command(
    "explain",
    help=say(
        "団体が負担する 1 円が、どのファイルのどの行から来たかを示す。",
        "Show which line of which file one yen of a body comes from.",
    ),
)
def explain_(
    period: Period,
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
    period: Period,
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
    "close",
    help=say(
        "期間を閉じる。以後の訂正は、開いている期間の精算になる。",
        "Close a period; later corrections become a settlement in an open one.",
    ),
)
def close_(
    period: Period,
    file: File = None,
    site: SiteName = "sandbox",
    wait: Wait = 0.0,
    output: Format = Output.TABLE,
) -> None:
    """Refused over cost that nobody bears."""
    with aside(output):
        made = close(file, site, period, wait)
    show_closed(made, output)
