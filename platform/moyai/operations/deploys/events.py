"""What a deploy tells while it goes on; the terminal and machines render it as they like."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from moyai.engine.stacks import Step
from moyai.errors import MoyaiError
from moyai.planning.plans import Plan, label
from moyai.texts import Text


class Phase(StrEnum):
    """Where a stack is on its way."""

    STACK = "stack"
    MIGRATE = "migrate"
    HEALTH = "health"


class End(StrEnum):
    """How a stack of a deploy ended."""

    DONE = "done"
    FAILED = "failed"
    NOT_BEGUN = "not begun"
    """The whole was interrupted before, the site is gone, or another command has it; nothing of it
    was touched."""


@dataclass(frozen=True, slots=True)
class Planned:
    """The plan that is being carried out; a later one takes the place of the one before."""

    plan: Plan


@dataclass(frozen=True, slots=True)
class StackMoved:
    """A stack entered a phase. `subject` is the body's code or the foundation stack's name."""

    subject: str
    title: str
    phase: Phase
    service: str | None = None
    """Which of the body's services is migrated or checked."""

    @property
    def label(self) -> str:
        """Its name for people."""
        return label(self.subject, self.title)


@dataclass(frozen=True, slots=True)
class ResourceDone:
    """One resource of a stack was dealt with."""

    subject: str
    step: Step


@dataclass(frozen=True, slots=True)
class StackEnded:
    """How one stack ended; the last that is told of it."""

    subject: str
    title: str
    end: End
    error: MoyaiError | None = None
    """Of a stack that is not done."""
    steps: tuple[Step, ...] = ()
    drift: tuple[Step, ...] = ()
    repaired: tuple[Text, ...] = ()
    note: Text | None = None
    """What else there is to say of it."""
    seconds: float | None = None
    """Since the engine's run was begun; None where there was none."""

    @property
    def label(self) -> str:
        """Its name for people."""
        return label(self.subject, self.title)

    @property
    def ok(self) -> bool:
        """Whether it is as it should be now."""
        return self.end is End.DONE


@dataclass(frozen=True, slots=True)
class Noticed:
    """Something that whoever deploys has to know, of a body or of the whole."""

    what: Text


@dataclass(frozen=True, slots=True)
class Interrupted:
    """The whole was interrupted; the last that is told of it."""


DeployEvent = Planned | StackMoved | ResourceDone | StackEnded | Noticed | Interrupted
