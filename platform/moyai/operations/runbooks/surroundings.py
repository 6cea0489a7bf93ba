"""What a run needs beside the runbook and its record."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from moyai.approvals.signing import Signer
from moyai.operations.runbooks.asking import Evidence, Person
from moyai.operations.runbooks.judging import Judge
from moyai.operations.runbooks.programs import Programs
from moyai.operations.runbooks.records import RunStore


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Where a run is kept, who carries it out, whose word counts, and how commands are started."""

    store: RunStore
    person: Person
    judge: Judge
    evidence: Evidence
    programs: Programs
    signer: Signer | None = None
    """Who carries the run on signs with it, where steps ask for two persons."""
    now: Callable[[], datetime] = _now
