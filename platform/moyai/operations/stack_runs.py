"""Planned stacks carried out: engines side by side, and after each the work inside and the record."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from moyai.engine.stacks import Action, ResourceMoved, RunStarted, StackRun
from moyai.operations.after_run import AfterRun
from moyai.operations.deploy_events import DeployEvent, Phase, ResourceDone, StackMoved
from moyai.operations.plan import stack_id
from moyai.operations.session import Session
from moyai.operations.workspace import Workspace
from moyai.planning.plans import PlannedStack
from moyai.planning.topology import PROGRAMS, TENANT

if TYPE_CHECKING:
    from moyai.engine.driver.driver import Driver
    from moyai.operations.inside import Inside

_JOBS = 2
"""Stacks at a time whose work inside is done: it waits, mostly."""


class StackRuns:
    """Carries planned stacks of one deploy out."""

    def __init__(self, session: Session, driver: Driver, day: date) -> None:
        self._workspace = session.workspace
        self._state = session.state
        self._driver = driver
        self._day = day

    def carry_out(
        self,
        todo: Sequence[PlannedStack],
        inside: Inside | None = None,
        later: tuple[str, ...] = (),
    ) -> Iterator[DeployEvent]:
        """Run stacks, telling each step; each ends with one `StackEnded`, and none raises.

        `inside` does what bodies have to be onboarded or checked for; `later` as in `Driver.run`.
        """
        planned = {stack_id(stack): stack for stack in todo}
        after = AfterRun(self._workspace.registry, self._state, inside)
        with ThreadPoolExecutor(_JOBS, thread_name_prefix="inside") as pool:
            waiting: list[Future[list[DeployEvent]]] = []
            for stack in todo:
                if not stack.needs_engine:
                    waiting.append(pool.submit(after.inside_only, stack))
            for event in self._driver.run(self._noted(todo), later):
                stack = planned[event.stack]
                if isinstance(event, RunStarted):
                    yield StackMoved(stack.name, stack.title, Phase.STACK)
                elif isinstance(event, ResourceMoved):
                    if event.done:
                        yield ResourceDone(stack.name, event.step)
                else:
                    waiting.append(pool.submit(after.engine, stack, event.result))
                done = [future for future in waiting if future.done()]
                waiting = [future for future in waiting if future not in done]
                for future in done:
                    yield from future.result()
            for future in waiting:
                yield from future.result()

    def _noted(self, todo: Sequence[PlannedStack]) -> Iterator[StackRun]:
        """Put on record that a stack is about to be touched, just before the driver takes it."""
        for stack in todo:
            if stack.needs_engine:
                record = self._state.record(stack_id(stack))
                self._state.save(replace(record, running_since=datetime.now(UTC)))
                yield stack_run(self._workspace, stack, self._day, "up")


def stack_run(workspace: Workspace, stack: PlannedStack, day: date, action: Action) -> StackRun:
    """What the driver is asked for, of a planned stack."""
    return StackRun(
        stack_id(stack),
        workspace.program(PROGRAMS[stack.project]),
        _config(workspace, stack, day),
        action,
        refresh=stack.refresh and action == "up",
    )


def _config(workspace: Workspace, stack: PlannedStack, day: date) -> dict[str, str]:
    """A stack's configuration: full keys to values (ADR 0001)."""
    config = {
        "moyai:registry": str(workspace.registry.path),
        "moyai:site": workspace.site.name,
        "moyai:asOf": day.isoformat(),
    }
    if stack.project == TENANT:
        config["moyai:releases"] = json.dumps(dict(stack.releases), sort_keys=True)
    return config
