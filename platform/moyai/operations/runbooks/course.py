"""One run on its way: each of its steps on record as begun before it does anything, and as ended after."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace

from moyai.errors import NOTHING_TOUCHED, UsageError
from moyai.operations.runbooks.asking import Question
from moyai.operations.runbooks.events import (
    ApprovalWanted,
    Event,
    NotUndone,
    RunBegins,
    RunEnds,
    StepBegins,
    StepEnds,
    StepLeft,
)
from moyai.operations.runbooks.records import (
    Approval,
    RunRecord,
    RunStatus,
    StepRecord,
    StepStatus,
    moment,
)
from moyai.operations.runbooks.stepping import Probe, agreed, argv_of, asked, carried
from moyai.operations.runbooks.surroundings import Surroundings
from moyai.operations.runbooks.telling import tell, tell_step
from moyai.operations.runbooks.undoing import begun, to_undo
from moyai.planning.fleet import refusals
from moyai.registry.words import not_known
from moyai.runbook.model import AnswerType, Idempotency, Kind, Precondition, Runbook, Step
from moyai.runbook.templates import sentence
from moyai.texts import Text


def _is_used(given: Approval, before: StepRecord | None) -> bool:
    """Whether the step was done since it was approved: an approval is for once."""
    if before is None or before.ended_at is None or before.status not in ("done", "noted"):
        return False
    signed_at = moment(given.signed_at)
    # A signer's clock may be ahead: what counts is the earlier moment, as for the age.
    return signed_at is None or min(signed_at, moment(given.at)) <= moment(before.ended_at)


class _Stop(Exception):
    """The run goes no further; `status` is what it is from now on."""

    def __init__(self, status: RunStatus) -> None:
        super().__init__(status)
        self.status = status


class Course:
    """A run, from where its record is."""

    def __init__(self, runbook: Runbook, record: RunRecord, around: Surroundings) -> None:
        self._runbook = runbook
        self._record = record
        self._around = around

    def carry(self, first: str | None) -> Iterator[Event]:
        """On to its end, or to where it has to wait. Raises `UsageError` for an unknown step."""
        steps = self._runbook.steps
        if first is not None:
            ids = [one.id for one in steps]
            if first not in ids:
                message = not_known(first, ids, "手順", "step")
                raise UsageError(Text(f"{message.ja}。", message.en), touched=NOTHING_TOUCHED)
            again = tuple(ids[ids.index(first) :])
            self._record = replace(self._record, again=again)
        self._tell_run("resumed" if self._record.steps else "begun")
        self._save(replace(self._record, status="running"))
        yield RunBegins(self._record, self._runbook.title)
        ended: RunStatus
        try:
            if not self._record.steps:
                for number, one in enumerate(self._runbook.preconditions, start=1):
                    yield from self._precondition(number, one)
            for number, step in enumerate(steps, start=1):
                yield from self._carry_step(number, step)
        except _Stop as stop:
            ended = stop.status
        else:
            ended = "done"
        self._tell_run(ended)
        self._save(replace(self._record, status=ended))
        yield RunEnds(self._record, self._noted())

    def take_back(self) -> Iterator[Event]:
        """By the undo steps of what was begun, the last first."""
        # From here on it never goes forward again: what is taken back is on record as done.
        self._tell_run("taking-back")
        self._save(replace(self._record, status="taking-back"))
        yield RunBegins(self._record, self._runbook.title)
        for step in begun(self._runbook, self._record):
            if step.no_undo is not None:
                title, why = (sentence(one, self._values()) for one in (step.title, step.no_undo))
                yield NotUndone(step.id, title, why)
        undone = to_undo(self._runbook, self._record)
        with suppress(_Stop):
            for number, undo in enumerate(undone, start=1):
                yield from self._undo_step(undo, number, len(undone))
            self._tell_run("taken-back")
            self._save(replace(self._record, status="taken-back"))
        yield RunEnds(self._record, self._noted())

    def _undo_step(self, undo: Step, number: int, total: int) -> Iterator[Event]:
        name = f"-{undo.id}"
        before = self._record.steps.get(name)
        if before is not None and before.status == "done":
            yield StepLeft(name, sentence(undo.title, self._values()))
            return
        if undo.approval:
            yield from self._approved(undo, before)
        if before is not None and undo.idempotency is Idempotency.ONCE:
            self._agreed(undo, before)
        yield from self._do(undo, name, number, total)

    def _values(self) -> dict[str, object]:
        return {**self._record.known_values()}

    def _noted(self) -> tuple[str, ...]:
        return tuple(name for name, one in self._record.steps.items() if one.status == "noted")

    def _save(self, record: RunRecord) -> None:
        self._around.store.save(record)
        self._record = record

    def _carry_step(self, number: int, step: Step) -> Iterator[Event]:
        before = self._record.steps.get(step.id)
        if self._record.is_done(step.id):
            yield StepLeft(step.id, sentence(step.title, self._values()))
            return
        if step.approval:
            yield from self._approved(step, before)
        if before is not None and step.idempotency is Idempotency.ONCE:
            self._agreed(step, before)
        yield from self._do(step, step.id, number, len(self._runbook.steps))

    def _approved(self, step: Step, before: StepRecord | None) -> Iterator[Event]:
        given, now = self._record.approvals.get(step.id), self._around.now()
        why = None
        if given is not None:
            judge = self._around.judge
            why = judge.approval(self._runbook, self._record, step.id, given, now)
            if why is None and not _is_used(given, before):
                return
            why = why or refusals.used_up(given.by)
        title = sentence(step.title, self._values())
        yield ApprovalWanted(self._record.id, step.id, title, None if why is None else why.what)
        raise _Stop("waiting")

    def _agreed(self, step: Step, before: StepRecord) -> None:
        title = sentence(step.title, self._values())
        how = (
            Text("終わりが記録にありません", "its end is not on record")
            if before.status == "begun"
            else Text("前に行っています", "it was done before")
        )
        text = Text(
            f"「{title.ja}」は一度だけ行う手順で、{how.ja}（{before.begun_at}）。もう一度行いますか。",
            f"'{title.en}' is to be done once, and {how.en} ({before.begun_at}). Do it again?",
        )
        question = Question(f"again:{step.id}", text, AnswerType.YES_NO, {}, step.timeout_seconds)
        answer = agreed(question, self._around)
        if answer is None:
            raise _Stop("waiting")
        status = "answered" if answer == "yes" else "stopped"
        around = self._around
        tell(self._runbook, self._record, around, "question", question.id, status, said=answer)
        if answer != "yes":
            raise _Stop("stopped")

    def _precondition(self, number: int, one: Precondition) -> Iterator[Event]:
        title = sentence(one.title, self._values())
        name = f"precondition-{number}"
        argv = argv_of(one.run, self._record)
        yield StepBegins(name, title, 0, 0, self._shown(argv))
        start = self._begun(argv)
        if not argv:
            question = Question(
                name,
                Text(f"成り立っていますか: {title.ja}", f"Does this hold: {title.en}"),
                AnswerType.YES_NO,
                {},
                one.timeout_seconds,
            )
            answer = agreed(question, self._around)
            status: StepStatus = "done" if answer == "yes" else "stopped"
            if answer is None:
                yield StepEnds(name, "begun", Text("答えがありません。", "nobody answered."))
                raise _Stop("waiting")
            ended = replace(start, status=status, said=answer)
            said: Text | None = Text(answer, answer)
        else:
            probe = Probe(name, argv, one.timeout_seconds, one)
            ended, said = yield from carried(start, probe, self._record, self._around)
        self._tell(name, ended)
        yield StepEnds(name, ended.status, said)
        if ended.status != "done":
            raise _Stop("failed" if argv else "stopped")

    def _do(self, step: Step, name: str, number: int, total: int) -> Iterator[Event]:
        argv = argv_of(step.run, self._record)
        title = sentence(step.title, self._values())
        yield StepBegins(name, title, number, total, self._shown(argv))
        start = self._begun(argv)
        self._tell(name, start)
        self._save(self._record.with_step(name, start))
        if step.kind is Kind.QUESTION:
            ended, said = asked(step, start, self._record, self._around)
            self._bind(step, ended)
        else:
            judge = None if step.expect is None else step
            probe = Probe(name, argv, step.timeout_seconds, judge)
            ended, said = yield from carried(start, probe, self._record, self._around)
            if ended.status == "failed" and step.goes_on:
                ended = replace(ended, status="noted")
        self._tell(name, ended)
        self._save(self._record.with_step(name, ended))
        yield StepEnds(name, ended.status, said)
        if ended.status in ("failed", "stopped"):
            raise _Stop(ended.status)
        if ended.status == "begun":
            raise _Stop("waiting")

    def _bind(self, step: Step, ended: StepRecord) -> None:
        """Keep an answer by its name, for the steps that follow."""
        if step.answer is not None and step.answer.bind is not None and ended.said is not None:
            values = {**self._record.values, step.answer.bind: ended.said}
            self._record = replace(self._record, values=values)

    def _shown(self, argv: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(self._around.programs.without_secrets(word) for word in argv)

    def _begun(self, argv: tuple[str, ...]) -> StepRecord:
        return StepRecord("begun", self._around.now().isoformat(), argv=self._shown(argv))

    def _tell(self, name: str, found: StepRecord) -> None:
        tell_step(self._runbook, self._record, self._around, name, found)

    def _tell_run(self, status: str) -> None:
        """Of the run as a whole; with the signature of who carries it on, where it is signed."""
        signature = self._record.runners.get(self._around.person.name)
        tell(
            self._runbook,
            self._record,
            self._around,
            "run",
            None,
            status,
            signature=signature,
        )
