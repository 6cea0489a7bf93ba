"""Who and what a run needs beside itself: a person, approvals, a place for evidence."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import BinaryIO, Protocol

from moyai.engine.files import disk_trouble
from moyai.operations.runbooks.records import RunStore
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

    def answer(self, question: Question) -> str | None:
        """`yes` or `no`, words, or a choice's key; None where nobody answers in time."""
        ...


class Evidence(Protocol):
    """Where it is kept what was done."""

    def put(self, run: str, record: Mapping[str, object]) -> None:
        """Keep a record; it has no secret in it. Raises `OperationFailed`."""
        ...


class FileEvidence:
    """Evidence as JSON Lines beside the run's record, a file for each run, only ever appended to."""

    def __init__(self, store: RunStore) -> None:
        self._store = store

    def put(self, run: str, record: Mapping[str, object]) -> None:
        """See `Evidence.put`."""
        path = self._store.folder / f"{run}.evidence.jsonl"
        line = json.dumps(record, ensure_ascii=False, sort_keys=True)
        try:
            path.touch(mode=0o600)
            with path.open("r+b") as file:
                file.truncate(_whole(file))
                file.seek(0, os.SEEK_END)
                file.write(line.encode() + b"\n")
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise disk_trouble(error, str(path)) from error


def _whole(file: BinaryIO) -> int:
    """How many bytes of a file are whole lines: a process that was killed while it wrote left part of one."""
    size = file.seek(0, os.SEEK_END)
    while size:
        size -= 1
        file.seek(size)
        if file.read(1) == b"\n":
            return size + 1
    return 0
