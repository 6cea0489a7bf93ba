"""What follows a stack's run: work inside the environment, then the record."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from moyai.engine.driver.results import CANCELLED
from moyai.engine.stacks import RunResult
from moyai.engine.state.records import StackRecord
from moyai.errors import SITE_UNREAD, FileTrouble, MoyaiError, SiteTrouble
from moyai.infra.code import AGAIN, EDITED
from moyai.operations.deploys.events import DeployEvent, End, Phase, StackEnded, StackMoved
from moyai.operations.deploys.looked_at import migrations_looked_at
from moyai.operations.deploys.plan import stack_id
from moyai.operations.site.site_state import SiteState
from moyai.planning.plans import PlannedStack
from moyai.registry.models import Registry

if TYPE_CHECKING:
    from moyai.operations.inside.jobs import Inside


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
        self._looked_at: dict[tuple[str, str], str | None] = {}
        self._registry = registry
        self._state = state
        self._inside = inside
        self._cancelled = cancelled

    def look(self, stack: PlannedStack) -> None:
        """Note which migrations a stack's onboarding may apply, before anything of it is begun."""
        for service in stack.onboarding:
            found = migrations_looked_at(self._registry, service, stack.releases[service])
            self._looked_at[stack.name, service] = found

    def engine(self, stack: PlannedStack, result: RunResult) -> list[DeployEvent]:
        """After the engine: onboard what is new, then put the end on record."""
        error = result.error
        if isinstance(error, FileTrouble) and _is_untouched(result):
            sha256 = None if stack.refresh else result.checkpoint_sha256
            self._state.leave(stack_id(stack), sha256)
            return [_ended(stack, result, error)]
        if error is not None:
            # It may quote other bodies' entries of the file, and stands in this one's reasons.
            failed = SITE_UNREAD if isinstance(error, SiteTrouble) else error.what
            self._state.end(
                stack_id(stack),
                lambda record: replace(
                    record,
                    failure=failed,
                    checkpoint_sha256=result.checkpoint_sha256,
                ),
            )
            return [_ended(stack, result, error)]
        moment = datetime.now(UTC)
        events, onboarded, trouble = self._onboard(stack, result.outputs)

        def ended(record: StackRecord) -> StackRecord:
            return replace(
                record,
                fingerprint=dict(stack.fingerprint),
                checkpoint_sha256=result.checkpoint_sha256,
                applied_at=moment,
                verified_at=moment if stack.refresh else record.verified_at,
                failure=None if trouble is None else trouble.what,
                facts=stack.facts,
            )

        self._state.end(stack_id(stack), ended)
        if onboarded:
            self._state.change(stack_id(stack), lambda record: _released(record, onboarded))
        return [*events, _ended(stack, result, trouble)]

    def inside_only(self, stack: PlannedStack) -> list[DeployEvent]:
        """For a stack whose resources are as they should be: onboarding or checks are left."""
        if self._cancelled():
            return [StackEnded(stack.name, stack.title, End.NOT_BEGUN, CANCELLED)]
        before = self._state.record(stack_id(stack)).failure
        outputs = self._state.outputs(stack_id(stack))
        events, onboarded, trouble = self._onboard(stack, outputs)

        def ended(record: StackRecord) -> StackRecord:
            # No mark was made: what another run failed by meanwhile stays on record.
            other = record.failure if record.failure != before else None
            failure = other if trouble is None else trouble.what
            return _released(replace(record, failure=failure), onboarded)

        self._state.change(stack_id(stack), ended)
        return [*events, _ended(stack, None, trouble)]

    def _onboard(
        self, stack: PlannedStack, outputs: Mapping[str, object]
    ) -> tuple[list[DeployEvent], dict[str, str], MoyaiError | None]:
        """What happened, the releases that were brought, and what went wrong."""
        events: list[DeployEvent] = []
        error: MoyaiError | None = None
        onboarded: dict[str, str] = {}
        for service in (*stack.onboarding, *stack.checks):
            assert self._inside is not None
            release = stack.releases[service]
            try:
                if service in stack.onboarding:
                    events.append(StackMoved(stack.name, stack.title, Phase.MIGRATE, service))
                    word = self._looked_at.get((stack.name, service))
                    if word is None:
                        raise FileTrouble(EDITED, remedy=AGAIN)
                    given = (self._registry, outputs, service, release)
                    self._inside.migrate(*given, approved=word)
                events.append(StackMoved(stack.name, stack.title, Phase.HEALTH, service))
                self._inside.health(self._registry, outputs, service, release)
            except MoyaiError as failure:
                error = failure
                break
            if service in stack.onboarding:
                onboarded[service] = release
        return events, onboarded, error


def _is_untouched(result: RunResult) -> bool:
    """Whether a run changed nothing, and found nothing that an earlier one had left."""
    return not (result.steps or result.drift or result.repaired)


def _released(record: StackRecord, onboarded: Mapping[str, str]) -> StackRecord:
    """With the releases that were brought: one that another command put on record meanwhile is newer."""
    return replace(record, releases={**onboarded, **record.releases})


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
