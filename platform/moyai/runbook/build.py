"""From a valid front matter to the frozen runbook."""

from __future__ import annotations

from moyai.runbook.conditions import Condition, parse
from moyai.runbook.file_model import (
    FileAnswer,
    FileArgument,
    FileParameter,
    FilePrecondition,
    FileRunbook,
    FileStep,
    FileText,
)
from moyai.runbook.model import (
    Answer,
    AnswerType,
    Argument,
    Idempotency,
    Kind,
    Parameter,
    Precondition,
    Runbook,
    Step,
    Type,
)
from moyai.texts import Text


def build(found: FileRunbook, body: str, file: str, sha256: str) -> Runbook:
    """The runbook of a front matter that `check` found nothing wrong with."""
    return Runbook(
        name=found.name,
        title=text(found.title),
        purpose=text(found.purpose),
        parameters={name: _parameter(name, one) for name, one in found.parameters.items()},
        preconditions=tuple(map(_precondition, found.preconditions)),
        steps=tuple(map(_step, found.steps)),
        undo_steps={one.id: _step(one) for one in found.undo_steps},
        body=body,
        file=file,
        sha256=sha256,
    )


def text(found: FileText) -> Text:
    """A sentence of the file."""
    return Text(found.ja, found.en)


def _parameter(name: str, found: FileParameter) -> Parameter:
    return Parameter(
        name=name,
        type=Type(found.type),
        description=text(found.description),
        required=found.required and found.default is None and found.type != Type.FLAG.value,
        default=found.default,
        choices={key: text(one) for key, one in found.choices.items()},
        many=found.many,
        known=found.known,
        service=found.service,
        least=found.least,
        most=found.most,
    )


def _arguments(found: tuple[FileArgument, ...]) -> tuple[Argument, ...]:
    return tuple(Argument(one.then, one.if_, one.each) for one in found)


def _condition(found: str | None) -> Condition | None:
    return None if found is None else parse(found)


def _precondition(found: FilePrecondition) -> Precondition:
    return Precondition(
        text(found.title), _arguments(found.run), _condition(found.expect), found.timeout_seconds
    )


def _step(found: FileStep) -> Step:
    run = _arguments(found.run)
    if found.operation is not None:
        run = (Argument(("moyai",)), Argument((found.operation,)), *run)
    return Step(
        id=found.id,
        kind=Kind(found.kind),
        title=text(found.title),
        timeout_seconds=found.timeout_seconds,
        idempotency=Idempotency(found.idempotency or "safe"),
        approval=found.approval,
        goes_on=found.goes_on,
        run=run,
        expect=_condition(found.expect),
        ask=None if found.ask is None else text(found.ask),
        answer=_answer(found.answer or FileAnswer()) if found.kind == Kind.QUESTION.value else None,
        undo=found.undo,
        no_undo=None if found.no_undo is None else text(found.no_undo),
    )


def _answer(found: FileAnswer) -> Answer:
    choices = {key: text(one) for key, one in found.choices.items()}
    return Answer(AnswerType(found.type), found.bind, choices, found.wanted)
