"""How the bodies of a wave stand, counted. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from moyai.planning.fleet.plans import OperationPlan
from moyai.planning.fleet.states import FAILURES, GOING, WORKED_ON, BodyState, OperationState


@dataclass(frozen=True, slots=True)
class Tally:
    """The bodies of one wave."""

    bodies: int
    waiting: int
    running: int
    failures: int
    """Failed or held, and not forgiven by a release."""
    worked_on: int
    last_end: datetime | None
    """When the last of those worked on ended; None where no moment of an end is known."""

    @property
    def has_ended(self) -> bool:
        """Whether every body has."""
        return not self.waiting and not self.running


def tally(state: OperationState, number: int, codes: Iterable[str]) -> Tally:
    """Count the bodies of one wave."""
    bodies = [state.body(code) for code in codes]
    released = state.released.get(f"wave:{number}")
    worked_on = [body for body in bodies if body.status in WORKED_ON]
    return Tally(
        len(bodies),
        sum(body.status == "waiting" for body in bodies),
        sum(body.status == "running" for body in bodies),
        sum(is_failure(body, released) for body in bodies),
        len(worked_on),
        max((body.ended_at for body in worked_on if body.ended_at is not None), default=None),
    )


def is_failure(body: BodyState, released: datetime | None) -> bool:
    """Whether a body counts as a failure, after a release at that moment."""
    if body.status not in FAILURES:
        return False
    return released is None or body.ended_at is None or body.ended_at > released


def repeated_error(state: OperationState, most: int) -> tuple[str, int] | None:
    """The error signature that at least `most` failures have, and how many do; the most frequent,
    then the first by its letters. None where `most` is 0 or there is none."""
    released = state.released.get("operation")
    counts: dict[str, int] = {}
    for body in state.bodies.values():
        if body.error_signature is not None and is_failure(body, released):
            counts[body.error_signature] = counts.get(body.error_signature, 0) + 1
    often = [(-count, signature) for signature, count in counts.items() if count >= most > 0]
    if not often:
        return None
    count, signature = min(often)
    return signature, -count


def is_going(plan: OperationPlan, state: OperationState) -> bool:
    """Whether some body waits or runs."""
    return any(state.body(body.code).status in GOING for body in plan.bodies)
