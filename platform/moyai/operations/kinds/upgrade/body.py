"""One body's subscription as the steps of an upgrade handle it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from moyai.engine.stacks import StackId
from moyai.engine.state.records import StackRecord
from moyai.errors import MoyaiError, OperationFailed
from moyai.operations.inside import Inside
from moyai.operations.kinds.kind import Work
from moyai.operations.kinds.site import SiteSource
from moyai.operations.kinds.stacks import build
from moyai.operations.places import today
from moyai.operations.plan import Wish, plan_of
from moyai.operations.session import Session
from moyai.operations.turns import Turns
from moyai.planning.plans import PlannedStack
from moyai.planning.topology import TENANT
from moyai.registry.models import Registry
from moyai.texts import Text

_TURN_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Subscribed:
    """A body's subscription of the service that is upgraded, in a session of now."""

    session: Session
    code: str
    service: str
    target: str

    @property
    def stack(self) -> StackId:
        """Its body's stack."""
        return StackId(TENANT, self.code)

    @property
    def registry(self) -> Registry:
        """tenants.yaml."""
        return self.session.workspace.registry

    @property
    def record(self) -> StackRecord:
        """Its body's record."""
        return self.session.state.record(self.stack)

    @property
    def outputs(self) -> Mapping[str, object]:
        """Its stack's outputs."""
        return self.session.state.outputs(self.stack)

    def inside(self) -> Inside:
        """Runs jobs in its environment."""
        workspace = self.session.workspace
        return Inside(workspace.site, workspace.runtime.environment())

    def change_record(self, change: Callable[[StackRecord], StackRecord]) -> None:
        """Write its record anew from what is there now, in turn with other commands of this machine."""
        turns = Turns(self.session.workspace.runtime.home)
        turns.wait(self.stack, _TURN_SECONDS)
        taken = turns.take(self.stack)
        try:
            if not taken:
                raise _busy(self.code)
            fresh = self.session.anew().state
            fresh.save(change(fresh.record(self.stack)))
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

    def build(self) -> dict[str, int]:
        """Run its stack with what is on record now; how many resources changed, by operation.

        Raises `MoyaiError` as the run ended.
        """
        return build(self.session, self.code, self._planned, None)

    def _planned(self, session: Session) -> Sequence[PlannedStack]:
        """Its stack as it would run now: what is inside is the upgrade's own steps."""
        # Preflight looked for freezes; one that begins at midnight strands nothing.
        plan = plan_of(session, Wish(self.code, today(), begun=True))
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
    return Subscribed(
        source.session(), work.body.code, str(given["service"]), str(given["release"])
    )


def before(work: Work) -> str:
    """The release that the body came from, as the preflight of this attempt or of one before found it."""
    found = work.results.get("preflight") or work.earlier["preflight"]
    return str(found["release"])


def is_half_way(work: Work) -> bool:
    """Whether an earlier attempt left the body neither as it was nor as it is to be."""
    return "close-writes" in work.earlier


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
