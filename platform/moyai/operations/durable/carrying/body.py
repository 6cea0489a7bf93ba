"""One body carried from step to step (`back`: where a step failed). Knows no worker and no queue.

What is on record decides where it goes on: a carrying that takes over another's looks for the step
that was begun, and never does again what is done.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial

from moyai.errors import MoyaiError
from moyai.operations.durable.carrying.back import GoingBack
from moyai.operations.durable.carrying.course import Course, kept
from moyai.operations.durable.carrying.failures import bug, from_document, unknown
from moyai.operations.durable.carrying.judging import Counted, Judging, other_plan
from moyai.operations.durable.carrying.ledger import Fenced, Ledger, Taken
from moyai.operations.durable.carrying.overtaken import seen_through
from moyai.operations.durable.carrying.patience import GivenUp, Patience
from moyai.operations.durable.carrying.threshold import AGAIN_SECONDS, NotNow, Threshold
from moyai.operations.durable.troubles import Troubles
from moyai.operations.kinds.kind import (
    NOBODY_CAN_SAY,
    Kind,
    Look,
    Moved,
    Result,
    Step,
    Stopped,
    Unavailable,
)
from moyai.planning.fleet import said
from moyai.planning.fleet.plans import OperationPlan, PlannedBody
from moyai.texts import Text


@dataclass(slots=True)
class Carrying:
    """One carrying of one body. `run` returns when the body's end is on record."""

    ledger: Ledger
    kind: Kind
    plan: OperationPlan
    body: PlannedBody
    taken: Taken
    cleared: frozenset[str] | None = frozenset()
    """The subjects that were approved when it was begun; None: as `approved` says once it is asked."""
    needs_approval: bool = False
    """Whether it begins only with an approval of the plan that holds now."""
    approved: Callable[[], frozenset[str]] | None = None
    """Judges approvals anew, and raises where nobody can say; None: as `cleared`."""
    counted: Counted | None = None
    """Judges which approvals counted at a moment; None: those of now do."""
    hindered: Callable[[], Text | None] = lambda: None
    """Why nothing more is begun to be changed here by what this worker knows now, or None."""
    altered: Callable[[], Text | None] = lambda: None
    """Why the plan is not the one that was approved, by what is on record, or None."""
    troubles: Troubles = field(default_factory=Troubles)
    """Of the worker."""
    ending: Callable[[], bool] = lambda: False
    """Whether the worker is to end: a body that waits is left to others then."""
    _uncrossed: bool = False
    """Whether it ends before the first step that changes something."""
    _began: float = field(default_factory=time.monotonic)
    _course: Course = field(init=False)
    _patience: Patience = field(init=False)

    def __post_init__(self) -> None:
        self._patience = Patience(self.ledger, self.taken, self.troubles, self.ending)

    def run(self) -> None:
        """Carry it on from where it is. Raises `Fenced` where another has the body by now, `GivenUp` where it
        waits for what nobody can say, and the worker ends."""
        try:
            self._run()
        finally:
            self._patience.leave()

    def _run(self) -> None:
        steps = self.kind.steps(self.plan, self.body)
        cleared = self.cleared or frozenset()
        given = (self.ledger, self.plan, self.body, self.taken, steps, cleared)
        self._course = Course(*given, absence=self._patience.absence)
        back = GoingBack(self._course, self._patience)
        try:
            error = self._unlearned()
            if error is None and not self.taken.steps:
                self._threshold.approved(self._course.cleared)
            error = error or self._doubt() or self._before() or self._lost() or self._forward()
        except NotNow as wait:
            self._course.put_back(wait)
            return
        if error is None:
            self._course.finish("done", None)
        elif type(error) in _PLAIN_ENDS and (self._uncrossed or not back.would_change(error)):
            self._course.finish(_PLAIN_ENDS[type(error)], error)
        else:
            back.go(error)

    def _unlearned(self) -> MoyaiError | None:
        """Learn what is approved by now; why it ends before anybody can say, or None."""
        if self.cleared is not None or self.approved is None:
            return None
        is_new = not self.taken.steps
        try:
            heard = partial(self._heard, is_new)
            self._course.cleared = self._patience.until_read(self.approved, heard)
        except Stopped as stopped:
            return stopped if is_new else None
        return None

    def _doubt(self) -> MoyaiError | None:
        """Why a body that another carrying began to change, or to take back, is held as it is, or None."""
        begun = self.taken.error is not None or self._course.has_begun_to_change
        if not self.taken.steps or not begun:
            return None
        altered = self.altered()
        if altered is not None:
            return other_plan(altered, self.taken.operation)
        if self.counted is None:
            return None
        changing = {one.name for one in self._course.steps if not one.only_reads}
        judging = Judging(self._threshold, self.ledger, self.taken, self.counted, self._patience)
        return judging.doubt(self._course.cleared, changing)

    def _before(self) -> MoyaiError | None:
        """Why it was being taken back when it was taken over, or None."""
        if self.taken.error is None:
            return None
        return from_document(self.taken.error)

    def _lost(self) -> MoyaiError | None:
        """Why a body that is half-way is not this operation's any more, or None."""
        if not self.taken.earlier or self.taken.steps:
            return None
        other = self.ledger.successor(self.taken)
        return None if other is None else Moved(said.taken_over(other))

    def _forward(self) -> MoyaiError | None:
        course, in_hand = self._course, self._course.in_hand
        for ordinal, step in enumerate(course.steps, 1):
            if course.is_already():
                return None
            if step.name in course.results:
                continue
            if step.name in in_hand:
                # It is in hand: a stop comes after it.
                wanted, looked = "run", self._looked(step)
            elif step.only_reads:
                wanted, looked = course.begin(step.name, ordinal), None
            else:
                refused = None if course.has_begun_to_change else self._cross()
                if refused is not None:
                    self._uncrossed = True
                    return refused
                if course.is_already():  # by a look that was taken again
                    return None
                wanted, looked = course.begin_to_change(step, ordinal), None
            if wanted == "stop":
                course.untouched.add(step.name)
                error: MoyaiError | None = Stopped(not_begun=True)
            else:
                error = self._do(step, looked)
            if error is not None:
                course.fail(step.name, error)
                return error
        return None

    @property
    def _threshold(self) -> Threshold:
        return Threshold(self.plan, self.body, self.needs_approval)

    def _cross(self) -> MoyaiError | None:
        """Ask whether the first step that changes something may begin. Looks that another carrying took are
        taken again: they may be a night old. Raises `NotNow`."""
        hindrance = self.hindered()
        if hindrance is not None:
            raise NotNow(hindrance, AGAIN_SECONDS)
        if not self._threshold.is_asked:
            return None
        old = {one.name for one in self.taken.steps if one.status == "done"}
        try:
            for step in self._course.steps:
                if step.only_reads and step.name in old:
                    heard = partial(self._heard, True)
                    found = self._patience.until_said(partial(self._done, step), heard)
                    self.ledger.look_again(self.taken, step.name, found)
                    self._course.results[step.name] = found
            if self.approved is not None:
                self._course.cleared = self._patience.until_read(
                    self.approved, partial(self._heard, True)
                )
            stands = self.ledger.stands(self.taken)
            if stands.wanted == "stop":
                return Stopped()
            self._threshold.cross(stands, self._course.cleared, time.monotonic() - self._began)
        except MoyaiError as error:
            return error
        except (Fenced, NotNow, GivenUp):
            raise
        except Exception as error:  # a bug: it must not strand the body
            return bug(error)
        return None

    def _looked(self, step: Step) -> Result | MoyaiError | None:
        """What is found of a step that was begun before: its result, or why nobody can say."""
        if step.only_reads:
            return None
        try:
            found = self._patience.until_asked(
                lambda: step.look(self._course.work(step.name)), self._hears(step)
            )
        except MoyaiError as error:
            return error
        if isinstance(found, Look):
            return None if found is Look.NOT_DONE else unknown(step)
        return found

    def _do(self, step: Step, looked: Result | MoyaiError | None) -> MoyaiError | None:
        while looked is None:
            try:
                result = self._done(step)
            except NOBODY_CAN_SAY as error:  # as if it were taken over once somebody can
                looked = self._wait(step, error) or self._looked(step)
            except MoyaiError as error:
                return seen_through(self.ledger, self.taken, error)
            except Fenced:
                raise
            except Exception as error:  # a bug: it must not strand the body
                return bug(error)
            else:
                self._patience.over()
                self._course.end(step.name, result)
                return None
        if isinstance(looked, MoyaiError):
            return looked
        self._patience.over()
        self._course.end(step.name, looked, looked=True)
        return None

    def _wait(self, step: Step, error: MoyaiError) -> MoyaiError | None:
        """Before what nobody could say is asked again; why it is not. Raises `Fenced`, `NotNow`, `GivenUp`."""
        try:
            self._patience.wait(error, self._hears(step))
        except Stopped as stopped:
            return stopped
        return None

    def _hears(self, step: Step) -> Callable[[str, float], None]:
        is_untouched = step.only_reads and not self._course.has_begun_to_change
        return partial(self._heard, is_untouched)

    def _heard(self, is_untouched: bool, wanted: str, _seconds: float) -> None:
        """What a body does that waits on its way forward: it stops, and where nothing of it was changed it
        does not hold up a pause or a cancel. Raises `Stopped`, `NotNow`."""
        if wanted == "stop":
            raise Stopped
        if is_untouched:
            raise NotNow(said.PAUSED if wanted == "pause" else said.CANCELLED)

    def _done(self, step: Step) -> Result:
        return kept(step.do(self._course.work(step.name)))


_PLAIN_ENDS: Mapping[type[MoyaiError], str] = {
    Unavailable: "skipped",
    Moved: "moved",
    Stopped: "cancelled",
}
