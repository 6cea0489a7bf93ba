"""What a run would do, without doing any of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from moyai.runbook.commands import arguments
from moyai.runbook.model import Kind, Runbook, Values
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
    """Preconditions, then steps, in their order."""
    known = {**answer_stand_ins(runbook), **values}
    for number, one in enumerate(runbook.preconditions, start=1):
        yield Planned(
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
    for step in runbook.steps:
        yield Planned(
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
