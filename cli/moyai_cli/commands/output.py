"""moyai output."""

from __future__ import annotations

from typing import Annotated

import typer

from moyai.errors import UsageError
from moyai.operations.session import open_session
from moyai.operations.status import outputs
from moyai.texts import Text
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
    session = open_session(file, site)
    tenant = session.workspace.registry.tenant(body)
    found = outputs(session, tenant.code if tenant else body)
    if not found:
        raise UsageError(
            Text(f"{body} の環境はまだありません。", f"{body} has no environment yet."),
            remedy=Text(f"moyai deploy {body}", f"moyai deploy {body}"),
        )
    document(found, output)
