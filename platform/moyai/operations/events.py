"""What an operation tells while it goes on; the terminal and machines render it as they like."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from moyai.engine.stacks import Step
from moyai.errors import MoyaiError
from moyai.planning.plans import Plan
from moyai.texts import Text


class Phase(StrEnum):
    """Where a stack is on its way."""

    STACK = "stack"
    MIGRATE = "migrate"
    HEALTH = "health"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Planned:
    """The plan that is being carried out."""

    plan: Plan


@dataclass(frozen=True, slots=True)
class Moved:
    """A stack entered a phase. `subject` is the body's code or the foundation stack's name."""

    subject: str
    title: str
    phase: Phase
    detail: Text | None = None
    error: MoyaiError | None = None
    seconds: float | None = None
    """For `done` and `failed`: since the stack was taken."""


@dataclass(frozen=True, slots=True)
class Resource:
    """One resource of a stack was dealt with."""

    subject: str
    step: Step


Event = Planned | Moved | Resource


@dataclass(frozen=True, slots=True)
class Ended:
    """How one stack ended."""

    subject: str
    title: str
    ok: bool
    steps: tuple[Step, ...]
    drift: tuple[Step, ...]
    repaired: tuple[Text, ...]
    error: MoyaiError | None
