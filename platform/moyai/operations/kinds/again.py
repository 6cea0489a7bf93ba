"""Steps that may be begun again at any time: they look themselves at what is there."""

from __future__ import annotations

from dataclasses import dataclass

from moyai.errors import MoyaiError
from moyai.operations.kinds.kind import Look, Result, TakenBack, Work
from moyai.operations.kinds.site import SiteSource
from moyai.planning.fleet.ways_back import NOTHING, WayBack, unknown
from moyai.texts import Text

NOT_DONE_WHOLLY = unknown(Text("途中まで行われたかもしれません", "it may have been done in part"))


@dataclass(frozen=True, slots=True)
class Repeatable:
    """What they have in common: nothing is looked for before they are done again, and nothing is taken back.

    A step that has more to say of the first says it itself; one that changes something says what stays of it.
    """

    source: SiteSource

    @property
    def only_reads(self) -> bool:
        """Whether it changes nothing; a step that does not says so."""
        return False

    def look(self, work: Work) -> Result | Look:
        """It may be done again."""
        return Look.NOT_DONE

    def undo(self, work: Work, error: MoyaiError) -> TakenBack:
        """Nothing is: it says what stays."""
        if self.only_reads:
            return TakenBack(NOTHING)
        found = work.result(self.name)
        return TakenBack(self.unfinished(work) if found is None else self.kept(found, work))

    @property
    def name(self) -> str:
        """As of `Step`."""
        raise NotImplementedError

    def kept(self, result: Result, work: Work) -> WayBack:
        """What stays of it, where it was done."""
        raise NotImplementedError

    def unfinished(self, work: Work) -> WayBack:
        """What may stay of it, where it was begun and is not on record as done."""
        return NOT_DONE_WHOLLY


@dataclass(frozen=True, slots=True)
class Reading(Repeatable):
    """One that changes nothing."""

    @property
    def only_reads(self) -> bool:
        """Begun again without a look, never taken back."""
        return True
