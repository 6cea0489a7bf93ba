"""moyai runbook run|runs|approve."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer

from moyai.approvals.signing import Signer, find_signer
from moyai.errors import NOTHING_TOUCHED, MoyaiError, OperationFailed, UsageError
from moyai.operations.fleet.people import who_plans
from moyai.operations.runbooks.approving import approve, as_signed, wanted
from moyai.operations.runbooks.catalogue import given
from moyai.operations.runbooks.dry_run import Planned, dry_back, dry_resume, dry_run
from moyai.operations.runbooks.opening import Opened, open_runs, operator
from moyai.operations.runbooks.records import RunRecord
from moyai.operations.runbooks.running import begin, run, take_back
from moyai.operations.runbooks.surroundings import Surroundings
from moyai.operations.site.places import today
from moyai.registry.words import not_known
from moyai.runbook.model import Idempotency, Kind, Runbook, Value, Values
from moyai.runbook.parameters import parse
from moyai.runbook.read import require
from moyai.texts import Text
from moyai_cli.command_paths import command_paths
from moyai_cli.interrupts import saying
from moyai_cli.language import LANG, say
from moyai_cli.options import AsOf, File, Format, SiteName, Who, day_of
from moyai_cli.render import Output, aside, show_line
from moyai_cli.signatures import (
    Key,
    OnlyLine,
    Signature,
    SignedLine,
    line_and_signature,
    signed_here,
)
from moyai_cli.views.runbooks import (
    Terminal,
    show_events,
    show_planned,
    show_record,
    show_runs,
    show_to_sign,
    show_waiting,
    trouble,
)

app = typer.Typer(add_completion=False)

_MOYAI = (sys.executable, "-c", "from moyai_cli.main import main; main()")
_TOUCHED = Text(
    "終わった手順は記録にあります。途中の手順は、続きから行うときに確かめます。",
    "Steps that ended are on record; the one on its way is looked at when the run goes on.",
)
Run = Annotated[str, typer.Argument(help=say("実行の番号", "The run's id"))]
_YES_NO = ("yes", "no")


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
    who: Who = None,
    key: Key = None,
    answers: Annotated[
        list[str] | None,
        typer.Option(
            "--answer",
            help=say(
                "質問への答え ID=答え（質問の id、precondition-1、一度だけの手順をやり直すなら again:手順）",
                "An answer beforehand, ID=ANSWER: a question's step, precondition-1, or again:STEP to do "
                "again what is done once",
            ),
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
    known = None if name is not None else opened.store.load(str(resume or back))
    runbook = require(
        opened.folder, known.runbook if known is not None else str(name), command_paths()
    )
    registry, values = opened.workspace.registry, dict[str, Value]()
    if known is None:
        values = dict(parse(runbook, given(parameters or ()), registry, day_of(as_of), site))
    if dry:
        show_planned(_planned(runbook, known, values, first, is_back=back is not None), output)
        return
    known_answers = _answers(runbook, answers or ())
    if who is None and known is not None and runbook.gated:
        who = known.person
    person = Terminal(operator(opened, who) if who else None, known_answers)
    signer = _signer(opened, who, key) if runbook.gated else None
    around = opened.surroundings(person, _MOYAI, LANG, signer)
    record = known or begin(runbook, values, site, around)
    with aside(output), closing(opened.chaining) as chaining:
        with saying(_TOUCHED):
            ended = _carried(runbook, record, around, first, is_back=back is not None)
        show_waiting(chaining.catch_up(), chaining.why)
    if output is not Output.TABLE:
        show_record(ended, output)
    error = trouble(ended)
    if error is not None:
        raise error


def _answers(runbook: Runbook, words: Iterable[str]) -> dict[str, str]:
    """Answers given beforehand, by question. Raises `UsageError` for one that nothing asks for."""
    found = dict(given(words))
    steps = (*runbook.steps, *runbook.undo_steps.values())
    asked = [one.id for one in steps if one.kind is Kind.QUESTION]
    agreed = [f"again:{one.id}" for one in steps if one.idempotency is Idempotency.ONCE]
    conditions = enumerate(runbook.preconditions, 1)
    agreed += [f"precondition-{number}" for number, one in conditions if not one.run]
    known = [*asked, *agreed]
    for name, answer in found.items():
        if name not in known:
            ids = ", ".join(known) or "—"
            remedy = Text(
                f"この手順書で --answer に書ける id: {ids}",
                f"The ids that --answer takes in this runbook: {ids}",
            )
            raise _no_answer(not_known(name, known, "質問", "question"), remedy)
        if name in agreed and answer not in _YES_NO:
            remedy = Text(f"{name}=yes か {name}=no", f"{name}=yes or {name}=no")
            raise _no_answer(not_known(answer, _YES_NO, "答え", "answer"), remedy)
    return found


def _no_answer(why: Text, remedy: Text) -> UsageError:
    return UsageError(Text(f"{why.ja}。", why.en), touched=NOTHING_TOUCHED, remedy=remedy)


def _planned(
    runbook: Runbook, known: RunRecord | None, values: Values, first: str | None, *, is_back: bool
) -> list[Planned]:
    if known is None:
        return list(dry_run(runbook, values))
    if is_back:
        return list(dry_back(runbook, known))
    return list(dry_resume(runbook, known, first))


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


def _signer(opened: Opened, who: str | None, key: Path | None) -> Signer:
    """Where a second person has to approve, the first one's key proves who that is."""
    person = who_plans(opened.workspace.registry, who, today())
    return find_signer(person.ssh_key, key, os.environ)


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
    opened = open_runs(file, site)
    with closing(opened.chaining) as chaining, aside(output):
        show_waiting(chaining.catch_up(), chaining.why)
    records = [(one, _whole(opened, one)) for one in opened.store.ids()]
    show_runs(records, chaining.files.waiting, output)


