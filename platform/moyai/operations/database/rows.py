"""What is read from the operations database: frozen rows. Moments are UTC."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from moyai.texts import Text

if TYPE_CHECKING:
    from moyai.planning.fleet.plans import OperationPlan


@dataclass(frozen=True, slots=True)
class OperationRow:
    """One operation as it is listed."""

    id: str
    kind: str
    subject: str
    site: str
    status: str
    reason: Text | None
    """Why it is held, expired or waits; of one that runs with no body in hand, what its first body waits
    for."""
    wanted: str
    plan_sha256: str
    planned_by: str
    planned_at: datetime
    began_at: datetime | None
    ended_at: datetime | None
    counts: Mapping[str, int] = field(default_factory=dict)
    """Status of bodies → how many."""


@dataclass(frozen=True, slots=True)
class WaveRow:
    """One wave of an operation."""

    number: int
    name: str
    status: str
    reason: Text | None
    began_at: datetime | None
    soak_until: datetime | None
    healthy_at: datetime | None


@dataclass(frozen=True, slots=True)
class BodyRow:
    """One body of an operation."""

    code: str
    name: str
    wave: int
    status: str
    step: str | None
    """The step in hand, or the last one; `-NAME` while it is taken back."""
    attempts: int
    worker: str | None
    began_at: datetime | None
    ended_at: datetime | None
    error: Mapping[str, Any] | None
    """`what`, `touched`, `remedy`, each in both languages."""
    waits: Text | None


@dataclass(frozen=True, slots=True)
class StepRow:
    """One step of one body, in one attempt."""

    code: str
    attempt: int
    step: str
    status: str
    intended_at: datetime
    done_at: datetime | None
    looked: bool
    result: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ApprovalRow:
    """One signature on record; whether it counts is judged anew each time."""

    subject: str
    operator: str
    plan_sha256: str
    signature: str
    received_at: datetime
    signed_at: datetime | None
    """The moment in the signed line; None: of a version that signed none, which counts no longer."""


@dataclass(frozen=True, slots=True)
class BesideRow:
    """Another operation about the same bodies."""

    id: str
    kind: str
    subject: str
    codes: tuple[str, ...]
    """Bodies of both."""


@dataclass(frozen=True, slots=True)
class DebtRow:
    """Work owed to a body."""

    code: str
    kind: str
    subject: str
    operation: str
    reason: Text
    opened_at: datetime


@dataclass(frozen=True, slots=True)
class Pause:
    """That somebody paused a proposal."""

    email: str
    """As the person said, who may have signed it."""
    at: datetime
    """When it was put on record, by the database's clock."""


@dataclass(frozen=True, slots=True)
class OperationView:
    """One operation with all that belongs to it."""

    row: OperationRow
    plan: OperationPlan
    planner_signature: str | None
    released: Mapping[str, str]
    """What persons let go on, and when."""
    waves: tuple[WaveRow, ...]
    bodies: tuple[BodyRow, ...]
    approvals: tuple[ApprovalRow, ...]
    now: datetime
    """The server's clock when it was read."""
    last_pause: Pause | None = None
    """Of a proposal, the last that a person asked for, whatever came after it. None: nobody has; it is wanted
    paused until it is in the file all the same."""

    @property
    def paused(self) -> Pause | None:
        """Who wants a proposal paused now; None: nobody."""
        return self.last_pause if self.row.wanted == "pause" else None
