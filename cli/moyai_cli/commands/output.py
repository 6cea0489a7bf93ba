"""moyai output."""

from __future__ import annotations

from typing import Annotated

import typer

from moyai.operations.deploys.status import outputs_of_one
from moyai.operations.site.session import open_session
from moyai_cli.language import say
from moyai_cli.options import File, Format, SiteName
from moyai_cli.render import Output, document

app = typer.Typer(add_completion=False)


@app.command(help=say("1団体の環境の出力を示す。", "Show the outputs of one body's environment."))
def output(
    body: Annotated[str, typer.Argument(help=say("コードか slug", "Code or slug"))],
    file: File = None,
    site: SiteName = "sandbox",
    output: Format = Output.TABLE,
) -> None:
    """From the checkpoint; secrets are not among them."""
    document(outputs_of_one(open_session(file, site), body), output)
