"""What a runbook is, as frozen values; made only by `moyai.runbook.read`.

Words with `{{ … }}` in them are Jinja2 templates over the runbook's values: its parameters, and the
answers to questions that came before.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from moyai.runbook.conditions import Condition
from moyai.texts import Text

Value = str | int | bool | date | tuple[str, ...] | None
"""A parameter's value: a flag is a bool, one with `many` a tuple, one that was not given None."""
Values = Mapping[str, Value]


class Type(StrEnum):
    """What a parameter may be."""

    TEXT = "text"
    CODE = "code"
    """A body: its code, slug or name; the value is the code."""
    SELECTOR = "selector"
    SERVICE = "service"
    RELEASE = "release"
    OPERATOR = "operator"
    """The e-mail address of an operator of tenants.yaml."""
    DATE = "date"
    MONTH = "month"
    INTEGER = "integer"
    CHOICE = "choice"
    FLAG = "flag"


class Kind(StrEnum):
    """What a step does."""

    COMMAND = "command"
    OPERATION = "operation"
    QUESTION = "question"
    CHECK = "check"


class Idempotency(StrEnum):
    """What may be done with a step whose end is not on record."""

    SAFE = "safe"
    """Again at any time."""
    RESUMES = "resumes"
    """Again: it goes on where it was."""
    ONCE = "once"
    """A person is asked before it is done again."""


class AnswerType(StrEnum):
    """What a question is answered with."""

    YES_NO = "yes-no"
    TEXT = "text"
    CHOICE = "choice"


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter."""

    name: str
    type: Type
    description: Text
    required: bool
    default: Value
    """Already of its type, but for bodies and the like, which are words; of dates `today` means the day."""
    choices: Mapping[str, Text]
    many: bool
    """Several may be given; the value is a tuple."""
    known: bool
    """Of a body: whether tenants.yaml has to have it."""
    service: str | None
    """Of a release: the parameter with its service."""
    least: int | None
    most: int | None


@dataclass(frozen=True, slots=True)
class Argument:
    """Some arguments of a command, each a template that becomes exactly one argument."""

    words: tuple[str, ...]
    only_if: str | None = None
    """They are there only where this value is there and true."""
    for_each: str | None = None
    """They are there once for each item of this value, which is `each` in them."""


@dataclass(frozen=True, slots=True)
class Answer:
    """How a question is answered, and what the answer is called from then on."""

    type: AnswerType
    bind: str | None
    choices: Mapping[str, Text]
    wanted: str | None
    """Any other answer stops the run."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step. `run` is there but for questions, `expect` of checks, `ask` and `answer` of questions."""

    id: str
    kind: Kind
    title: Text
    timeout_seconds: int
    idempotency: Idempotency
    approval: bool
    """Whether a second person has to sign before it."""
    goes_on: bool
    """Of a check: whether the run goes on where it does not hold, and tells it at the end."""
    run: tuple[Argument, ...]
    expect: Condition | None
    ask: Text | None
    answer: Answer | None
    undo: tuple[str, ...]
    """Ids of undo steps, in their order."""
    no_undo: Text | None
    """Why there is nothing to undo, or no way to."""


@dataclass(frozen=True, slots=True)
class Precondition:
    """What has to hold before the first step: looked at by a command, or asked of a person."""

    title: Text
    run: tuple[Argument, ...]
    expect: Condition | None
    timeout_seconds: int


@dataclass(frozen=True, slots=True)
class Runbook:
    """One runbook."""

    name: str
    title: Text
    purpose: Text
    parameters: Mapping[str, Parameter]
    preconditions: tuple[Precondition, ...]
    steps: tuple[Step, ...]
    undo_steps: Mapping[str, Step]
    body: str
    """The template of what people read."""
    file: str
    """Its file's name."""
    sha256: str
    """Of the file's bytes."""

    @property
    def gated(self) -> Mapping[str, Step]:
        """The steps and undo steps that ask for a second person, by id."""
        every = (*self.steps, *self.undo_steps.values())
        return {one.id: one for one in every if one.approval}

    def step(self, name: str) -> Step | None:
        """The step or undo step of this id."""
        return next((one for one in self.steps if one.id == name), self.undo_steps.get(name))
