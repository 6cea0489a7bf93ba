"""moyai operation notices|test-notifications: who was told, and whether telling works."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from moyai.errors import NOTHING_TOUCHED, OperationFailed
from moyai.operations.database.reading import find, held_back
from moyai.operations.fleet.opening import open_office
from moyai.operations.site.workspace import open_workspace
from moyai.texts import Text
from moyai_cli.language import of, say
from moyai_cli.options import File, Format, SiteName
from moyai_cli.render import Output, aside, show_line
from moyai_cli.views.notices import show_notices, show_tried
from moyai_cli.views.operation_next import worker_held_back

app = typer.Typer(add_completion=False)


@app.command("notices")
def notices_(
    operation: Annotated[
        str | None,
        typer.Argument(
            help=say("番号、last（省けばすべて）", "An id, or last; of all if left out")
        ),
    ] = None,
    unsent: Annotated[
        bool,
        typer.Option("--unsent", help=say("届いていないものだけ", "Only those not taken yet")),
    ] = False,
    days: Annotated[
        int | None,
        typer.Option(
            "--days",
            min=1,
            max=3650,
            help=say("この日数のうちの通知だけ", "Only notices of the last days"),
        ),
    ] = None,
    limit: Annotated[
        int, typer.Option("--limit", "-n", min=1, max=10_000, help=say("件数", "How many"))
    ] = 50,
    file: File = None,
    site: SiteName = "sandbox",
    output: Format = Output.TABLE,
) -> None:
    """The newest first."""
    from moyai.operations.database.notice_reading import notices

    with open_office(file, site) as office, office.engine.connect() as connection:
        found = None if operation is None else find(connection, operation)
        rows = notices(connection, operation=found, unsent=unsent, limit=limit, days=days)
        idle = held_back(connection)
    show_notices(rows, output)
    with aside(output):
        for why in idle:
            show_line(of(worker_held_back(why)))


@app.command("test-notifications")
def try_notifications(
    to: Annotated[
        str | None,
        typer.Option(
            "--to",
            envvar="MOYAI_OPERATOR",
            help=say("試しのメールの宛先", "The address of the mail to try with"),
        ),
    ] = None,
    file: File = None,
    site: SiteName = "sandbox",
    output: Format = Output.TABLE,
) -> None:
    """Exit code 4 where a channel did not take it."""
    # The channels bring mail, HTTP and boto3 along.
    from moyai.operations.notices.trying import try_channels

    workspace = open_workspace(file, site)
    environment = workspace.runtime.environment
    with aside(output):
        tried = list(try_channels(workspace.registry, environment, to, datetime.now(UTC)))
    show_tried(tried, output)
    refused = sum(one.why is not None for one in tried)
    if refused:
        raise OperationFailed(
            Text(
                f"{len(tried)} 件のうち {refused} 件に届きませんでした。",
                f"{refused} of {len(tried)} did not take it.",
            ),
            touched=NOTHING_TOUCHED,
            remedy=Text(
                "tenants.yaml の operations.notifications を直して、もう一度実行してください。",
                "Mend operations.notifications of tenants.yaml, then run again.",
            ),
        )
