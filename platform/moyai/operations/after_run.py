"""What follows a stack's run: work inside the environment, then the record."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from moyai.engine.driver.results import CANCELLED
from moyai.engine.stacks import RunResult
from moyai.engine.state.records import StackRecord
from moyai.errors import MoyaiError
from moyai.operations.deploy_events import DeployEvent, End, Phase, StackEnded, StackMoved
from moyai.operations.plan import stack_id
from moyai.operations.site_state import SiteState
from moyai.planning.plans import PlannedStack
from moyai.registry.models import Registry

if TYPE_CHECKING:
    from moyai.operations.inside import Inside


class AfterRun:
    """Ends stacks of one deploy. May be used by several threads, each with stacks of its own."""

    def __init__(
        self,
        registry: Registry,
        state: SiteState,
        inside: Inside | None,
        cancelled: Callable[[], bool],
    ) -> None:
        """`cancelled`: whether nothing more may begin."""
        self._registry = registry
        self._state = state
        self._inside = inside
        self._cancelled = cancelled

    def engine(self, stack: PlannedStack, result: RunResult) -> list[DeployEvent]:
        """After the engine: onboard what is new, then put the end on record."""
        record = self._state.record(stack_id(stack))
        if result.error is not None:
            self._state.save(
                replace(
                    record,
                    running_since=None,
                    failure=result.error.what,
                    checkpoint_sha256=result.checkpoint_sha256,
                )
            )
            return [_ended(stack, result, result.error)]
        now = datetime.now(UTC)
        record = replace(
            record,
            fingerprint=dict(stack.fingerprint),
            checkpoint_sha256=result.checkpoint_sha256,
            applied_at=now,
            verified_at=now if stack.refresh else record.verified_at,
            failure=None,
            running_since=None,
            facts=stack.facts,
        )
        return self._onboard(stack, record, result.outputs, result)

    def inside_only(self, stack: PlannedStack) -> list[DeployEvent]:
        """For a stack whose resources are as they should be: onboarding or checks are left."""
        if self._cancelled():
            return [StackEnded(stack.name, stack.title, End.NOT_BEGUN, CANCELLED)]
        record = self._state.record(stack_id(stack))
        outputs = self._state.outputs(stack_id(stack))
        return self._onboard(stack, record, outputs, None)

    def _onboard(
        self,
        stack: PlannedStack,
        record: StackRecord,
        outputs: Mapping[str, object],
        result: RunResult | None,
    ) -> list[DeployEvent]:
        events: list[DeployEvent] = []
        error: MoyaiError | None = None
        onboarded: dict[str, str] = {}
        for service in (*stack.onboarding, *stack.checks):
            assert self._inside is not None
            release = stack.releases[service]
            try:
                if service in stack.onboarding:
                    events.append(StackMoved(stack.name, stack.title, Phase.MIGRATE, service))
                    self._inside.migrate(self._registry, outputs, service, release)
                events.append(StackMoved(stack.name, stack.title, Phase.HEALTH, service))
                self._inside.health(self._registry, outputs, service, release)
            except MoyaiError as failure:
                error = failure
                break
            if service in stack.onboarding:
                onboarded[service] = release
        if result is None:
            # No turn was taken: an upgrade may have put a release on record meanwhile.
            now = self._state.reread(stack_id(stack))
            other = now.failure if now.failure != record.failure else None
            record = replace(now, failure=other)
        failed = record.failure if error is None else error.what
        releases = {**record.releases, **onboarded}
        self._state.save(replace(record, failure=failed, releases=releases))
        return [*events, _ended(stack, result, error)]


def _ended(stack: PlannedStack, result: RunResult | None, error: MoyaiError | None) -> StackEnded:
    end = End.DONE if error is None else End.FAILED
    if result is None:
        return StackEnded(stack.name, stack.title, end, error)
    return StackEnded(
        stack.name,
        stack.title,
        end,
        error,
        steps=result.steps,
        drift=result.drift,
        repaired=result.repaired,
        seconds=result.seconds,
    )
