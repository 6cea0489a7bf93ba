"""moyai worker."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from moyai.operations.database.epochs import behind
from moyai.operations.database.opening import login_url, operations_engine
from moyai.operations.site.workspace import open_workspace
from moyai_cli.interrupts import raise_what_was_lost
from moyai_cli.language import of, say
from moyai_cli.options import File, SiteName
from moyai_cli.views.behind import warn

app = typer.Typer(add_completion=False)


@app.command(
    "worker",
    help=say(
        "一斉作業を行うワーカーを動かす。何台でも、いつでも加えてよい。Ctrl-C の1回目は手元の団体を終えて"
        "から、2回目はすぐに止まる（続きはほかのワーカーか、次に動かしたときに行う）。",
        "Run a worker that carries operations out; as many as wanted, whenever wanted. The first Ctrl-C lets "
        "what is in hand end, the second stops at once: other workers, or the next, go on with it.",
    ),
)
def command(
    bodies: Annotated[
        int,
        typer.Option("--bodies", min=1, max=256, help=say("同時に行う団体数", "Bodies at a time")),
    ] = 4,
    file: File = None,
    site: SiteName = "sandbox",
) -> None:
    """Make the database ready at its first use, then work until a signal."""
    workspace = open_workspace(file, site)
    started = workspace.runtime.ensure_ready()
    if started is not None:
        typer.echo(of(started), err=True)
    group = "moyai_worker"
    # Made ready and looked at, before anything is started.
    with operations_engine(workspace, group) as engine, engine.connect() as connection:
        url = login_url(workspace, group)
        warn(behind(connection))
    # DBOS and the processes' module are not needed before.
    from moyai.operations.durable.living.supervisor import Supervised, Supervisor
    from moyai.operations.durable.worker.process import tell

    typer.echo(
        say(
            f"ワーカーを始めます（同時に {bodies} 団体）。Ctrl-C の1回目は手元の団体を終えてから、"
            "2回目はすぐに止まります。",
            f"A worker starts ({bodies} bodies at a time). The first Ctrl-C lets what is in hand end, the "
            "second stops at once.",
        ),
        err=True,
    )
    given = Supervised(url, bodies, (str(workspace.registry.path), workspace.site.name))
    supervisor = Supervisor(given, tell, _said)
    supervisor.heed()
    raise_what_was_lost()
    raise typer.Exit(supervisor.run())


def _said(signals: int) -> None:
    first = say(
        "手元の団体を終えてから止まります。すぐに止めるには、もう一度 Ctrl-C を押してください。",
        "Ends when what is in hand is done. Ctrl-C once more stops at once.",
    )
    second = say(
        "すぐに止めます。途中の団体は、ほかのワーカーか、次に動かしたワーカーが続けます。",
        "Stops at once. Other workers, or the next one, go on with what was in hand.",
    )
    words = first if signals == 1 else second
    # Within a signal's handler nothing may write to a buffered stream that is being written to.
    os.write(2, f"{words}\n".encode(sys.stderr.encoding, "backslashreplace"))
