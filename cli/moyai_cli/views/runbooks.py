"""Runs of runbooks, for people and for programs; and the person at the terminal."""

from __future__ import annotations

import getpass
import select
import shlex
import sys
from collections.abc import Callable, Iterable, Mapping

import typer

from moyai.errors import MoyaiError, OperationFailed, Refused
from moyai.operations.runbooks.asking import Question
from moyai.operations.runbooks.dry_run import Planned
from moyai.operations.runbooks.events import (
    ApprovalWanted,
    Event,
    NotUndone,
    OutputLine,
    RunBegins,
    RunEnds,
    StepBegins,
    StepEnds,
    StepLeft,
)
from moyai.operations.runbooks.records import RunRecord
from moyai.operations.runbooks.stepping import why_no_answer
from moyai.planning.fleet.status_words import named
from moyai.runbook.model import AnswerType
from moyai.runbook.words import KINDS
from moyai.texts import Text, counted, in_japan
from moyai_cli.called import copyable
from moyai_cli.language import of, say
from moyai_cli.render import Column, Output, document, listing, show_line

_STATUSES: Mapping[str, Text] = {
    "begun": Text("待っています", "waits"),
    "done": Text("済み", "done"),
    "noted": Text("成り立ちません（続けます）", "does not hold; going on"),
    "failed": Text("失敗", "failed"),
    "stopped": Text("止めました", "stopped"),
}


_RUNS: Mapping[str, Text] = {
    "running": Text("実行中", "running"),
    "waiting": Text("承認か答えを待っています", "waits for an approval or an answer"),
    "done": Text("完了", "done"),
    "failed": Text("失敗", "failed"),
    "stopped": Text("止めました", "stopped"),
    "taking-back": Text("戻している途中", "being taken back"),
    "taken-back": Text("戻しました", "taken back"),
    "damaged": Text("記録が壊れています", "its record is damaged"),
}
_HEADS: Mapping[str, Text] = {
    "id": Text("番号", "id"),
    "runbook": Text("手順書", "runbook"),
    "status": Text("状態", "status"),
    "person": Text("実行者", "by"),
    "begun_at": Text("開始", "begun"),
    "steps": Text("手順", "steps"),
    "not_in_chain": Text("監査記録にない証跡", "not in a chain"),
}


class Terminal:
    """Who sits at the terminal; answers that were given beforehand are not asked for."""

    def __init__(self, name: str | None, answers: Mapping[str, str]) -> None:
        self.name = name or getpass.getuser()
        self.operator = name
        self._answers = answers

    def answer(self, question: Question) -> str | None:
        """See `Person.answer`: without a terminal nobody answers."""
        given = self._answers.get(question.id)
        typer.echo(f"  ? {of(question.text)}")
        if given is not None or not sys.stdin.isatty():
            if given is None:
                show_line(f"    {of(_beforehand(question))}")
            return given
        return self._asked(question)

    def _asked(self, question: Question) -> str | None:
        for key, said in question.choices.items():
            typer.echo(f"    {key}: {of(said)}")
        hint = say("yes か no", "yes or no") if question.type is AnswerType.YES_NO else ""
        while True:
            typer.echo(f"  {hint}> ", nl=False)
            ready, _, _ = select.select([sys.stdin], [], [], question.timeout_seconds)
            line = sys.stdin.readline() if ready else ""
            if not line:
                typer.echo()
                return None
            answer = line.strip()
            why = why_no_answer(question, answer)
            if why is None:
                return answer
            show_line(f"    {of(why)}")


def _beforehand(question: Question) -> Text:
    """How a question is answered without a terminal."""
    if question.type is AnswerType.YES_NO:
        words, known = "yes", "yes, no"
    else:
        words, known = "…", ", ".join(question.choices)
    among = f" ({known})" if known else ""
    how = f"--answer {question.id}={words}"
    return Text(
        f"端末がないので尋ねません。{how} を付けて続ければ、これへの答えになります{among}。",
        f"There is no terminal to ask on: going on with {how} answers it{among}.",
    )


