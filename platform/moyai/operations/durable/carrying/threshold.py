"""The last question before anything of a body is changed: whether it may still be.

Between a body's beginning and its first change a night may pass: its worker died, the machine was off. So
window, approvals and what persons want are asked anew, by the server's clock. A body that has begun to
change is asked no more: it goes on to its end.
"""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass
from datetime import timedelta

from moyai.operations.durable.carrying.ledger import Stands
from moyai.operations.kinds.kind import Unavailable
from moyai.planning.fleet import said, wanted
from moyai.planning.fleet.beginning import still_open
from moyai.planning.fleet.plans import OperationPlan, PlannedBody
from moyai.texts import Text

AGAIN_SECONDS = 60
"""Until a body without approval is begun again: another worker may have another tenants.yaml, and says
that it is approved."""


class NotNow(Exception):  # nobody's error: the body waits again
    """A body of which nothing was changed waits again."""

    def __init__(self, why: Text, seconds: int = 0) -> None:
        super().__init__(why.en)
        self.why = why
        self.seconds = seconds
        """So long at least."""


@dataclass(frozen=True, slots=True)
class Threshold:
    """What is asked of one body."""

    plan: OperationPlan
    body: PlannedBody
    needs_approval: bool

    @property
    def is_asked(self) -> bool:
        """Whether there is anything that may hold it up."""
        return self.needs_approval or self.body.calendar is not None

    def cross(self, stands: Stands, approved: Set[str], seconds: float) -> None:
        """Raises `NotNow`, and `Unavailable` where no opening is to come. `seconds`: for how long it has
        been in hand."""
        if stands.wanted != "run":
            raise NotNow(said.PAUSED if stands.wanted == "pause" else said.CANCELLED)
        self.approved(approved)
        why = still_open(self.body, stands.now - timedelta(seconds=seconds), stands.now)
        if why == said.NEVER_OPEN:
            raise Unavailable(said.NEVER_OPEN)
        if why is not None:
            raise NotNow(why)

    def approved(self, approved: Set[str]) -> None:
        """Raises `NotNow` where an approval that it needs does not hold."""
        if not self.needs_approval:
            return
        subject = wanted.lacking(wanted.before_change(self.plan, self.body), approved)
        if subject is not None:
            raise NotNow(wanted.why(subject, self.plan), AGAIN_SECONDS)
