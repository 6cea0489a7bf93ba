"""What is kept as evidence of a run: who did what, over which content, and how it ended."""

from __future__ import annotations

from typing import Literal

from moyai.operations.runbooks.judging import named_bodies
from moyai.operations.runbooks.records import RunRecord, StepRecord
from moyai.operations.runbooks.surroundings import Surroundings
from moyai.runbook.model import Kind, Runbook, Step

Event = Literal["run", "step", "question", "undo", "approve"]
"""What a line is about; in the audit chains its action is `runbook.EVENT`."""


def tell(
    runbook: Runbook,
    record: RunRecord,
    around: Surroundings,
    event: Event,
    step: str | None,
    status: str,
    **more: object,
) -> None:
    """Keep a line of evidence. Raises `OperationFailed`.

    `more`: what is known of it besides; `operator` where it is another than who carries the run on.
    """
    operator = more.pop("operator", around.person.operator)
    around.evidence.put(
        record.id,
        {
            "run": record.id,
            "runbook": runbook.name,
            "source_sha256": runbook.sha256,
            "content_sha256": around.judge.sha256(runbook, record, around.now()),
            "site": record.site,
            "bodies": list(named_bodies(runbook, record)),
            "event": event,
            "step": step,
            "status": status,
            "at": around.now().isoformat(),
            "operator": operator,
            "user": None if operator is not None else around.person.name,
            **more,
        },
    )


def tell_step(
    runbook: Runbook, record: RunRecord, around: Surroundings, name: str, found: StepRecord
) -> None:
    """That a step, a precondition (`precondition-1`) or an undo step (`-NAME`) began or ended."""
    step = runbook.step(name.removeprefix("-"))
    given = record.approvals.get(name.removeprefix("-"))
    tell(
        runbook,
        record,
        around,
        _event(name, step),
        name,
        _status(name, step, found),
        approved_by=None if given is None else given.by,
        begun_at=found.begun_at,
        ended_at=found.ended_at,
        argv=list(found.argv),
        exit_code=found.exit_code,
        output_sha256=found.output_sha256,
        said=found.said,
    )


def _event(name: str, step: Step | None) -> Event:
    if name.startswith("-"):
        return "undo"
    return "question" if step is not None and step.kind is Kind.QUESTION else "step"


def _status(name: str, step: Step | None, found: StepRecord) -> str:
    if found.status != "done":
        return found.status
    event = _event(name, step)
    return {"undo": "undone", "question": "answered"}.get(event, "done")
