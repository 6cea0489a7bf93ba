"""Making environments what the file says: the foundation first, then the bodies side by side."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from moyai.engine import stacks as engine
from moyai.engine.state.records import StackRecord
from moyai.errors import MoyaiError, OperationFailed
from moyai.infra.packages import MODULES
from moyai.operations.events import Ended, Event, Moved, Phase, Planned, Resource
from moyai.operations.plan import Wish, plan_of, stack_id
from moyai.operations.preflight import preflight, refusal, refuse
from moyai.operations.session import Session
from moyai.operations.site_state import SiteState
from moyai.operations.workspace import Workspace
from moyai.planning.plans import Plan, PlannedStack
from moyai.planning.topology import PROGRAMS, SHARED, TENANT
from moyai.texts import Text

if TYPE_CHECKING:
    from moyai.engine.driver.driver import Driver
    from moyai.operations.inside import Inside


@dataclass(slots=True)
class Report:
    """What a deploy did; filled while its events are read."""

    plan: Plan | None = None
    ended: list[Ended] = field(default_factory=list)

    @property
    def failed(self) -> tuple[Ended, ...]:
        """Stacks that did not end well."""
        return tuple(one for one in self.ended if not one.ok)

    def outcome(self) -> MoyaiError | None:
        """The error that the whole ends with: failures first, then refusals; None: all done."""
        assert self.plan is not None
        refused = [stack for stack in self.plan.stacks if stack.action == "refused"]
        if self.failed:
            return _failed(self.failed, len(self.ended))
        if refused:
            return refusal(refused)
        return None


def deploy(
    session: Session, wish: Wish, report: Report, *, jobs: int | None, wait_seconds: float
) -> Iterator[Event]:
    """Carry a plan out, telling each step; `report` has the ends afterwards.

    Raises `Refused` before anything is touched: for a file older than the one applied last, for
    bodies that vanished from the file where all bodies are meant, for a quota that would be passed.
    Failures of single stacks do not raise: the others go on, and `report.outcome()` tells. Where
    nothing has changed, neither site nor engine is started.
    """
    workspace, state = session.workspace, session.state
    plan = preflight(session, wish)
    report.plan = plan
    refuse(plan)
    if not any(stack.runs for stack in plan.stacks):
        return
    workspace.runtime.ensure_ready()
    session.history.remember(workspace.registry)
    with session.driver(jobs, wait_seconds) as driver:
        yield from _foundation(session, driver, plan, report)
        if report.failed:
            return
        plan = preflight(session, replace(wish, allow_older=True))
        report.plan = plan
        yield Planned(plan)
        yield from _tenants(workspace, state, driver, plan, report)


def _foundation(session: Session, driver: Driver, plan: Plan, report: Report) -> Iterator[Event]:
    """The foundation's stacks one after another: a cell reads what `shared` exports."""
    todo = [stack for stack in plan.foundation if stack.runs]
    if not todo:
        return
    later = MODULES if any(stack.needs_engine for stack in plan.tenants) else ()
    yield Planned(plan)
    workspace, state = session.workspace, session.state
    for stack in todo:
        fresh = _again(session, plan, stack)
        yield from _run(workspace, state, driver, [fresh], plan.day, report, None, later)
        if report.failed:
            return


def _again(session: Session, plan: Plan, stack: PlannedStack) -> PlannedStack:
    """The same stack planned anew, now that the stack before it has its outputs."""
    if stack.name == SHARED:
        return stack
    from_now = plan_of(session, Wish("all", plan.day)).foundation
    found = next((one for one in from_now if one.name == stack.name), stack)
    return replace(found, action=stack.action, refresh=stack.refresh or found.refresh)


def _tenants(
    workspace: Workspace, state: SiteState, driver: Driver, plan: Plan, report: Report
) -> Iterator[Event]:
    todo = [stack for stack in plan.tenants if stack.runs]
    if todo:
        from moyai.operations.inside import Inside  # boto3 is slow to import, and not always needed

        inside = Inside(workspace.site, workspace.runtime.environment())
        yield from _run(workspace, state, driver, todo, plan.day, report, inside)


def _run(
    workspace: Workspace,
    state: SiteState,
    driver: Driver,
    todo: Sequence[PlannedStack],
    day: date,
    report: Report,
    inside: Inside | None,
    later: tuple[str, ...] = (),
) -> Iterator[Event]:
    planned = {stack_id(stack): stack for stack in todo}
    crew = _Crew(workspace, state, day, report, inside)
    with ThreadPoolExecutor(max_workers=2, thread_name_prefix="inside") as pool:
        waiting: list[Future[list[Event]]] = []
        for stack in todo:
            if not stack.needs_engine:
                waiting.append(pool.submit(crew.inside_only, stack))
        runs = (_stack_run(workspace, s, day) for s in todo if s.needs_engine)
        for event in driver.run(_noted(state, runs), later):
            stack = planned[event.stack]
            if isinstance(event, engine.RunStarted):
                yield Moved(stack.name, stack.title, Phase.STACK)
            elif isinstance(event, engine.ResourceMoved):
                if event.done:
                    yield Resource(stack.name, event.step)
            else:
                waiting.append(pool.submit(crew.finish, stack, event.result))
            done = [future for future in waiting if future.done()]
            waiting = [future for future in waiting if future not in done]
            for future in done:
                yield from future.result()
        for future in waiting:
            yield from future.result()


