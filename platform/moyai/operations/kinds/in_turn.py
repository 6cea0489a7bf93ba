"""Kinds whose steps give way to a command by hand that is at the body, and note what they have in hand.

A step is on record before it looks whether somebody is there, and a command is in sight before it asks what
is on record (`deploys/stack_runs.py`): whichever comes second sees the other. The operation waits, in sight
and not for ever; the command is refused, or waits. What is taken back waits for nobody.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from moyai.engine.stacks import StackId
from moyai.engine.state.holders import here
from moyai.errors import MoyaiError, OperationFailed
from moyai.operations.kinds.kind import Kind, Look, Result, Step, TakenBack, Unreadable, Work
from moyai.operations.kinds.site import SiteSource
from moyai.operations.site.at_work import AtWork
from moyai.operations.site.hand_notes import HandNote, forget, note
from moyai.operations.site.session import Session
from moyai.operations.site.turns import Turns
from moyai.planning.fleet.plans import OperationPlan, PlannedBody
from moyai.planning.topology import TENANT
from moyai.texts import Text, in_japan

WAIT_SECONDS = 900.0
"""How long a command at the same body is waited for."""
_ENGINES_FIRST = ("deploy", "edit")
"""Kinds whose first step that changes something is an engine's run, which waits for others by itself."""


@dataclass(frozen=True, slots=True)
class InTurn:
    """A kind with such steps."""

    kind: Kind
    source: SiteSource

    @property
    def name(self) -> str:
        """The kind's."""
        return self.kind.name

    @property
    def title(self) -> Text:
        """The kind's."""
        return self.kind.title

    @property
    def needs_approval(self) -> bool:
        """The kind's."""
        return self.kind.needs_approval

    @property
    def gates_by_health(self) -> bool:
        """The kind's."""
        return self.kind.gates_by_health

    def is_well(self, plan: OperationPlan, body: PlannedBody) -> None:
        """As of the kind."""
        self.kind.is_well(plan, body)

    def steps(self, plan: OperationPlan, body: PlannedBody) -> tuple[Step, ...]:
        """The kind's, each in turn where the body is changed at all."""
        steps = self.kind.steps(plan, body)
        names = [one.name for one in steps]
        changing = [one.name for one in steps if not one.only_reads]
        if not changing:
            return steps
        before = frozenset(names[: names.index(changing[0]) + 1])
        visit = _Visit(self.source, body.code, changing[0], changing[-1], before)
        return tuple(_Step(one, visit) for one in steps)


@dataclass(slots=True)
class _Visit:
    """An operation at one body, from its first step to its last."""

    source: SiteSource
    code: str
    first: str
    """The first step that changes something."""
    last: str
    before: frozenset[str]
    """Until then, that one too."""
    _waits_since: float | None = field(default=None, init=False)

    @property
    def stack(self) -> StackId:
        """The body's."""
        return StackId(TENANT, self.code)

    def begin(self, step: Step, work: Work) -> None:
        """Before a step is done. Raises `AtWork` while another command is at the body, `OperationFailed` where
        it is there for too long."""
        session = self.source.session()
        why = self._busy(session, step.name, work)
        if why is not None:
            now = time.monotonic()
            self._waits_since = now if self._waits_since is None else self._waits_since
            if now - self._waits_since < WAIT_SECONDS:
                raise AtWork(why)
            if not step.only_reads:
                raise _too_long(self.code, why)
            # What only looks says itself how it finds the body.
        self._waits_since = None
        if not step.only_reads:
            self.note(session, step.name, work)

    def note(self, session: Session, step: str, work: Work) -> None:
        """Write down that this operation has the body in hand."""
        plan = work.plan
        told = HandNote(work.operation, plan.kind, plan.subject, plan.planned_by, step)
        note(session.workspace.runtime.home, self.stack, told)

    def over(self) -> None:
        """It has come to its end, or all of it is taken back."""
        try:
            forget(self.source.session().workspace.runtime.home, self.stack)
        except Unreadable:
            return  # whoever asks the database next forgets it

    def _busy(self, session: Session, step: str, work: Work) -> Text | None:
        why = self._by_turn(session)
        if why is None and step in self.before:
            return self._by_record(session, step, work)
        return why

    def _by_turn(self, session: Session) -> Text | None:
        """A command of this machine."""
        if Turns(session.workspace.runtime.home).is_free(self.stack):
            return None
        return Text(
            f"手で実行したコマンド（moyai deploy など）が {self.code} で終わるのを待っています",
            f"waits for a command by hand (such as moyai deploy) that is at {self.code} to end",
        )

    def _by_record(self, session: Session, step: str, work: Work) -> Text | None:
        """A command of another machine, by the record, which says nothing of whether it lives."""
        if work.left or (step == self.first and work.plan.kind in _ENGINES_FIRST):
            return None  # the mark may be this operation's own
        since = session.state.record(self.stack).running_since
        by = session.state.store.read(self.stack).by
        if since is None or by is None or here(by):
            return None
        moment = in_japan(since)
        return Text(
            f"別の機械のコマンド（{by}、{moment} から）が {self.code} で終わるのを待っています",
            f"waits for a command of another machine ({by}, since {moment}) that is at {self.code} to end",
        )


@dataclass(frozen=True, slots=True)
class _Step:
    """A step of such a kind."""

    step: Step
    visit: _Visit

    @property
    def name(self) -> str:
        """The step's."""
        return self.step.name

    @property
    def title(self) -> Text:
        """The step's."""
        return self.step.title

    @property
    def only_reads(self) -> bool:
        """The step's."""
        return self.step.only_reads

    def do(self, work: Work) -> Result:
        """Raises as the step, and `AtWork` before anything of it is done."""
        self.visit.begin(self.step, work)
        result = self.step.do(work)
        self._ended()
        return result

    def look(self, work: Work) -> Result | Look:
        """As the step."""
        found = self.step.look(work)
        if not isinstance(found, Look):
            self._ended()
        return found

    def undo(self, work: Work, error: MoyaiError) -> TakenBack:
        """As the step."""
        result = self.step.undo(work, error)
        if self.name == self.visit.first:
            self.visit.over()
        return result

    def _ended(self) -> None:
        if self.name == self.visit.last:
            self.visit.over()


def in_turn(make: Callable[[SiteSource], Kind], source: SiteSource) -> Kind:
    """A kind whose steps take turns with commands by hand."""
    return InTurn(make(source), source)


def _too_long(code: str, why: Text) -> OperationFailed:
    return OperationFailed(
        Text(
            f"{code} は別のコマンドが作業中のままです: {why.ja}",
            f"another command is at {code} for too long: {why.en}",
        ),
        remedy=Text(
            "そのコマンドが終わるのを待って moyai operation retry を実行してください。途中で切れたのなら、"
            f"先に moyai deploy {code} で直してください。",
            "Wait for it to end, then run moyai operation retry. Where it was cut off, put it right first, "
            f"with moyai deploy {code}.",
        ),
    )
