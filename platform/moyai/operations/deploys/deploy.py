"""Making environments what the file says: the foundation first, then the bodies side by side."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from typing import TYPE_CHECKING

from moyai.errors import MoyaiError
from moyai.infra.packages import MODULES, SHARED_MODULES
from moyai.operations.deploys.events import (
    DeployEvent,
    Interrupted,
    Noticed,
    Planned,
    StackEnded,
)
from moyai.operations.deploys.in_hand import Hands
from moyai.operations.deploys.plan import ByHand, Wish, plan_of
from moyai.operations.deploys.preflight import preflight, refuse
from moyai.operations.deploys.stack_runs import StackRuns
from moyai.operations.site.session import Session, imports_of
from moyai.planning.plans import Plan, PlannedStack
from moyai.planning.topology import SHARED
from moyai.texts import Text

if TYPE_CHECKING:
    from moyai.engine.driver.driver import Driver
    from moyai.operations.deploys.on_record import DeployRecord

_LOOK_SECONDS = 1.0
"""Between two looks whether an operation has ended that has a body in hand."""


class Deploy:
    """One deploy: a wish carried out in an opened session."""

    def __init__(
        self,
        session: Session,
        wish: Wish,
        *,
        jobs: int | None = None,
        wait_seconds: float = 0.0,
        by: ByHand | None = None,
    ) -> None:
        """`jobs`, `wait_seconds`: as of `Driver`; `by`: who deploys by which command, for the record."""
        self._by = by or ByHand()
        self._session = session
        self._wish = wish
        self._jobs = jobs
        self._wait_seconds = wait_seconds
        self._hands = Hands(session)

    def events(self) -> Generator[DeployEvent, None, None]:
        """Carry it out, telling each step, the plan first (`DeployResult` makes a whole of them).

        Raises `Refused` before anything is touched: for a file older than the one applied last, for
        bodies that vanished from the file where all bodies are meant, for a quota that would be
        passed. Failures of single stacks do not raise: the others go on. A body that an operation has in hand
        is waited for as long as `wait_seconds` say, then left out, as refused. Where nothing has changed,
        neither site nor engine is started.
        """
        session = self._session
        plan = preflight(session, self._wish)
        yield Planned(plan)
        refuse(plan)
        if any(stack.runs for stack in plan.stacks) and session.make_ready() is not None:
            plan = preflight(session, self._wish)
            yield Planned(plan)
            refuse(plan)
        if any(stack.runs for stack in plan.stacks):
            yield from self._on_record(plan)
        else:
            yield Planned(self._hands.without(plan)[0])

    def _on_record(self, plan: Plan) -> Iterator[DeployEvent]:
        """Carry the plan out, with what begins and what became of it on record."""
        # A deploy that finds nothing to do puts nothing on record, and does without these.
        from moyai.operations.deploys.on_record import DeployRecord
        from moyai.operations.evidence.catching_up import put_now

        record = DeployRecord(self._session, self._wish, self._by)
        with closing(record):
            try:
                record.begins(plan)
                with closing(self._carried_out(plan, record)) as events:
                    for event in events:
                        record.sees(event)
                        yield event
                try:
                    record.ends()
                except MoyaiError as error:
                    yield Noticed(_end_not_recorded(error.what))
            except BaseException as error:
                record.fails(error)
                raise
        put_now(self._session.workspace)

    def _carried_out(self, plan: Plan, record: DeployRecord) -> Generator[DeployEvent, None, None]:
        session = self._session
        begins = any(stack.runs and stack.name == SHARED for stack in plan.foundation)
        imports = SHARED_MODULES if begins else imports_of(plan)
        with session.driver(self._jobs, self._wait_seconds, imports) as driver:
            given = (session, driver, plan.day, self._now, self._wait_seconds)
            runs = StackRuns(*given, self._hands)
            stands = yield from self._foundation(runs, plan, record)
            if stands:
                yield from self._tenants(runs, driver, record)
        if driver.cancelled:
            yield Interrupted()

    def _foundation(
        self, runs: StackRuns, plan: Plan, record: DeployRecord
    ) -> Generator[DeployEvent, None, bool]:
        """The foundation's stacks one after another, as a cell reads what `shared` exports.

        Each is planned anew once one before it has run: it may have to run only because of that.
        What all others import is imported meanwhile. Whether all of them are as they should be.
        """
        engines = sum(stack.runs and stack.needs_engine for stack in plan.stacks)
        later = MODULES if engines > 1 else ()
        has_run = False
        for planned in plan.foundation:
            fresh = self._now([planned]) if has_run else [planned]
            todo = [stack for stack in fresh if stack.runs]
            has_run = has_run or bool(todo)
            stands = True
            if todo:
                record.goes_on(todo)
                self._session.history.remember(self._session.workspace.registry)
            for event in runs.carry_out(todo, later=later):
                yield event
                if isinstance(event, StackEnded):
                    stands = event.ok
            if not stands:
                return False
        return True

    def _now(self, stacks: Sequence[PlannedStack]) -> list[PlannedStack]:
        """Stacks planned anew, by what is on record now."""
        names = {stack.name for stack in stacks}
        return [one for one in plan_of(self._session, self._wish).stacks if one.name in names]

    def _tenants(
        self, runs: StackRuns, driver: Driver, record: DeployRecord
    ) -> Iterator[DeployEvent]:
        """The bodies, planned anew, now that the foundation has its outputs; those that operations have in
        hand once they are free, where they are waited for."""
        ended: set[str] = set()
        told: set[Text] = set()
        deadline = time.monotonic() + self._wait_seconds
        while True:
            plan, taken = self._hands.without(plan_of(self._session, self._wish))
            yield Planned(plan)
            waits = bool(taken) and time.monotonic() < deadline
            for what in self._to_tell(plan, taken if waits else frozenset()):
                if what not in told:
                    told.add(what)
                    yield Noticed(what)
            todo = [stack for stack in plan.tenants if stack.runs and stack.name not in ended]
            record.goes_on(todo)
            for event in self._run(runs, todo):
                if isinstance(event, StackEnded):
                    ended.add(event.subject)
                yield event
            met = any(stack.name not in ended for stack in todo)
            if driver.cancelled or not (met or waits):
                return
            time.sleep(_LOOK_SECONDS)

    def _run(self, runs: StackRuns, todo: Sequence[PlannedStack]) -> Iterator[DeployEvent]:
        if todo:
            from moyai.operations.inside.jobs import Inside  # boto3: slow, and not always needed

            workspace = self._session.workspace
            self._session.history.remember(workspace.registry)
            inside = Inside(workspace.site, workspace.runtime.environment())
            yield from runs.carry_out(todo, inside)

    def _to_tell(self, plan: Plan, awaited: frozenset[str]) -> Iterator[Text]:
        """That operations cannot be asked for, and why bodies are waited for."""
        if self._hands.unasked is not None:
            yield self._hands.unasked
        for stack in plan.tenants:
            if stack.name in awaited:
                why = stack.reasons[0]
                yield Text(
                    f"{stack.label}: 待っています: {why.ja}", f"{stack.label}: waits: {why.en}"
                )


def _end_not_recorded(why: Text) -> Text:
    return Text(
        f"終わりを記録できませんでした: {why.ja} 監査記録には、終わりの記録がないものとして残ります。",
        f"how it ended could not be put on record: {why.en} The audit will say that it ended without a word.",
    )
