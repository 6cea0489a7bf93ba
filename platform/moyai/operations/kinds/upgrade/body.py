"""One body's subscription as the steps of an upgrade handle it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from moyai.engine.state.records import StackRecord
from moyai.errors import MoyaiError, OperationFailed
from moyai.operations.deploys.plan import Wish, plan_of
from moyai.operations.kinds.environment import Environment
from moyai.operations.kinds.kind import Work
from moyai.operations.kinds.site import SiteSource
from moyai.operations.kinds.stacks import build, stands
from moyai.operations.kinds.upgrade.found import Found, found_by, hold_to_end, hold_to_way_back
from moyai.operations.site.session import Session
from moyai.operations.site.turns import Turns
from moyai.planning.fleet.taking_over import taken_over
from moyai.planning.plans import PlannedStack
from moyai.registry.models import Manifest
from moyai.texts import Text

_TURN_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Subscribed(Environment):
    """A body's subscription of the service that is upgraded, in a session of now."""

    service: str
    target: str

    @property
    def manifest(self) -> Manifest:
        """The service's manifest."""
        return self.registry.services[self.service].manifest

    def change_record(self, change: Callable[[StackRecord], StackRecord]) -> None:
        """Write its record anew from what is there now, in turn with other commands of this machine; those of
        others are compared with (`SiteState.change`)."""
        turns = Turns(self.session.workspace.runtime.home)
        turns.wait(self.stack, _TURN_SECONDS)
        taken = turns.take(self.stack)
        try:
            if not taken:
                raise _busy(self.code)
            self.session.anew().state.change(self.stack, change)
        finally:
            turns.end_all()

    def bring(self, release: str | None) -> None:
        """Put on record which release its stack is to be built with; None: the one on record."""

        def moved(record: StackRecord) -> StackRecord:
            moving = {name: one for name, one in record.moving.items() if name != self.service}
            if release is not None:
                moving[self.service] = release
            return replace(record, moving=moving)

        self.change_record(moved)

    def build(self, found: Found) -> dict[str, int]:
        """Run its stack with the release that it is brought to; how many resources changed, by operation.

        Raises `Moved` where that is not what preflight found, and nothing is run then; `MoyaiError` as the
        run ended.
        """

        def planned(session: Session) -> Sequence[PlannedStack]:
            stacks = self._stacks(session, found.as_of)
            for stack in stacks:
                hold_to_end(found, self.manifest, self.target, stack)
            return stacks

        return build(self.session, self.code, planned, None, found.as_of)

    def stands(self, found: Found) -> bool:
        """Whether its stack is on record as preflight found that it is to be (`stacks.stands`)."""
        return stands(self.session.state, self.stack, found.stack_sha256)

    def build_back(self, found: Found) -> dict[str, int]:
        """Run its stack with the release on record, where anything of the upgrade is there.

        Raises `InDoubt` where more would go along, and nothing is run then; `MoyaiError` as the run ended.
        """

        def planned(session: Session) -> Sequence[PlannedStack]:
            recorded = session.state.recorded(self.stack)
            stacks = self._stacks(session, found.as_of)
            held = (hold_to_way_back(found, self.service, recorded, one) for one in stacks)
            return [one for one in held if one is not None]

        return build(self.session, self.code, planned, None, found.as_of)

    def _stacks(self, session: Session, day: date) -> Sequence[PlannedStack]:
        """Its stack as it would run now: what is inside is the upgrade's own steps."""
        # Preflight looked for freezes; one that begins at midnight strands nothing.
        plan = plan_of(session, Wish(self.code, day, begun=True))
        return [
            replace(
                stack,
                onboarding=(),
                checks=(),
                action=stack.action if stack.needs_engine else "none",
            )
            for stack in plan.tenants
        ]


def subscribed(source: SiteSource, work: Work) -> Subscribed:
    """The subscription that a step is about."""
    given = work.plan.parameters
    service, release = str(given["service"]), str(given["release"])
    code, asker = work.body.code, work.asker
    return Subscribed(source.session(), code, service, release, asker=asker, away=work.away)


def before(work: Work) -> str:
    """The release that the body came from, as the preflight of this attempt or of one before found it."""
    return found_by(work).release


def closer(work: Work) -> str:
    """As whom writes are closed and opened: the operation that closed them, where this one took over."""
    over = taken_over(work.plan, work.body.code)
    return work.operation if over is None else over.closed_by


def is_half_way(work: Work) -> bool:
    """Whether an earlier attempt left the body neither as it was nor as it is to be: it may have closed
    writes, also where it never got an answer."""
    return "close-writes" in work.left


def is_released(work: Work) -> bool:
    """Whether an earlier attempt put the release on record: since then the application may have
    written with it, and there is no way back."""
    return "release" in work.earlier


def restored_before(work: Work) -> str | None:
    """The backup that an earlier attempt put back last, by its manifest's key."""
    found = work.earlier.get("-migrate-contract", {}).get("restored")
    return None if found is None else str(found)


def _busy(code: str) -> MoyaiError:
    return OperationFailed(
        Text(f"{code} は別のコマンドが作業中です。", f"another command is at {code} for too long."),
        remedy=Text("そのコマンドが終わるのを待ってください。", "Wait for it to end."),
    )
