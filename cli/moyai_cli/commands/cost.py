"""moyai cost …: what joint systems cost, and who bears it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from moyai.costs.ledger.imports import Wish
from moyai.operations.costs import import_costs
from moyai_cli.language import say
from moyai_cli.options import File, Format, SiteName
from moyai_cli.render import Output, aside
from moyai_cli.views.costs import show_imported, tell

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help=say("費用を取り込み、団体に按分する。", "Import costs and share them among bodies."),
)


@app.callback()
def _group() -> None:
    """Keep `cost` a group, however many commands it has."""


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
    "import",
    help=say(
        "費用のファイルを台帳に取り込む。誤りが1つでもあれば何も取り込まない。",
        "Put files of costs on record; with any fault, nothing is.",
    ),
)
def import_(
    files: Annotated[list[Path], typer.Argument(help=say("ファイル", "Files"))],
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
    with aside(output):
        found = import_costs(file, site, Wish(tuple(files), replaces), wait, tell)
    show_imported(found, output)
