"""Steps that may be begun again at any time: they look themselves at what is there."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

from moyai.errors import MoyaiError
from moyai.operations.kinds.kind import Look, Result, TakenBack, Work
from moyai.operations.kinds.site import SiteSource
from moyai.planning.fleet.ways_back import NOTHING, WayBack, unknown
from moyai.texts import Text

NOT_DONE_WHOLLY = unknown(Text("途中まで行われたかもしれません", "it may have been done in part"))


@dataclass(frozen=True, slots=True)
class Repeatable:
    """What they have in common: nothing is looked for before they are done again."""

    source: SiteSource

    @property
    def only_reads(self) -> bool:
        """Whether it changes nothing."""
        return False

    def look(self, work: Work) -> Result | Look:
        """It may be done again."""
        return Look.NOT_DONE


@dataclass(frozen=True, slots=True)
class Reading(Repeatable):
    """One that changes nothing."""

    @property
    def only_reads(self) -> bool:
        """Begun again without a look, never taken back."""
        return True

    def undo(self, work: Work, error: MoyaiError) -> TakenBack:
        """There is nothing to take back."""
        return TakenBack(NOTHING)


@dataclass(frozen=True, slots=True)
class Staying(Repeatable, ABC):
    """One that is not taken back where a later one fails: it says what stays of it."""

    @property
    @abstractmethod
    def name(self) -> str:
        """As of `Step`."""

    @abstractmethod
    def kept(self, result: Result, work: Work) -> WayBack:
        """What stays of it, where it was done."""

    def unfinished(self, work: Work) -> WayBack:
        """What may stay of it, where it was begun and is not on record as done."""
        return NOT_DONE_WHOLLY

    def undo(self, work: Work, error: MoyaiError) -> TakenBack:
        """Nothing is taken back."""
        found = work.result(self.name)
        return TakenBack(self.unfinished(work) if found is None else self.kept(found, work))
