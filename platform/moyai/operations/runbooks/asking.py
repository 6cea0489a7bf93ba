"""Who and what a run needs beside itself: a person, approvals, a place for evidence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from moyai.runbook.model import AnswerType
from moyai.texts import Text


@dataclass(frozen=True, slots=True)
class Question:
    """What a person is asked."""

    id: str
    """The step's id; `precondition-1`; `again:STEP` where one is to be done again."""
    text: Text
    type: AnswerType
    choices: Mapping[str, Text]
    timeout_seconds: int


class Person(Protocol):
    """Who carries a runbook out."""

    @property
    def name(self) -> str:
        """The e-mail address of an operator, or the name of a user of this machine."""
        ...

    @property
    def operator(self) -> str | None:
        """The e-mail address; None where no operator is named, and `name` is a user's."""
        ...

    def answer(self, question: Question) -> str | None:
        """`yes` or `no`, words, or a choice's key; None where nobody answers in time."""
        ...


class Evidence(Protocol):
    """Where it is kept what was done."""

    def put(self, run: str, record: Mapping[str, object]) -> None:
        """Keep a record; it has no secret in it. Raises `OperationFailed`."""
        ...
