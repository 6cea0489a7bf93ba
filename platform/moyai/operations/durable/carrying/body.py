"""One body carried from step to step, and back where a step failed. Knows no worker and no queue.

What is on record decides where it goes on: a carrying that takes over another's looks for the step
that was begun, and never does again what is done.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial

from moyai.audit.details import checked, plain
from moyai.errors import MoyaiError
from moyai.operations.database.left import BACK, Left, StepRecord, ledger_sha256, left_by
from moyai.operations.durable.carrying.failures import (
    NOT_BEGUN,
    both,
    bug,
    error_signature,
    from_document,
    not_taken_back,
    to_document,
    unknown,
    with_touched,
)
from moyai.operations.durable.carrying.judging import Counted, Judging
from moyai.operations.durable.carrying.ledger import Ended, Fenced, Ledger, Next, Taken
from moyai.operations.durable.carrying.overtaken import seen_through
from moyai.operations.durable.carrying.patience import GivenUp, Patience
from moyai.operations.durable.carrying.threshold import AGAIN_SECONDS, NotNow, Threshold
from moyai.operations.durable.troubles import Troubles
from moyai.operations.kinds.kind import (
    NOBODY_CAN_SAY,
    InDoubt,
    Kind,
    Look,
    Moved,
    Result,
    Step,
    Stopped,
    TakenBack,
    Unavailable,
    Work,
)
from moyai.planning.fleet import said
from moyai.planning.fleet.plans import OperationPlan, PlannedBody
from moyai.planning.fleet.taking_over import taken_over
from moyai.planning.fleet.ways_back import NOTHING, StepEnd, touched, way_back_in
from moyai.texts import Text, document_of

STOP_SECONDS = 30.0
"""So long a body that is to stop waits for tenants.yaml and the site, to be taken back."""


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
    troubles: Troubles = field(default_factory=Troubles)
    """Of the worker."""
    ending: Callable[[], bool] = lambda: False
    """Whether the worker is to end: a body that waits is left to others then."""
    _took_over: str | None = None
    """Hash of the ledger of the operation that left the body half-way."""
    _uncrossed: bool = False
    """Whether it ends before the first step that changes something."""
    _began: float = field(default_factory=time.monotonic)
    _results: dict[str, Result] = field(default_factory=dict)
    _left: Left = field(default_factory=lambda: left_by(()))
    _begun: frozenset[str] = frozenset()
    _on_record: set[str] = field(default_factory=set)
    """Steps of this attempt that were begun, on the way forward."""
    _untouched: set[str] = field(default_factory=set)
    """Of them, those that were stopped before they did anything."""
    _tried: set[str] = field(default_factory=set)
    """Steps whose taking back was begun, as `-NAME`."""
    _open: Ended | None = None
    """A step whose end goes on record with the next step's beginning."""
    _cleared: frozenset[str] = field(init=False)
    _patience: Patience = field(init=False)

    def __post_init__(self) -> None:
        self._cleared = self.cleared or frozenset()
        self._patience = Patience(self.ledger, self.taken, self.troubles, self.ending)

    def run(self) -> None:
        """Carry it on from where it is. Raises `Fenced` where another has the body by now, `GivenUp` where it
        waits for what nobody can say, and the worker ends."""
        try:
            self._run()
        finally:
            self._patience.leave()

    def _run(self) -> None:
        self._results = {one.name: one.result for one in self.taken.steps if one.status == "done"}
        names = {one.name for one in self.taken.steps}
        self._tried = {one for one in names if one.startswith(BACK)}
        self._on_record = names - self._tried
        self._untouched = {one.name for one in self.taken.steps if one.result.get(NOT_BEGUN)}
        over = taken_over(self.plan, self.body.code)
        inherited: tuple[StepRecord, ...] = ()
        if over is not None:
            records = self.ledger.inherited(over.operation, self.body.code)
            self._took_over = ledger_sha256(records)
            inherited = () if over.way == "afresh" else records
        self._left = left_by((*inherited, *self.taken.earlier))
        steps = self.kind.steps(self.plan, self.body)
        own = left_by(self.taken.earlier).steps
        self._begun = frozenset(one.name for one in steps if not one.only_reads) & own
        try:
            error = self._unlearned()
            if error is None and not self.taken.steps:
                self._threshold.approved(self._cleared)
            error = (
                error
                or self._doubt(steps)
                or self._before()
                or self._lost()
                or self._forward(steps)
            )
        except NotNow as wait:
            self._put_back(wait)
            return
        if error is None:
            self._finish("done", None)
        elif type(error) in _PLAIN_ENDS and not self._changed(steps, error):
            self._finish(_PLAIN_ENDS[type(error)], error)
        else:
            self._back(steps, error)

    def _unlearned(self) -> MoyaiError | None:
        """Learn what is approved by now; why it ends before anybody can say, or None."""
        if self.cleared is not None or self.approved is None:
            return None
        is_new = not self.taken.steps
        try:
            heard = partial(self._heard, is_new)
            self._cleared = self._patience.until_read(self.approved, heard)
        except Stopped as stopped:
            return stopped if is_new else None
        return None

    def _doubt(self, steps: tuple[Step, ...]) -> MoyaiError | None:
        """Why a body that another carrying began to change, or to take back, is held as it is, or None."""
        begun = self.taken.error is not None or self._has_begun_to_change(steps)
        if self.counted is None or not self.taken.steps or not begun:
            return None
        changing = {one.name for one in steps if not one.only_reads}
        judging = Judging(self._threshold, self.ledger, self.taken, self.counted, self._patience)
        return judging.doubt(self._cleared, changing)

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

    def _begin_to_change(self, steps: tuple[Step, ...], step: Step, ordinal: int) -> str:
        """Begin a step that changes something; with the first, a body that another left half-way is this
        operation's."""
        over = taken_over(self.plan, self.body.code)
        self._on_record.add(step.name)
        own = {one.name for one in (*self.taken.steps, *self.taken.earlier)} | self._results.keys()
        if over is None or any(not one.only_reads and one.name in own for one in steps):
            return self._begin(step.name, ordinal)
        told = to_document(Moved(said.taken_over(self.taken.operation)))
        ended, self._open = self._open, None
        following = Next(step.name, ordinal, self._key(step.name))
        return self.ledger.hand_over(self.taken, over.operation, told, ended, following)

    def _forward(self, steps: tuple[Step, ...]) -> MoyaiError | None:
        begun = {one.name for one in self.taken.steps if one.status == "intended"}
        for ordinal, step in enumerate(steps, 1):
            if step.name in self._results:
                continue
            if step.name in begun:
                # It is in hand: a stop comes after it.
                wanted, looked = "run", self._looked(steps, step)
            elif step.only_reads:
                self._on_record.add(step.name)
                wanted, looked = self._begin(step.name, ordinal), None
            else:
                refused = None if self._has_begun_to_change(steps) else self._cross(steps)
                if refused is not None:
                    self._uncrossed = True
                    return refused
                wanted, looked = self._begin_to_change(steps, step, ordinal), None
            if wanted == "stop":
                self._untouched.add(step.name)
                error: MoyaiError | None = Stopped(not_begun=True)
            else:
                error = self._do(steps, step, looked)
            if error is not None:
                self._end(step.name, {}, error=error)
                return error
        return None

    @property
    def _threshold(self) -> Threshold:
        return Threshold(self.plan, self.body, self.needs_approval)

    def _has_begun_to_change(self, steps: tuple[Step, ...]) -> bool:
        """Whether this operation has begun a step that changes something, and not taken it back."""
        begun = {one.name for one in self.taken.steps} | self._results.keys()
        return bool(self._begun) or any(
            not step.only_reads and step.name in begun for step in steps
        )

    def _cross(self, steps: tuple[Step, ...]) -> MoyaiError | None:
        """Ask whether the first step that changes something may begin. Looks that another carrying took are
        taken again: they may be a night old. Raises `NotNow`."""
        hindrance = self.hindered()
        if hindrance is not None:
            raise NotNow(hindrance, AGAIN_SECONDS)
        if not self._threshold.is_asked:
            return None
        old = {one.name for one in self.taken.steps if one.status == "done"}
        try:
            for step in steps:
                if step.only_reads and step.name in old:
                    heard = partial(self._heard, True)
                    found = self._patience.until_said(partial(self._done, step), heard)
                    self.ledger.look_again(self.taken, step.name, found)
                    self._results[step.name] = found
            if self.approved is not None:
                self._cleared = self._patience.until_read(self.approved, partial(self._heard, True))
            stands = self.ledger.stands(self.taken)
            if stands.wanted == "stop":
                return Stopped()
            self._threshold.cross(stands, self._cleared, time.monotonic() - self._began)
        except MoyaiError as error:
            return error
        except (Fenced, NotNow, GivenUp):
            raise
        except Exception as error:  # a bug: it must not strand the body
            return bug(error)
        return None

    def _put_back(self, wait: NotNow) -> None:
        """It waits again, as the conductor says: nothing of it was changed."""
        ended, self._open = self._open, None
        self.ledger.put_back(self.taken, document_of(wait.why) or {}, wait.seconds, ended=ended)

    def _looked(self, steps: tuple[Step, ...], step: Step) -> Result | MoyaiError | None:
        """What is found of a step that was begun before: its result, or why nobody can say."""
        if step.only_reads:
            return None
        try:
            found = self._patience.until_said(
                lambda: step.look(self._work(step.name)), self._hears(steps, step)
            )
        except MoyaiError as error:
            return error
        if isinstance(found, Look):
            return None if found is Look.NOT_DONE else unknown(step)
        return found

    def _do(
        self, steps: tuple[Step, ...], step: Step, looked: Result | MoyaiError | None
    ) -> MoyaiError | None:
        while looked is None:
            try:
                result = self._done(step)
            except NOBODY_CAN_SAY as error:  # as if it were taken over once somebody can
                looked = self._wait(steps, step, error) or self._looked(steps, step)
            except MoyaiError as error:
                return seen_through(self.ledger, self.taken, error)
            except Fenced:
                raise
            except Exception as error:  # a bug: it must not strand the body
                return bug(error)
            else:
                self._patience.over()
                self._end(step.name, result)
                return None
        if isinstance(looked, MoyaiError):
            return looked
        self._end(step.name, looked, looked=True)
        return None

    def _wait(self, steps: tuple[Step, ...], step: Step, error: MoyaiError) -> MoyaiError | None:
        """Before what nobody could say is asked again; why it is not. Raises `Fenced`, `NotNow`, `GivenUp`."""
        try:
            self._patience.wait(error, self._hears(steps, step))
        except Stopped as stopped:
            return stopped
        return None

    def _hears(self, steps: tuple[Step, ...], step: Step) -> Callable[[str, float], None]:
        is_untouched = step.only_reads and not self._has_begun_to_change(steps)
        return partial(self._heard, is_untouched)

    def _heard(self, is_untouched: bool, wanted: str, _seconds: float) -> None:
        """What a body does that waits on its way forward: it stops, and where nothing of it was changed it
        does not hold up a pause or a cancel. Raises `Stopped`, `NotNow`."""
        if wanted == "stop":
            raise Stopped
        if is_untouched:
            raise NotNow(said.PAUSED if wanted == "pause" else said.CANCELLED)

    def _done(self, step: Step) -> Result:
        return _kept(step.do(self._work(step.name)))

    def _back(self, steps: tuple[Step, ...], error: MoyaiError) -> None:
        """Take back, the last step first, and what earlier attempts left with it; a person is needed
        where that fails."""
        self._put_end_on_record()
        stuck = any(
            one.status == "failed" and one.name.startswith(BACK) for one in self.taken.steps
        )
        if stuck or isinstance(error, InDoubt):
            self._finish("held", error)
            return
        begun = {one.name for one in self.taken.steps if one.status == "intended"}
        to_do = self._to_take_back(steps)
        while to_do:
            ordinal, step = to_do[0]
            name = BACK + step.name
            if name not in begun:
                self._begin(name, 2 * len(steps) + 1 - ordinal)
            try:
                undo = partial(self._undone, step, name, error)
                result = self._patience.until_said(undo, _heard_on_the_way_back)
            except MoyaiError as trouble:
                self._hold(name, error, trouble)
                return
            except (Fenced, GivenUp):
                raise
            except Exception as trouble:  # as above
                self._hold(name, error, bug(trouble))
                return
            self._end(name, result)
            del to_do[0]
        self._finish("cancelled" if isinstance(error, Stopped) else "failed", error)

    def _to_take_back(self, steps: tuple[Step, ...]) -> list[tuple[int, Step]]:
        """The steps with their ordinals, the last first."""
        touched = self._on_record | self._left.steps
        return [
            (ordinal, step)
            for ordinal, step in reversed(list(enumerate(steps, 1)))
            if not step.only_reads
            and step.name in touched
            and BACK + step.name not in self._results
        ]

    def _undone(self, step: Step, name: str, error: MoyaiError) -> Result:
        if step.name in self._untouched - self._left.steps:
            return _kept(TakenBack(NOTHING).document)
        work = replace(self._work(name), again=name in self._tried)
        self._tried.add(name)
        return _kept(step.undo(work, error).document)

    def _touched(self, steps: tuple[Step, ...]) -> Text:
        """What became of the steps that changed something."""
        ends = []
        for _, step in reversed(list(enumerate(steps))):
            if step.only_reads or step.name not in self._on_record | self._left.steps:
                continue
            found = self._results.get(BACK + step.name)
            if found is not None:
                ends.append(StepEnd(step.title, way_back_in(found)))
            elif step.name not in self._untouched - self._left.steps:
                ends.append(StepEnd(step.title, None))
        return touched(ends, is_first=self.taken.attempt == 1)

    def _failed(self, steps: tuple[Step, ...]) -> str | None:
        """The step that was in hand when it failed."""
        for step in steps:
            if step.name not in self._results:
                return step.name
        return None

    def _hold(self, name: str, error: MoyaiError, trouble: MoyaiError) -> None:
        self._end(name, {}, error=trouble)
        self._finish("held", both(error, trouble))

    def _changed(self, steps: tuple[Step, ...], error: MoyaiError) -> bool:
        """Whether something outside may have been changed by now that is to be taken back.

        What earlier attempts left stays where this one could not begin, but not where it was stopped.
        """
        if self._uncrossed:
            return False
        touched = set(self._on_record)
        if isinstance(error, Stopped):
            touched |= self._left.steps
        return any(not step.only_reads and step.name in touched for step in steps)

    def _work(self, name: str) -> Work:
        return Work(
            operation=self.taken.operation,
            plan=self.plan,
            body=self.body,
            attempt=self.taken.attempt,
            key=self._key(name),
            results=dict(self._results),
            cleared=self._cleared,
            earlier=self._left.results,
            left=self._left.steps,
            begun=self._begun,
            took_over=self._took_over,
            wanted=lambda: self.ledger.stands(self.taken).wanted,
            claim=self.taken.claim,
            epoch=self.taken.epoch,
            verified=lambda service: self.ledger.verified(self.body.code, service),
        )

    def _key(self, name: str) -> str:
        """Attempts of a copy that was restored come again: the epoch makes theirs other keys."""
        words = f"{self.taken.operation}/{self.body.code}/{self.taken.attempt}/{name}"
        if self.taken.epoch > 1:
            words = f"e{self.taken.epoch}/{words}"
        return hashlib.sha256(words.encode()).hexdigest()[:32]

    def _begin(self, name: str, ordinal: int) -> str:
        ended, self._open = self._open, None
        return self.ledger.go_on(self.taken, ended, Next(name, ordinal, self._key(name)))

    def _end(
        self,
        name: str,
        result: Result,
        *,
        looked: bool = False,
        error: MoyaiError | None = None,
    ) -> None:
        told = None if error is None else to_document(error)
        signed = None if error is None else error_signature(name, error)
        self._open = Ended(name, result, looked, told, signed)
        if error is None:
            self._results[name] = result
        else:
            self._put_end_on_record()

    def _put_end_on_record(self) -> None:
        if self._open is not None:
            ended, self._open = self._open, None
            self.ledger.go_on(self.taken, ended, None)

    def _finish(self, status: str, error: MoyaiError | None) -> None:
        ended, self._open = self._open, None
        steps = self.kind.steps(self.plan, self.body)
        last = self._failed(steps) or ""
        self.ledger.finish(
            self.taken,
            status,
            ended=ended,
            error=None if error is None else with_touched(error, self._touched(steps)),
            error_signature=None if error is None else error_signature(last, error),
        )


_PLAIN_ENDS: Mapping[type[MoyaiError], str] = {
    Unavailable: "skipped",
    Moved: "moved",
    Stopped: "cancelled",
}


def _heard_on_the_way_back(wanted: str, seconds: float) -> None:
    """A file that is being saved is waited for, and no longer than that. Raises `InDoubt`."""
    if wanted == "stop" and seconds >= STOP_SECONDS:
        raise not_taken_back()


def _kept(result: Result) -> Result:
    """What a step found, as it is on record from now on. TypeError, ValueError for what may not be."""
    found = plain(checked(result))
    assert isinstance(found, dict)
    return found
