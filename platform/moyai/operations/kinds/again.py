"""Steps that may be begun again at any time: they look themselves at what is there."""

from __future__ import annotations

from dataclasses import dataclass

from moyai.errors import MoyaiError
from moyai.operations.kinds.kind import Look, Result, Work
from moyai.operations.kinds.site import SiteSource


@dataclass(frozen=True, slots=True)
class Repeatable:
    """What they have in common: nothing is looked for before they are done again, and nothing is taken back.

    A step that has more to say of either says it itself.
    """

    source: SiteSource

    @property
    def only_reads(self) -> bool:
        """Whether it changes nothing; a step that does not says so."""
        return False

    def look(self, work: Work) -> Result | Look:
        """It may be done again."""
        return Look.NOT_DONE

    def undo(self, work: Work, error: MoyaiError) -> Result | None:
        """There is nothing to take back."""
        return None


@dataclass(frozen=True, slots=True)
class Reading(Repeatable):
    """One that changes nothing."""

    @property
    def only_reads(self) -> bool:
        """Begun again without a look, never taken back."""
        return True
