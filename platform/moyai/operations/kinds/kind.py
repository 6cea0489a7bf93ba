"""What a kind of operation is: named steps for one body, each looked for, done and taken back.

A step that changes something may be begun again after a crash: `look` says whether it was done. What
`do` raises decides how the body ends:

- `Unavailable`: it cannot be worked on now; *skipped*, with a debt;
- `Moved`: what would be done is not what was planned; it waits alone;
- `InDoubt`: data may be in doubt; *held* for a person, nothing is taken back;
- one of `NOBODY_CAN_SAY`: it says nothing of the body; the step is done again once somebody can (for the body's
  own database, `DatabaseAway`, no longer than some minutes);
- `Stopped`: the carrying's own, before a step begins; *cancelled*, the steps done are taken back;
- any other `MoyaiError`: *failed*; the steps done are taken back.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Protocol

from moyai.errors import SITE_UNREAD, MoyaiError, SiteTrouble
from moyai.jobs.asking import Asker
from moyai.json_value import JsonValue
from moyai.operations.inside.away import Judge
from moyai.planning.fleet.plans import OperationPlan, PlannedBody
from moyai.planning.fleet.ways_back import AS_BEFORE, KEY, NOTHING, UNDONE, WayBack
from moyai.registry.problems import RegistryError
from moyai.texts import Text

_LOOK_SECONDS = 0.5
"""Between two looks whether a body that rests is to stop."""

Result = Mapping[str, JsonValue]
"""What a step leaves for later ones and for the report: small, without secrets."""


class Unavailable(MoyaiError):
    """The body cannot be worked on now: missing, unknown, frozen, not answering."""


class Moved(MoyaiError):
    """What would be done with the body is not what was planned and approved."""


class InDoubt(MoyaiError):
    """A person has to look before anything else is done with the body."""


class Unreadable(MoyaiError):
    """tenants.yaml or the site's records cannot be read now, which says nothing of any body.

    What is wrong may quote other bodies' entries: it is the `__cause__`, for the worker's log alone.
    """

    def __init__(self) -> None:
        super().__init__(
            SITE_UNREAD,
            remedy=Text(
                "moyai validate で tenants.yaml を確かめてください。読めるようになれば、作業は自動で続きます。",
                "Look at tenants.yaml with moyai validate. The work goes on by itself once it can be read.",
            ),
        )


ALREADY = "already"
"""In the result of a first look: the sentence that says that the body is what it is to be, both languages by
their names. Nothing more is begun then, and the body is done."""
NOBODY_CAN_SAY = (Unreadable, RegistryError, SiteTrouble)
"""What is wrong with tenants.yaml or the site, and says nothing of the body that was looked at: its words may
name other bodies and never go on record."""


class Stopped(MoyaiError):
    """A person wanted running bodies to stop after the step in hand: the next one was not begun.

    `not_begun`: the step that it is put on record of had done nothing yet.
    """

    def __init__(self, *, not_begun: bool = False) -> None:
        self.not_begun = not_begun
        super().__init__(
            Text(
                "運用者の指示により、手順の区切りで止めました。",
                "stopped between two steps, as an operator wanted.",
            )
        )


@dataclass(frozen=True, slots=True)
class Work:
    """What a step is given."""

    operation: str
    plan: OperationPlan
    body: PlannedBody
    attempt: int
    key: str
    """The step's idempotency key, the same whenever it is begun again in this attempt."""
    results: Mapping[str, Result]
    """Of the steps done in this attempt, by name."""
    cleared: frozenset[str]
    """Subjects approved by now: `plan`, `unverified-restore:271004`."""
    earlier: Mapping[str, Result] = field(default_factory=dict)
    """Of steps that earlier attempts did and that were not taken back since, by name; of one that was
    taken back last, as `-NAME`."""
    left: frozenset[str] = frozenset()
    """Steps that earlier attempts began and did not take back: done, failed, or of which nobody knows."""
    begun: frozenset[str] = frozenset()
    """Of `left`, the steps that this operation itself began and that change something."""
    took_over: str | None = None
    """Of a body that another operation left half-way and this one takes over: SHA-256 over what is on record
    of its steps there. `earlier` and `left` have those steps too then."""
    wanted: Callable[[], str] = lambda: "run"
    """What persons want of the operation now: `run`, `pause`, `cancel`, `stop`."""
    claim: int = 1
    """Which taking of the body by a worker this is, over all attempts."""
    epoch: int = 1
    """Of the operations database: a later one begins where it was restored from a copy."""
    again: bool = False
    """Of a step that is taken back: whether that was begun before, and its end is not known."""
    verified: Callable[[str], datetime | None] = lambda _service: None
    """When a backup that the body has of a service was last restored by way of trial, in UTC."""
    owed: Callable[[datetime], bool] = lambda _moment: False
    """Whether work of the operation's kind and service was owed to the body at a moment, by others."""
    away: Judge = lambda failure: failure
    """What is raised for a job that did not reach the body's database: for a bounded time, `DatabaseAway`, for
    which the step waits."""

    def result(self, step: str) -> Result | None:
        """Of a step that this attempt did, or an earlier one that it goes on from; None: neither did."""
        found = self.results.get(step)
        return self.earlier.get(step) if found is None else found

    def rest(self, seconds: float) -> None:
        """Sleep, but for no longer than a moment once running bodies are to stop. Raises `Stopped`."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if self.wanted() == "stop":
                raise Stopped
            time.sleep(min(left, _LOOK_SECONDS))

    @property
    def attempt_id(self) -> str:
        """What the attempt is called outside the operations database: no attempt that a restored copy has
        forgotten is called so."""
        epoch = f"-e{self.epoch}" if self.epoch > 1 else ""
        return f"{self.operation}-{self.attempt}{epoch}"

    @property
    def asker(self) -> Asker:
        """For jobs that the step asks for in the body."""
        return Asker(self.operation, self.body.code, self.claim, self.key)


class Look(Enum):
    """What is found of a step that was begun and whose end is not on record."""

    NOT_DONE = "not done"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class TakenBack:
    """What `undo` answers: what became of the step, and what later steps need of it."""

    way_back: WayBack
    result: Result = field(default_factory=dict)

    @property
    def document(self) -> Result:
        """As it is on record."""
        return {**self.result, KEY: self.way_back.document}


def as_before(work: Work, step: str) -> TakenBack:
    """For a step of which nothing is there: taken back already by a worker that died then, or never done."""
    if not work.again:
        return TakenBack(NOTHING)
    return TakenBack(AS_BEFORE if work.result(step) is None else UNDONE)


class Step(Protocol):
    """One step."""

    @property
    def name(self) -> str:
        """In English, `close-writes`; unique within the kind, without a leading `-`."""
        ...

    @property
    def title(self) -> Text:
        """For people."""
        ...

    @property
    def only_reads(self) -> bool:
        """Whether it changes nothing outside: begun again without a look, never taken back."""
        ...

    def do(self, work: Work) -> Result:
        """Do it. Raises `MoyaiError`."""
        ...

    def look(self, work: Work) -> Result | Look:
        """Whether it was done: its result then."""
        ...

    def undo(self, work: Work, error: MoyaiError) -> TakenBack:
        """Take it back, done wholly or in part, and say what became of it: undone only where something was.

        Asked of steps that were begun alone. May be begun again. Raises `InDoubt` where a person has to look
        first.
        """
        ...


class Kind(Protocol):
    """One kind of operation."""

    @property
    def name(self) -> str:
        """`upgrade`."""
        ...

    @property
    def title(self) -> Text:
        """For people: 一斉更新."""
        ...

    @property
    def needs_approval(self) -> bool:
        """Whether another person than the planner has to approve its plans."""
        ...

    @property
    def gates_by_health(self) -> bool:
        """Whether a wave's soak ends with a look at its bodies' health (`is_well`)."""
        ...

    def is_well(self, plan: OperationPlan, body: PlannedBody) -> None:
        """Look at a body after the soak. Raises `MoyaiError` where it is not well, `Unreadable` where nobody
        can say."""
        ...

    def steps(self, plan: OperationPlan, body: PlannedBody) -> tuple[Step, ...]:
        """The steps of one body, in order."""
        ...
