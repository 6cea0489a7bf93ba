"""moyai cost …: what joint systems cost, and who bears it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from moyai.costs.intake.blank import template_csv, write_template
from moyai.costs.periods import period_of
from moyai.engine.aws.cost_explorer import Granularity
from moyai.operations import costs
from moyai.operations.cost_intake import Asked, import_costs
from moyai.operations.workspace import open_workspace
from moyai_cli.commands.cost_analysis import app as analysis
from moyai_cli.commands.cost_check import app as checks
from moyai_cli.commands.cost_export import app as exports
from moyai_cli.commands.cost_invoices import app as invoices
from moyai_cli.commands.cost_meter import app as meters
from moyai_cli.commands.cost_options import PeriodName, Wait
from moyai_cli.commands.cost_periods import app as periods
from moyai_cli.language import LANG, say
from moyai_cli.options import File, Format, SiteName
from moyai_cli.render import Output, aside
from moyai_cli.views.costs import show_imported, show_sources, tell

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help=say("費用を取り込み、団体に按分する。", "Import costs and share them among bodies."),
)


@app.command(
    "import",
    help=say(
        "ファイル、S3 のエクスポート、Cost Explorer の費用を取り込む。誤りが1つでもあれば何も取り込まない。",
        "Put costs on record: files, exports in S3, Cost Explorer; with any fault, nothing is.",
    ),
)
def import_(
    files: Annotated[
        list[str] | None,
        typer.Argument(
            help=say(
                "ファイル、または s3://バケット/プレフィックス", "Files, or s3://bucket/prefix"
            )
        ),
    ] = None,
    explored: Annotated[
        str | None,
        typer.Option(
            "--cost-explorer",
            metavar="PERIOD",
            help=say(
                "AWS Cost Explorer に聞く期間（例 2026-04）",
                "Ask AWS Cost Explorer of a period such as 2026-04",
            ),
        ),
    ] = None,
    granularity: Annotated[
        Granularity,
        typer.Option(help=say("Cost Explorer の行の単位", "What a row of Cost Explorer is of")),
    ] = Granularity.MONTHLY,
    file: File = None,
    site: SiteName = "sandbox",
    replaces: Annotated[
        str | None,
        typer.Option(
            help=say(
                "取り込み済みのこの名前のファイルを、これで置き換える",
                "The name of the file on record that this one is a new version of",
            )
        ),
    ] = None,
    wait: Wait = 0.0,
    output: Format = Output.TABLE,
) -> None:
    """Checked whole before anything counts."""
    asked = Asked(tuple(files or ()), replaces, explored, granularity)
    with aside(output):
        found = import_costs(open_workspace(file, site), asked, wait, tell)
    show_imported(found, output)


@app.command(
    help=say(
        "期間が何に基づくかと、その状態のハッシュを示す。",
        "Show what a period rests on, and the hash of its state.",
    )
)
def sources(
    period: PeriodName,
    file: File = None,
    site: SiteName = "sandbox",
    output: Format = Output.TABLE,
) -> None:
    """From the manifest alone."""
    basis, part = costs.sources(open_workspace(file, site), period_of(period))
    show_sources(basis, part, output)


@app.command(
    help=say(
        "取り込んだファイルを期間から外す（版は台帳に残る）。",
        "Let a file count no longer in a period; its versions stay on record.",
    )
)
def withdraw(
    period: PeriodName,
    name: Annotated[str, typer.Argument(help=say("台帳での名前", "Its name on record"))],
    file: File = None,
    site: SiteName = "sandbox",
    wait: Wait = 0.0,
    output: Format = Output.TABLE,
) -> None:
    """It can be imported again."""
    workspace = open_workspace(file, site)
    costs.withdraw(workspace, period_of(period), name, wait)
    with aside(output):
        typer.echo(
            say(f"{period} から {name} を外しました。", f"{name} counts no longer in {period}.")
        )
    if output is not Output.TABLE:
        show_sources(*costs.sources(workspace, period_of(period)), output)


@app.command(
    help=say(
        "AWS 以外の費用を書くひな形を出す（記入例つき）。",
        "Print the template for other costs, with examples.",
    )
)
def template(
    xlsx: Annotated[
        Path | None,
        typer.Option(help=say("XLSX として書くファイル", "The file to write as XLSX")),
    ] = None,
) -> None:
    """CSV to standard output, or a workbook."""
    if xlsx is None:
        typer.echo(template_csv(LANG), nl=False)
    else:
        write_template(xlsx, LANG)
        typer.echo(say(f"{xlsx} に書きました。", f"Wrote {xlsx}."))


app.add_typer(invoices, name="invoice")
app.add_typer(checks)
app.add_typer(meters)
app.add_typer(periods)
app.add_typer(exports)
app.add_typer(analysis)