def _whole(opened: Opened, run: str) -> RunRecord | None:
    """A run's record; None where it is damaged: the others are there to be seen."""
    try:
        return opened.store.load(run)
    except OperationFailed:
        return None


@app.command("approve")
def approve_(
    run: Run,
    step: Annotated[str, typer.Argument(help=say("手順の id", "The step's id"))],
    who: Who = None,
    key: Key = None,
    signature: Signature = None,
    signed: SignedLine = None,
    line: OnlyLine = False,
    file: File = None,
    site: SiteName = "sandbox",
    output: Format = Output.TABLE,
) -> None:
    """Signed with the approver's key; judged before it is put on record, and again before the step."""
    opened: Opened = open_runs(file, site)
    record = opened.store.load(run)
    runbook = require(opened.folder, record.runbook)
    around = opened.surroundings(Terminal(who, {}), _MOYAI, LANG)
    asked = wanted(runbook, record, step, around.judge, around.now())
    if line:
        show_to_sign(run, step, asked.sign.words, output)
        return
    by = who
    if signature is None:
        words = signed_here(asked.sign, _approvers_key(opened, who), key)
    else:
        brought, words = line_and_signature(signature, signed)
        # The key tells who signed; who brings it is another.
        asked, by = as_signed(asked, brought), None
    with closing(opened.chaining) as chaining:
        found = approve(runbook, asked, by, words, around)
        with aside(output):
            given_by = found.approvals[step].by
            show_line(
                say(
                    f"{given_by} の承認を記録しました。続きは moyai runbook run --resume {run} です。",
                    f"Approved by {given_by}. moyai runbook run --resume {run} goes on.",
                )
            )
            show_waiting(chaining.catch_up(), chaining.why)
    if output is not Output.TABLE:
        show_record(found, output)


def _approvers_key(opened: Opened, who: str | None) -> str:
    """The key of who approves: whether that person may is judged with the signature."""
    email = operator(opened, who or "")
    return next(one.ssh_key for one in opened.workspace.registry.operators if one.email == email)
