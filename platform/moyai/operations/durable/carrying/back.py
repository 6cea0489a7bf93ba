"""One body taken back, the last step first, and what earlier attempts left; steps say what becomes of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial

from moyai.errors import MoyaiError
from moyai.operations.database.left import BACK
from moyai.operations.durable.carrying.course import Course, kept
from moyai.operations.durable.carrying.failures import both, bug, not_taken_back
from moyai.operations.durable.carrying.ledger import Fenced
from moyai.operations.durable.carrying.patience import GivenUp, Patience
from moyai.operations.kinds.kind import InDoubt, Result, Step, Stopped, TakenBack
from moyai.planning.fleet.ways_back import NOTHING

STOP_SECONDS = 30.0
"""So long a body that is to stop waits for tenants.yaml and the site, to be taken back."""


@dataclass(slots=True)
class GoingBack:
    """Of one carrying."""

    course: Course
    patience: Patience
    _tried: set[str] = field(init=False)
    """Steps whose way back was begun, as `-NAME`."""

    def __post_init__(self) -> None:
        self._tried = {one for one in self.course.in_hand if one.startswith(BACK)}

    def would_change(self, error: MoyaiError) -> bool:
        """Whether something outside may have been changed by now that is to be taken back.

        What earlier attempts left stays where this one could not begin, but not where it was stopped.
        """
        course = self.course
        begun = course.on_record | (course.left.steps if isinstance(error, Stopped) else set())
        return any(not step.only_reads and step.name in begun for step in course.steps)

    def go(self, error: MoyaiError) -> None:
        """Go back because of a failure, to the body's end; a person is needed where that fails.

        Raises `Fenced`, `GivenUp`.
        """
        course = self.course
        course.end_now()
        known = course.taken.steps
        stuck = any(one.status == "failed" and one.name.startswith(BACK) for one in known)
        if stuck or isinstance(error, InDoubt):
            course.finish("held", error)
            return
        in_hand = course.in_hand
        for ordinal, step in self._to_do():
            name = BACK + step.name
            if name not in in_hand:
                course.begin(name, 2 * len(course.steps) + 1 - ordinal)
            try:
                undo = partial(self._undone, step, error)
                result = self.patience.until_said(undo, self._heard)
            except MoyaiError as trouble:
                self._hold(name, error, trouble)
                return
            except (Fenced, GivenUp):
                raise
            except Exception as trouble:  # a bug: it must not strand the body
                self._hold(name, error, bug(trouble))
                return
            course.end(name, result)
        course.finish("cancelled" if isinstance(error, Stopped) else "failed", error)

    def _to_do(self) -> list[tuple[int, Step]]:
        """The steps with their ordinals, the last first."""
        course = self.course
        begun = course.on_record | course.left.steps
        return [
            (ordinal, step)
            for ordinal, step in reversed(list(enumerate(course.steps, 1)))
            if not step.only_reads and step.name in begun and BACK + step.name not in course.results
        ]

    def _undone(self, step: Step, error: MoyaiError) -> Result:
        course, name = self.course, BACK + step.name
        if step.name in course.untouched - course.left.steps:
            return kept(TakenBack(NOTHING).document)
        work = course.work(name, again=name in self._tried)
        self._tried.add(name)
        return kept(step.undo(work, error).document)

    def _heard(self, wanted: str, seconds: float) -> None:
        """A file that is being saved is waited for, and no longer than that; the body's database for as long as
        any step waits for it, as nothing can be taken back without it. Raises `InDoubt`."""
        if wanted == "stop" and seconds >= STOP_SECONDS and not self.patience.waits_for_database:
            raise not_taken_back()

    def _hold(self, name: str, error: MoyaiError, trouble: MoyaiError) -> None:
        self.course.fail(name, trouble)
        self.course.finish("held", both(error, trouble))
