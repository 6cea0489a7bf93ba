"""moyai demo."""

from __future__ import annotations

import time
from datetime import date
from pathlib import Path

import typer

from moyai.errors import MoyaiError
from moyai.operations.deploys.plan import ByHand, Wish
from moyai.operations.deploys.status import statuses
from moyai.operations.site.places import today
from moyai.operations.site.session import open_session
from moyai.texts import counted
from moyai_cli.called import show_next
from moyai_cli.engine_steps import get_engine
from moyai_cli.interrupts import saying
from moyai_cli.language import say
from moyai_cli.options import File, Format, Jobs, Who
from moyai_cli.render import Output, aside
from moyai_cli.views.deploys import APPLIED, run_deploy
from moyai_cli.views.statuses import show_statuses

app = typer.Typer(add_completion=False)


@app.command(
    help=say(
        "見本の43団体の環境をサンドボックスに作る。二度目は、変わるものがないと言う。",
        "Build the sample's 43 environments on the sandbox; again, it finds nothing to do.",
    )
)
def demo(
    file: File = None, jobs: Jobs = None, who: Who = None, output: Format = Output.TABLE
) -> None:
    """Engine, sandbox, validation, foundation, all bodies; then a table and where to look next."""
    begun = time.monotonic()
    day = today()
    try:
        with aside(output):
            _build(file, day, jobs, who)
    except MoyaiError:
        if output is not Output.TABLE:
            show_statuses(statuses(open_session(file, "sandbox"), "all", day), output)
        raise
    with saying(APPLIED):
        show_statuses(statuses(open_session(file, "sandbox"), "all", day), output)
        if output is Output.TABLE:
            seconds = time.monotonic() - begun
            typer.echo(say(f"所要 {seconds:.1f} 秒", f"Took {seconds:.1f} s"))
            show_next("output 271004", "plan", "tenant add 270008", "sandbox psql 271004 eapp-a")


def _build(file: Path | None, day: date, jobs: int | None, who: str | None) -> None:
    engine = get_engine()
    typer.echo(say(f"エンジン: Pulumi {engine.version}", f"Engine: Pulumi {engine.version}"))
    session = open_session(file, "sandbox")
    registry = session.workspace.registry
    count = len(registry.tenants)
    typer.echo(
        say(
            f"宣言: {registry.path.name} は正しい（{count} 団体）",
            f"Declaration: {registry.path.name} is valid ({counted(count, 'body', 'bodies')})",
        )
    )
    session.make_ready()
    typer.echo(say("サンドボックス: 動いている", "Sandbox: running"))
    run_deploy(session, Wish("all", day), Output.TABLE, jobs, by=ByHand("demo", who))