def show_events(events: Iterable[Event]) -> RunRecord:
    """Tell what is done as it is done; the run's record at its end."""
    record: RunRecord | None = None
    for event in events:
        _show(event)
        if isinstance(event, RunEnds):
            record = event.record
    assert record is not None
    return record


def _show(event: Event) -> None:
    if isinstance(event, RunBegins):
        show_line(f"{of(event.title)} ({event.record.id})")
    elif isinstance(event, StepBegins):
        number = f"{event.number}/{event.total}" if event.number else say("始める前に", "before")
        show_line(f"[{number}] {event.id}: {of(event.title)}")
        if event.argv:
            show_line(f"  $ {shlex.join(event.argv)}")
    elif isinstance(event, OutputLine):
        show_line(f"  | {event.line}")
    elif isinstance(event, StepEnds):
        said = f": {of(event.said)}" if event.said is not None else ""
        show_line(f"  → {of(_STATUSES[event.status])}{said}")
    elif isinstance(event, StepLeft):
        show_line(f"[{say('済み', 'done')}] {event.id}: {of(event.title)}")
    elif isinstance(event, NotUndone):
        show_line(f"[{say('戻しません', 'not undone')}] {event.id}: {of(event.why)}")
    elif isinstance(event, ApprovalWanted):
        show_line(f"[{say('承認待ち', 'approval')}] {event.id}: {of(event.title)}")
        if event.why is not None:
            show_line(f"  {of(event.why)}")
        show_line(copyable(f"  moyai runbook approve {event.run} {event.id} --operator E-MAIL"))
    elif event.noted:
        names = ", ".join(event.noted)
        show_line(say(f"成り立たなかった点検: {names}", f"Checks that do not hold: {names}"))


def show_to_sign(run: str, step: str, line: str, output: Output) -> None:
    """The line that an approver signs elsewhere."""
    if output is not Output.TABLE:
        document({"run": run, "step": step, "line": line}, output)
        return
    typer.echo(line)
    for command in (
        f"moyai runbook approve {run} {step} --line > approval.txt",
        "ssh-keygen -Y sign -n moyai-approval@1 -f KEY < approval.txt > approval.sig",
        f"moyai runbook approve {run} {step} --signature approval.sig --signed approval.txt",
    ):
        typer.echo(f"  {command}", err=True)


def show_record(record: RunRecord, output: Output) -> None:
    """A run's steps as records."""
    columns = ("run", "step", "status", "begun_at", "ended_at", "exit_code", "said")
    records = [
        {
            "run": record.id,
            "runbook": record.runbook,
            "run_status": record.status,
            "step": name,
            "status": one.status,
            "begun_at": one.begun_at,
            "ended_at": one.ended_at,
            "argv": list(one.argv),
            "exit_code": one.exit_code,
            "output_sha256": one.output_sha256,
            "said": one.said,
        }
        for name, one in record.steps.items()
    ]
    listing(records, [Column(key, key) for key in columns], output)


def show_runs(
    records: Iterable[tuple[str, RunRecord | None]],
    waiting: Callable[[str], int],
    output: Output,
) -> None:
    """Runs by id, the newest last; None: its record is damaged. `waiting`: how many lines of a run's evidence
    are in no audit chain yet."""
    keys = ("id", "runbook", "status", "person", "begun_at", "steps", "not_in_chain")
    found = [
        {
            "id": run,
            "runbook": None if one is None else one.runbook,
            "status": "damaged" if one is None else one.status,
            "person": None if one is None else one.person,
            "begun_at": None if one is None else one.begun_at,
            "steps": None if one is None else len(one.steps),
            "not_in_chain": waiting(run),
        }
        for run, one in records
    ]
    numbers = ("steps", "not_in_chain")
    if output is not Output.TABLE:
        listing(found, [Column(key, key, is_number=key in numbers) for key in keys], output)
        return
    shown = [
        {
            **one,
            "status": of(named(_RUNS, str(one["status"]))),
            "begun_at": "" if one["begun_at"] is None else in_japan(str(one["begun_at"])),
        }
        for one in found
    ]
    columns = [Column(key, of(_HEADS[key]), is_number=key in numbers) for key in keys]
    listing(shown, columns, output)


