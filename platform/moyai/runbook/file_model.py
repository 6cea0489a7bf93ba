"""The front matter of a runbook, as pydantic reads it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StrictBool
from pydantic_core import PydanticCustomError

_NAME = r"^[a-z][a-z0-9_]{0,39}$"
_ID = r"^[a-z][a-z0-9-]{0,39}$"
_LONGEST_SECONDS = 7 * 86_400


def _said(value: str) -> str:
    if not value.strip():
        raise PydanticCustomError("string_too_short", "empty")
    return value


Name = Annotated[str, Field(pattern=_NAME)]
"""Of a value; a name in templates."""
Id = Annotated[str, Field(pattern=_ID)]
"""Of a runbook, a step, a choice."""
Words = Annotated[str, AfterValidator(_said), Field(min_length=1, max_length=2_000)]
Seconds = Annotated[int, Field(strict=True, ge=1, le=_LONGEST_SECONDS)]


class Part(BaseModel):
    """One part of the front matter: it has the keys that it declares, and no other."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class FileText(Part):
    """A sentence in both languages."""

    ja: Words
    en: Words


class FileParameter(Part):
    """A parameter."""

    type: Literal[
        "text",
        "code",
        "selector",
        "service",
        "release",
        "operator",
        "date",
        "month",
        "integer",
        "choice",
        "flag",
    ]
    description: FileText
    required: StrictBool = True
    default: str | int | bool | None = None
    choices: dict[Id, FileText] = Field(default_factory=dict)
    many: StrictBool = False
    known: StrictBool = True
    service: Name | None = None
    least: Annotated[int, Field(strict=True)] | None = None
    most: Annotated[int, Field(strict=True)] | None = None


def _listed(value: object) -> object:
    return [value] if isinstance(value, (str, int)) else value


def _worded(value: object) -> object:
    """Whole numbers as they are written: `--yen 1` needs no quotes."""
    if isinstance(value, list):
        return [str(one) if type(one) is int else one for one in value]
    return value


class FileArgument(Part):
    """Arguments of a command that are not always there."""

    if_: Annotated[Name | None, Field(alias="if")] = None
    each: Name | None = None
    then: Annotated[
        tuple[Annotated[str, Field(max_length=2_000)], ...],
        BeforeValidator(_worded),
        Field(min_length=1),
    ]


def _arguments(value: object) -> object:
    """A word among arguments stands for itself."""
    if isinstance(value, list):
        return [{"then": _listed(one)} if isinstance(one, (str, int)) else one for one in value]
    return value


Arguments = Annotated[tuple[FileArgument, ...], BeforeValidator(_arguments)]


class FileAnswer(Part):
    """How a question is answered."""

    type: Literal["yes-no", "text", "choice"] = "yes-no"
    bind: Name | None = None
    choices: dict[Id, FileText] = Field(default_factory=dict)
    wanted: str | None = None


class FilePrecondition(Part):
    """What has to hold before the first step."""

    title: FileText
    run: Arguments = ()
    expect: Words | None = None
    timeout_seconds: Seconds = 60


class FileStep(Part):
    """A step of any kind; which keys go with which kind is checked apart."""

    id: Id
    kind: Literal["command", "operation", "question", "check"]
    title: FileText
    timeout_seconds: Seconds
    idempotency: Literal["safe", "resumes", "once"] | None = None
    approval: StrictBool = False
    goes_on: StrictBool = False
    operation: Id | None = None
    run: Arguments = ()
    expect: Words | None = None
    ask: FileText | None = None
    answer: FileAnswer | None = None
    undo: tuple[Id, ...] = ()
    no_undo: FileText | None = None


class FileRunbook(Part):
    """The front matter."""

    name: Id
    title: FileText
    purpose: FileText
    parameters: dict[Name, FileParameter] = Field(default_factory=dict)
    preconditions: tuple[FilePrecondition, ...] = ()
    steps: Annotated[tuple[FileStep, ...], Field(min_length=1)]
    undo_steps: tuple[FileStep, ...] = ()
