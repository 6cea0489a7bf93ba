"""Evidence of a run: a line for everything that was done, in a file that is only ever appended to; and what the
audit chains are told of it.

The file comes first, so that a runbook can be carried out while the operations database is away.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO

from moyai.audit.notes import Note
from moyai.audit.records import FEDERATION, chain_of
from moyai.engine.files import disk_trouble
from moyai.operations.runbooks.records import RunStore
from moyai.registry.models import JsonValue

_TOLD = (
    *("runbook", "site", "source_sha256", "user", "argv", "exit_code", "output_sha256", "said"),
    *("approved_by", "signature", "signed_at", "begun_at", "ended_at"),
)
"""What the federation's chain has of a line."""
_TOLD_TO_BODIES = ("runbook", "exit_code", "output_sha256")
"""What a body's chain has of it: arguments and answers may name other bodies."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of evidence as it is in the file."""

    content: bytes
    """Without its line feed."""

    @property
    def sha256(self) -> str:
        """Of its bytes."""
        return hashlib.sha256(self.content).hexdigest()

    def notes(self) -> dict[str, Note]:
        """Chain → what it is told: the federation's, and those of bodies that the run is about."""
        found: Mapping[str, Any] = json.loads(self.content)
        made = {FEDERATION: self._note(found, _TOLD)}
        for code in found.get("bodies", ()):
            made[chain_of(code)] = self._note(found, _TOLD_TO_BODIES)
        return made

    def _note(self, found: Mapping[str, Any], told: tuple[str, ...]) -> Note:
        details: dict[str, JsonValue] = {
            name: found[name] for name in told if found.get(name) is not None
        }
        person = found.get("operator")
        return Note(
            actor="moyai" if person is None else f"operator:{person}",
            action=f"runbook.{found.get('event', 'step')}",
            plan_sha256=found.get("content_sha256"),
            step=found.get("step"),
            result=str(found["status"]),
            details={**details, "evidence_sha256": self.sha256},
        )


class EvidenceFiles:
    """A file for each run beside its record, the owner's alone, and how much of it is in the audit chains."""

    def __init__(self, store: RunStore) -> None:
        self._store = store

    def put(self, run: str, record: Mapping[str, object]) -> None:
        """See `asking.Evidence`: a line, which is on the disk when this returns."""
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

    def lines(self, run: str) -> tuple[Line, ...]:
        """The lines of a run; one that was half written when its process was killed is none."""
        path = self._store.folder / f"{run}.evidence.jsonl"
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            return ()
        except OSError as error:
            raise disk_trouble(error, str(path)) from error
        return tuple(Line(one) for one in content.split(b"\n")[:-1])

    def chained(self, run: str) -> int:
        """How many lines of a run are in the audit chains, as far as this machine knows."""
        return self._store.chained(run)

    def put_chained(self, run: str, number: int) -> None:
        """That so many are. Raises `OperationFailed`."""
        self._store.put_chained(run, number)

    def waiting(self, run: str) -> int:
        """How many lines of a run are in no chain yet."""
        return max(len(self.lines(run)) - self.chained(run), 0)


def run_key(run: str, lines: tuple[Line, ...]) -> str:
    """What a run is called among all machines'; `lines` is not empty."""
    return f"{run}.{lines[0].sha256[:16]}"


def _whole(file: BinaryIO) -> int:
    """How many bytes of a file are whole lines: a process that was killed while it wrote left part of one."""
    size = file.seek(0, os.SEEK_END)
    while size:
        size -= 1
        file.seek(size)
        if file.read(1) == b"\n":
            return size + 1
    return 0
