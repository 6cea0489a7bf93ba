"""Planned stacks carried out: engines side by side, and after each the work inside and the record."""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

from moyai.engine.stacks import Action, ResourceMoved, RunResult, RunStarted, StackId, StackRun
from moyai.errors import Refused
from moyai.infra.code import CONFIG as CODE
from moyai.infra.code import code_of
from moyai.operations.deploys.after_run import AfterRun
from moyai.operations.deploys.events import (
    DeployEvent,
    End,
    Phase,
    ResourceDone,
    StackEnded,
    StackMoved,
)
from moyai.operations.deploys.plan import stack_id
from moyai.operations.deploys.preflight import refusal
from moyai.operations.site.session import Session
from moyai.operations.site.site_state import PLANNED
from moyai.operations.site.turns import Turns
from moyai.operations.site.workspace import Workspace
from moyai.planning.plans import PlannedStack
from moyai.planning.topology import PROGRAMS, TENANT
from moyai.texts import Text

if TYPE_CHECKING:
    from moyai.engine.driver.driver import Driver
    from moyai.operations.deploys.in_hand import Hands
    from moyai.operations.inside.jobs import Inside

_JOBS = 2
"""Stacks at a time whose work inside is done: it waits, mostly."""


Again = Callable[[Sequence[PlannedStack]], Sequence[PlannedStack]]


class StackRuns:
    """Carries planned stacks of one deploy out."""

    def __init__(
        self,
        session: Session,
        driver: Driver,
        day: date,
        again: Again,
        wait_seconds: float = 0.0,
        hands: Hands | None = None,
    ) -> None:
        """`again` plans stacks anew by what is on record now; `wait_seconds` as of `Driver`. `hands`: of a
        command by hand, which leaves bodies alone that an operation has; None: the operation's own run."""
        self._workspace = session.workspace
        self._state = session.state
        self._driver = driver
        self._day = day
        self._again = again
        self._wait_seconds = wait_seconds
        self._turns = Turns(session.workspace.runtime.home)
        self._hands = hands

    def carry_out(
        self,
        todo: Sequence[PlannedStack],
        inside: Inside | None = None,
        later: tuple[str, ...] = (),
    ) -> Iterator[DeployEvent]:
        """Run stacks, telling each step; each ends with one `StackEnded`, and none raises. One that an
        operation has taken in hand meanwhile is left as it is, and nothing is told of it.

        What another command dealt with in the meantime is planned anew, and run where that is
        still needed. `inside` does what bodies have to be onboarded or checked for; `later` as in
        `Driver.run`.
        """
        while todo:
            try:
                moved = yield from self._once(todo, inside, later)
            finally:
                self._turns.end_all()
            for stack in moved:
                self._turns.wait(stack_id(stack), self._wait_seconds)
            stacks = self._again(moved) if moved else ()
            todo = [stack for stack in stacks if stack.runs]
            yield from (_settled(stack) for stack in stacks if not stack.runs)

    def _once(
        self, todo: Sequence[PlannedStack], inside: Inside | None, later: tuple[str, ...]
    ) -> Generator[DeployEvent, None, list[PlannedStack]]:
        """Run stacks; those that another command has moved since they were planned."""
        planned = {stack_id(stack): stack for stack in todo}
        driver, registry = self._driver, self._workspace.registry
        after = AfterRun(registry, self._state, inside, lambda: driver.cancelled)
        started: set[StackId] = set()
        moved: list[PlannedStack] = []
        with ThreadPoolExecutor(_JOBS, thread_name_prefix="inside") as pool:
            waiting: list[Future[list[DeployEvent]]] = []
            for stack in todo:
                after.look(stack)
                if not stack.needs_engine:
                    waiting.append(pool.submit(self._inside_only, after, stack))
            for event in driver.run(self._noted(todo, moved.append), later):
                stack = planned[event.stack]
                if isinstance(event, RunStarted):
                    started.add(event.stack)
                    yield StackMoved(stack.name, stack.title, Phase.STACK)
                elif isinstance(event, ResourceMoved):
                    if event.done:
                        yield ResourceDone(stack.name, event.step)
                elif event.result.gave_way:
                    self._state.take_back(event.stack)
                    self._turns.end(event.stack)
                    moved.append(stack)
                elif event.stack in started or not _left_alone(event.result):
                    waiting.append(pool.submit(self._after, after, stack, event.result))
                else:
                    self._state.take_back(event.stack)
                    self._turns.end(event.stack)
                    error = event.result.error
                    yield StackEnded(stack.name, stack.title, End.NOT_BEGUN, error)
                done = [future for future in waiting if future.done()]
                waiting = [future for future in waiting if future not in done]
                for future in done:
                    yield from future.result()
            for future in waiting:
                yield from future.result()
        return moved

    def _after(self, after: AfterRun, stack: PlannedStack, result: RunResult) -> list[DeployEvent]:
        try:
            return after.engine(stack, result)
        finally:
            self._turns.end(stack_id(stack))

    def _inside_only(self, after: AfterRun, stack: PlannedStack) -> list[DeployEvent]:
        self._turns.take(stack_id(stack))
        try:
            return [] if self._is_in_hand(stack) else after.inside_only(stack)
        finally:
            self._turns.end(stack_id(stack))

    def _is_in_hand(self, stack: PlannedStack) -> bool:
        """Whether an operation has the body by now. Asked once this command's turn is in sight: an operation
        that comes to it afterwards sees that, and waits."""
        if self._hands is None or stack.project != TENANT:
            return False
        return self._hands.reason(stack.name) is not None

    def _noted(
        self, todo: Sequence[PlannedStack], has_moved: Callable[[PlannedStack], None]
    ) -> Iterator[StackRun]:
        """Put on record that a stack is about to be touched, just before the driver takes it."""
        for stack in todo:
            if not stack.needs_engine:
                continue
            mine = self._turns.take(stack_id(stack))
            if self._driver.cancelled or self._state.begin(stack_id(stack)):
                if not self._driver.cancelled and self._is_in_hand(stack):
                    self._state.take_back(stack_id(stack))
                    self._turns.end(stack_id(stack))
                    continue
                run = stack_run(self._workspace, stack, self._day, "up")
                patient = self._wait_seconds > 0  # else nobody is waited for, and all would spin
                yield replace(run, gives_way=True, after_another=patient and not mine)
            else:
                self._turns.end(stack_id(stack))
                has_moved(stack)


def _settled(stack: PlannedStack) -> StackEnded:
    """Of a stack that is not to run any more, after what another command did."""
    if stack.action == "refused":
        return StackEnded(stack.name, stack.title, End.FAILED, refusal([stack]))
    note = Text(
        "その間に別のコマンドが適用しました。", "another command has applied it in the meantime."
    )
    return StackEnded(stack.name, stack.title, End.DONE, note=note)


def _left_alone(result: RunResult) -> bool:
    """Whether a run that no worker told the start of touched nothing for certain.

    A worker that died may have died after its start.
    """
    return not result.begun or isinstance(result.error, Refused)


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
        f"moyai:{CODE}": json.dumps(code_of(stack.fingerprint), sort_keys=True),
        PLANNED: json.dumps(dict(stack.fingerprint), sort_keys=True),
        "moyai:sources": workspace.registry.sources_sha256,
        "moyai:site": workspace.site.name,
        "moyai:asOf": day.isoformat(),
    }
    if stack.project == TENANT:
        config["moyai:releases"] = json.dumps(dict(stack.releases), sort_keys=True)
    return config
