"""What is on record of one carrying of a body, and what its steps are given of it. Goes neither way by itself.

A step's end goes on record with the next one's beginning, in one transaction.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

from moyai.audit.details import checked, plain
from moyai.errors import MoyaiError
from moyai.operations.database.left import BACK, Left, StepRecord, ledger_sha256, left_by
from moyai.operations.durable.carrying.failures import (
    NOT_BEGUN,
    error_signature,
    to_document,
    with_touched,
)
from moyai.operations.durable.carrying.ledger import Ended, Ledger, Next, Taken
from moyai.operations.durable.carrying.threshold import NotNow
from moyai.operations.inside.away import Absence
from moyai.operations.kinds.kind import ALREADY, Moved, Result, Step, Work
from moyai.planning.fleet import said
from moyai.planning.fleet.plans import OperationPlan, PlannedBody
from moyai.planning.fleet.taking_over import taken_over
from moyai.planning.fleet.ways_back import StepEnd, touched, way_back_in
from moyai.texts import Text, document_of


@dataclass(slots=True)
class Course:
    """Of one carrying."""

    ledger: Ledger
    plan: OperationPlan
    body: PlannedBody
    taken: Taken
    steps: tuple[Step, ...]
    cleared: frozenset[str]
    """Subjects approved by now."""
    results: dict[str, Result] = field(init=False)
    """Of the steps done in this attempt, forward and back, by name."""
    left: Left = field(init=False)
    """By earlier attempts, and by the operation that the body was taken over from."""
    on_record: set[str] = field(init=False)
    """Steps of this attempt that were begun, on the way forward."""
    untouched: set[str] = field(init=False)
    """Of them, those that were stopped before they did anything."""
    absence: Absence = field(default_factory=Absence)
    """Of the body's database."""
    _begun: frozenset[str] = field(init=False)
    _took_over: str | None = None
    """Hash of the ledger of the operation that left the body half-way."""
    _open: Ended | None = None
    """A step whose end goes on record with the next step's beginning."""

    def __post_init__(self) -> None:
        known = self.taken.steps
        self.results = {one.name: one.result for one in known if one.status == "done"}
        self.on_record = {one.name for one in known if not one.name.startswith(BACK)}
        self.untouched = {one.name for one in known if one.result.get(NOT_BEGUN)}
        over = taken_over(self.plan, self.body.code)
        inherited: tuple[StepRecord, ...] = ()
        if over is not None:
            records = self.ledger.inherited(over.operation, self.body.code)
            self._took_over = ledger_sha256(records)
            inherited = () if over.way == "afresh" else records
        self.left = left_by((*inherited, *self.taken.earlier))
        own = left_by(self.taken.earlier).steps
        self._begun = frozenset(one.name for one in self.steps if not one.only_reads) & own

    @property
    def in_hand(self) -> frozenset[str]:
        """Steps that a carrying before this one began, and whose end is not on record; forward and back."""
        return frozenset(one.name for one in self.taken.steps if one.status == "intended")

    @property
    def has_begun_to_change(self) -> bool:
        """Whether this operation has begun a step that changes something, and not taken it back."""
        begun = {one.name for one in self.taken.steps} | self.results.keys()
        return bool(self._begun) or any(
            not step.only_reads and step.name in begun for step in self.steps
        )

    def is_already(self) -> bool:
        """Whether a look of this attempt found the body as it is to be, before anything of it was changed."""
        return not self.has_begun_to_change and any(ALREADY in one for one in self.results.values())

    @property
    def failed(self) -> str | None:
        """The step that was in hand when it failed."""
        return next((one.name for one in self.steps if one.name not in self.results), None)

    def work(self, name: str, *, again: bool = False) -> Work:
        """What a step is given; on its way back its name is `-NAME`."""
        self.absence.at(name)
        return Work(
            operation=self.taken.operation,
            plan=self.plan,
            body=self.body,
            attempt=self.taken.attempt,
            key=key_of(self.taken, name),
            results=dict(self.results),
            cleared=self.cleared,
            earlier=self.left.results,
            left=self.left.steps,
            begun=self._begun,
            took_over=self._took_over,
            wanted=lambda: self.ledger.stands(self.taken).wanted,
            claim=self.taken.claim,
            epoch=self.taken.epoch,
            again=again,
            verified=lambda service: self.ledger.verified(self.body.code, service),
            owed=lambda moment: self.ledger.owed(self.taken, self.plan, moment),
            away=self.absence.judge,
        )

    def begin(self, name: str, ordinal: int) -> str:
        """Put a step's beginning on record; what is wanted. Raises `Fenced`."""
        if not name.startswith(BACK):
            self.on_record.add(name)
        following = Next(name, ordinal, key_of(self.taken, name))
        return self.ledger.go_on(self.taken, self._ended(), following)

    def begin_to_change(self, step: Step, ordinal: int) -> str:
        """The same of a step that changes something; with the first, a body that another left half-way is this
        operation's. Raises `Fenced`."""
        over = taken_over(self.plan, self.body.code)
        own = {one.name for one in (*self.taken.steps, *self.taken.earlier)} | self.results.keys()
        if over is None or any(not one.only_reads and one.name in own for one in self.steps):
            return self.begin(step.name, ordinal)
        self.on_record.add(step.name)
        told = to_document(Moved(said.taken_over(self.taken.operation)))
        following = Next(step.name, ordinal, key_of(self.taken, step.name))
        return self.ledger.hand_over(self.taken, over.operation, told, self._ended(), following)

    def end(self, name: str, result: Result, *, looked: bool = False) -> None:
        """A step is done; that goes on record with what follows."""
        self._open = Ended(name, result, looked)
        self.results[name] = result

    def fail(self, name: str, error: MoyaiError) -> None:
        """A step has failed; that goes on record now. Raises `Fenced`."""
        self._open = Ended(
            name, {}, error=to_document(error), error_signature=error_signature(name, error)
        )
        self.end_now()

    def end_now(self) -> None:
        """Put the end of the step in hand on record by itself. Raises `Fenced`."""
        ended = self._ended()
        if ended is not None:
            self.ledger.go_on(self.taken, ended, None)

    def put_back(self, wait: NotNow) -> None:
        """It waits again, as the conductor says: nothing of it was changed. Raises `Fenced`."""
        waits = document_of(wait.why) or {}
        self.ledger.put_back(self.taken, waits, wait.seconds, ended=self._ended())

    def finish(self, status: str, error: MoyaiError | None) -> None:
        """Put the body's end on record, with what became of its steps. Raises `Fenced`."""
        signed = None if error is None else error_signature(self.failed or "", error)
        self.ledger.finish(
            self.taken,
            status,
            ended=self._ended(),
            error=None if error is None else with_touched(error, self._touched()),
            error_signature=signed,
        )

    def _ended(self) -> Ended | None:
        ended, self._open = self._open, None
        return ended

    def _touched(self) -> Text:
        """What became of the steps that changed something, the last first."""
        ends = []
        for step in reversed(self.steps):
            if step.only_reads or step.name not in self.on_record | self.left.steps:
                continue
            found = self.results.get(BACK + step.name)
            if found is not None:
                ends.append(StepEnd(step.title, way_back_in(found)))
            elif step.name not in self.untouched - self.left.steps:
                ends.append(StepEnd(step.title, None))
        return touched(ends, is_first=self.taken.attempt == 1)


def key_of(taken: Taken, name: str) -> str:
    """A step's idempotency key. Attempts of a copy that was restored come again: the epoch makes theirs other
    keys."""
    words = f"{taken.operation}/{taken.code}/{taken.attempt}/{name}"
    if taken.epoch > 1:
        words = f"e{taken.epoch}/{words}"
    return hashlib.sha256(words.encode()).hexdigest()[:32]


def kept(result: Result) -> Result:
    """What a step found, as it is on record from now on. TypeError, ValueError for what may not be."""
    found = plain(checked(result))
    assert isinstance(found, dict)
    return found
