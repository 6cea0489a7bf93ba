"""moyai runbook run|runs|approve."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from moyai.errors import NOTHING_TOUCHED, MoyaiError, UsageError
from moyai.operations.runbooks.approving import approve
from moyai.operations.runbooks.catalogue import given
from moyai.operations.runbooks.dry_run import dry_run
from moyai.operations.runbooks.opening import Opened, open_runs, operator
from moyai.operations.runbooks.records import RunRecord
from moyai.operations.runbooks.running import begin, run, take_back
from moyai.operations.runbooks.surroundings import Surroundings
from moyai.registry.load import read_content
from moyai.runbook.model import Runbook
from moyai.runbook.parameters import parse
from moyai.runbook.read import require
from moyai.texts import Text
from moyai_cli.command_paths import command_paths
from moyai_cli.interrupts import saying
from moyai_cli.language import LANG, say
from moyai_cli.options import AsOf, File, Format, SiteName, day_of
from moyai_cli.render import Output, aside
from moyai_cli.views.runbooks import (
    Terminal,
    show_events,
    show_planned,
    show_record,
    show_runs,
    trouble,
)

app = typer.Typer(add_completion=False)

_MOYAI = (sys.executable, "-c", "from moyai_cli.main import main; main()")
_TOUCHED = Text(
    "終わった手順は記録にあります。途中の手順は、続きから行うときに確かめます。",
    "Steps that ended are on record; the one on its way is looked at when the run goes on.",
)
Run = Annotated[str, typer.Argument(help=say("実行の番号", "The run's id"))]


@app.command("run")
def run_(
    name: Annotated[
        str | None, typer.Argument(help=say("手順書の名前", "The runbook's name"))
    ] = None,
    parameters: Annotated[
        list[str] | None, typer.Argument(help=say("パラメーター 名前=値", "Parameters, NAME=VALUE"))
    ] = None,
    dry: Annotated[
        bool,
        typer.Option(
            "--dry-run", help=say("何をするかだけを示す", "Show what would be done, do nothing")
        ),
    ] = False,
    resume: Annotated[
        str | None, typer.Option("--resume", help=say("この実行の続き", "Go on with this run"))
    ] = None,
    back: Annotated[
        str | None,
        typer.Option("--back", help=say("この実行を元に戻す", "Take back what this run did")),
    ] = None,
    first: Annotated[
        str | None,
        typer.Option(
            "--from", help=say("この手順から（済みでも行う）", "From this step on, done or not")
        ),
    ] = None,
    who: Annotated[
        str | None,
        typer.Option(
            "--operator",
            help=say("実行する担当者のメールアドレス", "E-mail of the operator who runs it"),
        ),
    ] = None,
    answers: Annotated[
        list[str] | None,
        typer.Option(
            "--answer",
            help=say("質問への答え 手順=答え", "An answer beforehand, STEP=ANSWER"),
        ),
    ] = None,
    as_of: AsOf = None,
    file: File = None,
    site: SiteName = "sandbox",
    output: Format = Output.TABLE,
) -> None:
    """Every step's record is written before the next begins."""
    _one_of(name, resume, back)
    opened = open_runs(file, site)
    person = Terminal(operator(opened, who) if who else None, dict(given(answers or ())))
    around = opened.surroundings(person, _MOYAI, LANG)
    if name is not None:
        runbook = require(opened.folder, name, command_paths())
        day = day_of(as_of)
        values = parse(runbook, given(parameters or ()), opened.workspace.registry, day, site)
        if dry:
            show_planned(list(dry_run(runbook, values)), output)
            return
        _known_by_name(runbook, who)
        record = begin(runbook, values, site, around)
    else:
        record = opened.store.load(str(resume or back))
        runbook = require(opened.folder, record.runbook, command_paths())
    with aside(output), saying(_TOUCHED):
        ended = _carried(runbook, record, around, first, is_back=back is not None)
    if output is not Output.TABLE:
        show_record(ended, output)
    error = trouble(ended)
    if error is not None:
        raise error


def _carried(
    runbook: Runbook,
    record: RunRecord,
    around: Surroundings,
    first: str | None,
    *,
    is_back: bool,
) -> RunRecord:
    try:
        if is_back:
            return show_events(take_back(runbook, record.id, around))
        return show_events(run(runbook, record.id, around, first))
    except MoyaiError as error:
        error.touched = error.touched or _TOUCHED
        raise


def _known_by_name(runbook: Runbook, who: str | None) -> None:
    """Where a second person has to approve, it has to be known who the first is."""
    if who is None and any(one.approval for one in runbook.steps):
        raise UsageError(
            Text(
                "承認の要る手順があります。実行する担当者を --operator で示してください。",
                "It has steps that need approval: say who runs it with --operator.",
            ),
            touched=NOTHING_TOUCHED,
        )


def _one_of(name: str | None, resume: str | None, back: str | None) -> None:
    if sum(one is not None for one in (name, resume, back)) != 1:
        raise UsageError(
            Text(
                "手順書の名前、--resume、--back のどれか一つを書いてください。",
                "Say one of: a runbook's name, --resume, --back.",
            ),
            touched=NOTHING_TOUCHED,
        )


@app.command("runs")
def runs_(file: File = None, site: SiteName = "sandbox", output: Format = Output.TABLE) -> None:
    """What is on record."""
    store = open_runs(file, site).store
    show_runs([store.load(one) for one in store.ids()], output)


@app.command("approve")
def approve_(
    run: Run,
    step: Annotated[str, typer.Argument(help=say("手順の id", "The step's id"))],
    signature: Annotated[
        Path,
        typer.Option(
            "--signature",
            help=say("署名のファイル（ssh-keygen -Y sign）", "The signature (ssh-keygen -Y sign)"),
        ),
    ],
    file: File = None,
    site: SiteName = "sandbox",
    output: Format = Output.TABLE,
) -> None:
    """The line to sign is told where the run waits."""
    opened: Opened = open_runs(file, site)
    record = opened.store.load(run)
    runbook = require(opened.folder, record.runbook)
    words = read_content(signature).decode("utf-8", "replace")
    found = approve(runbook, run, step, words, opened.store, opened.approvals())
    by = found.approvals[step].by
    if output is Output.TABLE:
        typer.echo(
            say(
                f"{by} の承認を記録しました。続きは moyai runbook run --resume {run} です。",
                f"Approved by {by}. moyai runbook run --resume {run} goes on.",
            )
        )
    else:
        show_record(found, output)
