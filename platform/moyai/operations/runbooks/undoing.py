"""Which steps take back what a run began. Pure."""

from __future__ import annotations

from moyai.operations.runbooks.records import RunRecord
from moyai.runbook.model import Runbook, Step


def begun(runbook: Runbook, record: RunRecord) -> tuple[Step, ...]:
    """The steps that a run began, the last first."""
    return tuple(one for one in reversed(runbook.steps) if one.id in record.steps)


def to_undo(runbook: Runbook, record: RunRecord) -> tuple[Step, ...]:
    """The undo steps of all that was begun, in the order in which they are done; each once."""
    names = (name for step in begun(runbook, record) for name in step.undo)
    return tuple(runbook.undo_steps[name] for name in dict.fromkeys(names))
