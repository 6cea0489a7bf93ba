"""moyai cost blend|reprice|sensitivity|forecast."""

from __future__ import annotations

from typing import Annotated

import typer

from moyai.operations.costs.analysis import blends, sensitivity
from moyai.operations.costs.forecast import foresee
from moyai.operations.costs.joining import reprice
from moyai_cli.commands.cost_options import PeriodName
from moyai_cli.language import say
from moyai_cli.options import File, Format, SiteName
from moyai_cli.render import Output
from moyai_cli.views.cost_analysis import (
    show_blends,
    show_sensitive,
)
from moyai_cli.views.cost_changes import show_repriced
from moyai_cli.views.cost_forecast import show_foreseen

app = typer.Typer(add_completion=False)


@app.command("blend")
def blend_(
    period: PeriodName,
    within: Annotated[
        str, typer.Option("--within", help=say("今との差の上限（%）", "At most so many percent"))
    ] = "10",
    step: Annotated[
        int | None,
        typer.Option(
            "--step",
            min=1,
            max=100,
            help=say(
                "割合の刻み（%）。100 を割り切る数（5、10、20、25、50 など）。省けば、鍵の数に応じて 5 以上",
                "Steps in percent that divide 100, such as 5, 10, 20, 25, 50; 5 or more by the number "
                "of keys if left out",
            ),
        ),
    ] = None,
    keys: Annotated[
        list[str] | None,
        typer.Option(
            "--key",
            help=say(
                "配合の鍵: equal、population、population:0.585、usage:指標、direct"
                "（省けば均等・人口と、今の規則の鍵）",
                "Key: equal, population, population:0.585, usage:DRIVER, direct; equal, population "
                "and those of the present rules if left out",
            ),
        ),
    ] = None,
    show: Annotated[int, typer.Option("--show", min=1, help=say("示す数", "How many to show"))] = 5,
    file: File = None,
    site: SiteName = "sandbox",
    output: Format = Output.TABLE,
) -> None:
    """The nearest first; the nearest of all where none holds."""
    show_blends(blends(file, site, period, within, step, keys or ()), show, output)


@app.command("reprice")
def reprice_(
    period: PeriodName,
    joining: Annotated[
        str,
        typer.Option(
            "--joining", help=say("加わる団体（コンマ区切り）", "Who joins, with commas between")
        ),
    ],
    service: Annotated[str, typer.Option("--service", help=say("サービス", "The service"))],
    file: File = None,
    site: SiteName = "sandbox",
    output: Format = Output.TABLE,
) -> None:
    """By the period's own rules and rows."""
    show_repriced(reprice(file, site, period, joining, service), output)


@app.command("sensitivity")
def sensitivity_(
    period: PeriodName,
    rates: Annotated[
        list[str], typer.Option("--rate", help=say("為替レート（円）", "Yen for one unit"))
    ],
    currency: Annotated[str, typer.Option("--currency", help=say("通貨", "The currency"))] = "USD",
    file: File = None,
    site: SiteName = "sandbox",
    output: Format = Output.TABLE,
) -> None:
    """The federation's sum first."""
    show_sensitive(sensitivity(file, site, period, currency, rates), output)


@app.command("forecast")
def forecast_(
    months: Annotated[
        int, typer.Option("--months", min=1, max=12, help=say("先の月数", "How many months"))
    ] = 6,
    file: File = None,
    site: SiteName = "sandbox",
    output: Format = Output.TABLE,
) -> None:
    """With the method's name and its error on past months."""
    show_foreseen(foresee(file, site, months), output)
