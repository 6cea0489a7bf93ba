"""moyai sandbox start|status|stop|reset|env|psql."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
from collections.abc import Mapping
from typing import Annotated

import typer

from moyai.engine.sites import EmbeddedSite
from moyai.errors import ExitCode
from moyai.operations.deploys.hand_shell import opened_by_hand
from moyai.operations.site.embedded import database_shell, embedded_site
from moyai.operations.site.places import find_registry_file
from moyai.texts import Text
from moyai_cli.asking import ask
from moyai_cli.interrupts import saying
from moyai_cli.language import say
from moyai_cli.options import File, Format, Who
from moyai_cli.render import Output, aside, document

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help=say("組み込みのサンドボックスを動かす・止める。", "Start and stop the embedded sandbox."),
)


_TROUBLES = ("problem", "snapshot_problem", "not_kept")


@app.command(help=say("動かす。", "Start it."))
def start(file: File = None, output: Format = Output.TABLE) -> None:
    """Already running: nothing to do."""
    site = embedded_site(find_registry_file(file))
    site.start()
    _done(site, say("動いています。", "Running."), output)


@app.command(help=say("状態を示す。", "Show what it is doing."))
def status(file: File = None, output: Format = Output.TABLE) -> None:
    """Where it listens, how old its snapshot is, and what of it is not kept."""
    document(told(embedded_site(find_registry_file(file)).status()), output)


def told(found: Mapping[str, object]) -> dict[str, object]:
    """A sandbox's status without the troubles that it does not have."""
    return {name: value for name, value in found.items() if value or name not in _TROUBLES}


@app.command(help=say("止める。作ったものは残る。", "Stop it; what was created stays."))
def stop(file: File = None, output: Format = Output.TABLE) -> None:
    """Everything is kept for the next start."""
    site = embedded_site(find_registry_file(file))
    site.stop()
    done = say("止めました。作ったものは残っています。", "Stopped; what was created stays.")
    _done(site, done, output)


@app.command(
    help=say("止めて、作ったものをすべて忘れる。", "Stop it and forget all that was created.")
)
def reset(
    file: File = None,
    yes: Annotated[bool, typer.Option("--yes", help=say("確かめずに行う", "Do not ask"))] = False,
    output: Format = Output.TABLE,
) -> None:
    """State and records go as well."""
    site = embedded_site(find_registry_file(file))
    if not yes:
        with aside(output):
            ask(
                say(
                    "サンドボックスの環境・データ・記録と費用の台帳をすべて消します。よろしいですか",
                    "This erases the sandbox's environments, data, records and cost ledger. Go on?",
                )
            )
    with saying(Text("消しかけのものがあるかもしれません。", "A part of it may be erased.")):
        site.reset()
    _done(site, say("消しました。", "Erased."), output)


def _done(site: EmbeddedSite, words: str, output: Output) -> None:
    """Say that it is done; programs get the status afterwards."""
    if output is Output.TABLE:
        typer.echo(words)
    else:
        document(told(site.status()), output)


@app.command(
    help=say(
        "aws コマンドや boto3 のための環境変数を出す。",
        "Print variables for the aws command and boto3.",
    )
)
def env(file: File = None) -> None:
    """For `eval "$(moyai sandbox env)"`."""
    found = embedded_site(find_registry_file(file)).environment()
    for name in sorted(found):
        if name.startswith("AWS_"):
            typer.echo(f"export {name}={shlex.quote(found[name])}")


@app.command(
    help=say(
        "団体の資格情報で psql を開く（隣の団体を --database に書くと拒まれる）。",
        "Open psql with a body's credentials; a neighbour's --database is refused.",
    )
)
def psql(
    body: Annotated[str, typer.Argument(help=say("コードか slug", "Code or slug"))],
    service: Annotated[str, typer.Argument(help=say("サービス", "Service"))],
    database: Annotated[
        str | None, typer.Option(help=say("つなぐデータベース", "Database to connect to"))
    ] = None,
    command: Annotated[
        str | None, typer.Option("--command", "-c", help=say("SQL", "SQL to run"))
    ] = None,
    who: Who = None,
    file: File = None,
) -> None:
    """The password goes through the environment, never the command line. Ends with 4 where psql
    does not end well: its own codes mean other things."""
    path = find_registry_file(file)
    argv, environ = database_shell(path, body, service, database)
    if command is not None:
        argv = [*argv, "-c", command]
    # An interrupt is for the statement that psql runs, and not for this process.
    signal.signal(signal.SIGINT, lambda *_: None)
    environment = {**os.environ, **environ}
    ended = opened_by_hand(
        *(path, body, service, who),
        lambda: subprocess.run(argv, env=environment, check=False).returncode,
    )
    if ended != 0:
        raise typer.Exit(int(ExitCode.FAILED))
