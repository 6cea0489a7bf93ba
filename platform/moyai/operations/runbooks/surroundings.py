"""What a run needs beside the runbook and its record."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from moyai.operations.runbooks.asking import Approvals, Evidence, Person
from moyai.operations.runbooks.programs import Programs
from moyai.operations.runbooks.records import RunStore


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Where a run is kept, who carries it out, whose word counts, and how commands are started."""

    store: RunStore
    person: Person
    approvals: Approvals
    evidence: Evidence
    programs: Programs
    now: Callable[[], datetime] = _now
