"""moyai cost import|sources|withdraw|template."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from moyai.costs.intake.blank import template_csv, write_template
from moyai.costs.periods import Period, period_of
from moyai.engine.aws.cost_explorer import Granularity
from moyai.operations.costs import records
from moyai.operations.costs.corrections import settled_in
from moyai.operations.costs.intake import Asked, import_costs
from moyai.operations.site.workspace import Workspace, open_workspace
from moyai_cli.commands.cost_options import PeriodName, Wait
from moyai_cli.language import LANG, say
from moyai_cli.options import File, Format, SiteName
from moyai_cli.render import Output, aside, show_line
from moyai_cli.views.costs import show_imported, show_settled_in, show_sources, tell

app = typer.Typer(add_completion=False)


@app.command("import")
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


@app.command()
def sources(
    period: PeriodName,
    file: File = None,
    site: SiteName = "sandbox",
    output: Format = Output.TABLE,
) -> None:
    """From the manifest alone."""
    _show_sources(open_workspace(file, site), period_of(period), output)


@app.command()
def withdraw(
    period: PeriodName,
    name: Annotated[str, typer.Argument(help=say("台帳での名前", "Its name on record"))],
    file: File = None,
    site: SiteName = "sandbox",
    wait: Wait = 0.0,
    output: Format = Output.TABLE,
) -> None:
    """It can be imported again."""
    workspace, when = open_workspace(file, site), period_of(period)
    records.withdraw(workspace, when, name, wait)
    with aside(output):
        show_line(
            say(f"{period} から {name} を外しました。", f"{name} counts no longer in {period}.")
        )
        show_settled_in(when, settled_in(workspace, when))
    if output is not Output.TABLE:
        _show_sources(workspace, when, output)


def _show_sources(workspace: Workspace, period: Period, output: Output) -> None:
    basis, part = records.sources(workspace, period)
    show_sources(basis, part, settled_in(workspace, period), output)


@app.command()
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