def _noted(state: SiteState, runs: Iterator[engine.StackRun]) -> Iterator[engine.StackRun]:
    """Put on record that a stack is about to be touched, just before the driver takes it."""
    for run in runs:
        record = state.record(run.stack)
        state.save(replace(record, running_since=datetime.now(UTC)))
        yield run


def _stack_run(workspace: Workspace, stack: PlannedStack, day: date) -> engine.StackRun:
    return engine.StackRun(
        stack_id(stack),
        workspace.program(PROGRAMS[stack.project]),
        config_of(workspace, stack, day),
        "up",
        refresh=stack.refresh,
    )


def config_of(workspace: Workspace, stack: PlannedStack, day: date) -> dict[str, str]:
    """A stack's configuration: full keys to values (ADR 0001)."""
    config = {
        "moyai:registry": str(workspace.registry.path),
        "moyai:site": workspace.site.name,
        "moyai:asOf": day.isoformat(),
    }
    if stack.project == TENANT:
        config["moyai:releases"] = json.dumps(dict(stack.releases), sort_keys=True)
    return config


class _Crew:
    """What follows a stack's run: work inside the environment, then the record."""

    def __init__(
        self,
        workspace: Workspace,
        state: SiteState,
        day: date,
        report: Report,
        inside: Inside | None,
    ) -> None:
        self._workspace = workspace
        self._state = state
        self._day = day
        self._report = report
        self._inside = inside

    def finish(self, stack: PlannedStack, result: engine.RunResult) -> list[Event]:
        """After the engine: onboard what is new, then put the end on record."""
        record = self._state.record(stack_id(stack))
        if result.error is not None:
            self._state.save(
                replace(
                    record,
                    running_since=None,
                    failure=str(result.error.what),
                    checkpoint_sha256=result.checkpoint_sha256,
                )
            )
            return self._end(stack, result.steps, result, result.error)
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

    def inside_only(self, stack: PlannedStack) -> list[Event]:
        """For a stack whose resources are as they should be: onboarding or checks are left."""
        record = self._state.record(stack_id(stack))
        outputs = self._state.outputs(stack_id(stack))
        return self._onboard(stack, replace(record, failure=None), outputs, None)

    def _onboard(
        self,
        stack: PlannedStack,
        record: StackRecord,
        outputs: Mapping[str, object],
        result: engine.RunResult | None,
    ) -> list[Event]:
        events: list[Event] = []
        error: MoyaiError | None = None
        for service in (*stack.onboarding, *stack.checks):
            assert self._inside is not None
            release = stack.releases[service]
            try:
                if service in stack.onboarding:
                    events.append(Moved(stack.name, stack.title, Phase.MIGRATE))
                    self._inside.migrate(self._workspace.registry, outputs, service, release)
                events.append(Moved(stack.name, stack.title, Phase.HEALTH))
                self._inside.health(self._workspace.registry, outputs, service, release)
            except MoyaiError as failure:
                error = failure
                record = replace(record, failure=str(failure.what))
                break
            if service in stack.onboarding:
                record = replace(record, releases={**record.releases, service: release})
        self._state.save(record)
        steps = result.steps if result else ()
        return [*events, *self._end(stack, steps, result, error)]

    def _end(
        self,
        stack: PlannedStack,
        steps: tuple[engine.Step, ...],
        result: engine.RunResult | None,
        error: MoyaiError | None,
    ) -> list[Event]:
        drift = result.drift if result else ()
        repaired = result.repaired if result else ()
        name = stack.name
        self._report.ended.append(
            Ended(name, stack.title, error is None, steps, drift, repaired, error)
        )
        phase = Phase.DONE if error is None else Phase.FAILED
        seconds = result.seconds if result else None
        return [Moved(name, stack.title, phase, None, error, seconds)]


def _failed(failed: Sequence[Ended], total: int) -> OperationFailed:
    names = ", ".join(f"{one.subject} {one.title}" for one in failed)
    return OperationFailed(
        Text(f"{len(failed)} 件が失敗しました: {names}", f"{len(failed)} failed: {names}"),
        touched=Text(
            f"ほかの {total - len(failed)} 件は適用済みです。",
            f"The other {total - len(failed)} were applied.",
        ),
        remedy=Text(
            "原因を取り除き、moyai deploy をもう一度実行してください。続きから行います。",
            "Remove the cause and run moyai deploy again: it goes on from there.",
        ),
    )