def show_waiting(lines: int, why: Text | None) -> None:
    """Evidence that is in no audit chain yet, where there is some."""
    if not lines:
        return
    because = "" if why is None else say(f"わけ: {of(why)}", f" Why: {of(why)}")
    show_line(
        say(
            f"証跡 {lines} 行がまだ監査記録にありません。次の moyai runbook runs などで入ります。{because}",
            f"{counted(lines, 'line', 'lines')} of evidence in no audit chain yet; the next command, such as "
            f"moyai runbook runs, puts them there.{because}",
        )
    )


_PLANNED = (
    "step",
    "kind",
    "title",
    "argv",
    "expect",
    "ask",
    "approval",
    "timeout_seconds",
    "undo",
)


def show_planned(planned: Iterable[Planned], output: Output) -> None:
    """What would be done."""
    records = [
        {
            "step": one.id,
            "kind": one.kind.value,
            "title": of(one.title),
            "argv": list(one.argv),
            "expect": one.expect,
            "ask": None if one.ask is None else of(one.ask),
            "approval": one.approval,
            "timeout_seconds": one.timeout_seconds,
            "undo": list(one.undo),
        }
        for one in planned
    ]
    if output is not Output.TABLE:
        listing(records, [Column(key, key) for key in _PLANNED], output)
        return
    typer.echo(say("何も行いません。行うとすれば:", "Nothing is done. It would be:"))
    for one in planned:
        show_line(f"{one.id} ({of(KINDS[one.kind])}): {of(one.title)}")
        for line in _details(one):
            show_line(f"  {line}")


def _details(one: Planned) -> Iterable[str]:
    if one.approval:
        yield say("もう一人の承認が要ります", "a second person has to approve")
    if one.argv:
        yield f"$ {shlex.join(one.argv)}"
    if one.expect is not None:
        yield say("成り立つこと: ", "has to hold: ") + one.expect
    if one.ask is not None:
        yield f"? {of(one.ask)}"


def trouble(record: RunRecord) -> MoyaiError | None:
    """What is to be told where a run did not come to its end."""
    again = f"moyai runbook run --resume {record.id}"
    resume = Text(f"{again} で続きから行います。", f"{again} goes on.")
    touched = Text(
        "行った手順は記録にあります。", "What was done is on record, and is not done again."
    )
    if record.status == "failed":
        back = f"moyai runbook run --back {record.id}"
        what = Text(f"{record.id} は途中で失敗しました。", f"{record.id} failed on its way.")
        remedy = Text(
            f"直してから {again} で続きから行うか、{back} で元に戻します。",
            f"Mend it and go on with {again}, or take it back with {back}.",
        )
        return OperationFailed(what, touched=touched, remedy=remedy)
    if record.status == "taking-back":
        what = Text(
            f"{record.id} はまだ元に戻し終えていません。",
            f"{record.id} is not taken back to its end yet.",
        )
        remedy = Text(
            f"moyai runbook run --back {record.id} で続きを戻します。",
            f"moyai runbook run --back {record.id} goes on with it.",
        )
        return OperationFailed(what, touched=touched, remedy=remedy)
    if record.status == "waiting":
        what = Text(
            f"{record.id} は、承認か答えを待っています。",
            f"{record.id} waits for an approval or an answer.",
        )
        return Refused(what, touched=touched, remedy=resume)
    if record.status == "stopped":
        what = Text(
            f"{record.id} は、答えによりここで止めました。",
            f"{record.id} stopped here by what was answered.",
        )
        return Refused(what, touched=touched, remedy=resume)
    return None
