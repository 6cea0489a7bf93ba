"""What a run would do, without doing any of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from moyai.operations.runbooks.records import RunRecord
from moyai.operations.runbooks.undoing import to_undo
from moyai.runbook.commands import arguments
from moyai.runbook.model import Kind, Precondition, Runbook, Step, Values
from moyai.runbook.templates import sentence
from moyai.runbook.words import answer_stand_ins
from moyai.texts import Text


@dataclass(frozen=True, slots=True)
class Planned:
    """A step as it would be done; answers that are not given yet are their names in capitals."""

    id: str
    kind: Kind
    title: Text
    argv: tuple[str, ...]
    expect: str | None
    ask: Text | None
    approval: bool
    timeout_seconds: int
    undo: tuple[str, ...]


def dry_run(runbook: Runbook, values: Values) -> Iterator[Planned]:
    """Of a new run: preconditions, then steps, in their order."""
    known = {**answer_stand_ins(runbook), **values}
    for number, one in enumerate(runbook.preconditions, start=1):
        yield _precondition(number, one, known)
    for step in runbook.steps:
        yield _step(step, known)


def dry_resume(runbook: Runbook, record: RunRecord, first: str | None) -> Iterator[Planned]:
    """Of a run that would go on: steps that are not done, and those from `first` on."""
    known = {**answer_stand_ins(runbook), **record.known_values()}
    is_again = False
    for step in runbook.steps:
        is_again = is_again or step.id == first
        if is_again or not record.is_done(step.id):
            yield _step(step, known)


def dry_back(runbook: Runbook, record: RunRecord) -> Iterator[Planned]:
    """Of a run that would be taken back: its undo steps."""
    known = {**answer_stand_ins(runbook), **record.known_values()}
    for undo in to_undo(runbook, record):
        if not record.is_done(f"-{undo.id}"):
            yield _step(undo, known)


def _precondition(number: int, one: Precondition, known: Values) -> Planned:
    return Planned(
        id=f"precondition-{number}",
        kind=Kind.CHECK if one.run else Kind.QUESTION,
        title=sentence(one.title, known),
        argv=arguments(one.run, known),
        expect=None if one.expect is None else one.expect.text,
        ask=None,
        approval=False,
        timeout_seconds=one.timeout_seconds,
        undo=(),
    )


def _step(step: Step, known: Values) -> Planned:
    return Planned(
        id=step.id,
        kind=step.kind,
        title=sentence(step.title, known),
        argv=arguments(step.run, known),
        expect=None if step.expect is None else step.expect.text,
        ask=None if step.ask is None else sentence(step.ask, known),
        approval=step.approval,
        timeout_seconds=step.timeout_seconds,
        undo=step.undo,
    )
