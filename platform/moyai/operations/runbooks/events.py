"""What is told while a runbook is carried out."""

from __future__ import annotations

from dataclasses import dataclass

from moyai.operations.runbooks.records import RunRecord, StepStatus
from moyai.texts import Text


@dataclass(frozen=True, slots=True)
class RunBegins:
    """A run begins, or goes on."""

    record: RunRecord
    title: Text


@dataclass(frozen=True, slots=True)
class StepBegins:
    """A step, a precondition or an undo step begins."""

    id: str
    title: Text
    number: int
    """From 1; of `total`. 0: a precondition."""
    total: int
    argv: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OutputLine:
    """A line that a command wrote, without secrets."""

    id: str
    line: str


@dataclass(frozen=True, slots=True)
class StepEnds:
    """A step ended."""

    id: str
    status: StepStatus
    said: Text | None


@dataclass(frozen=True, slots=True)
class StepLeft:
    """A step that is not done again, as it is on record as done."""

    id: str
    title: Text


@dataclass(frozen=True, slots=True)
class ApprovalWanted:
    """The run waits: somebody else has to approve a step."""

    run: str
    id: str
    title: Text
    why: Text | None
    """Why the approval on record does not count, where there is one."""


@dataclass(frozen=True, slots=True)
class NotUndone:
    """A step that cannot be taken back, with the reason."""

    id: str
    title: Text
    why: Text


@dataclass(frozen=True, slots=True)
class RunEnds:
    """Nothing more is done now."""

    record: RunRecord
    noted: tuple[str, ...]
    """Titles' ids of checks that do not hold."""


Event = (
    RunBegins | StepBegins | OutputLine | StepEnds | StepLeft | ApprovalWanted | NotUndone | RunEnds
)
