"""What all steps of an upgrade that change something have in common."""

from __future__ import annotations

from dataclasses import dataclass

from moyai.errors import MoyaiError
from moyai.operations.kinds.kind import Look, Result, Work
from moyai.operations.kinds.site import SiteSource
from moyai.operations.kinds.upgrade.body import Subscribed, is_released, subscribed


@dataclass(frozen=True, slots=True)
class UpgradeStep:
    """A step that may be done again at any time: what it finds done, it leaves."""

    source: SiteSource

    @property
    def only_reads(self) -> bool:
        """It changes something."""
        return False

    def do(self, work: Work) -> Result:
        """Nothing where an earlier attempt has put the release on record. Raises as `carry_out`."""
        if is_released(work):
            return {}
        return self.carry_out(self.one(work), work)

    def carry_out(self, one: Subscribed, work: Work) -> Result:
        """What the step does. Raises `MoyaiError`."""
        raise NotImplementedError

    def one(self, work: Work) -> Subscribed:
        """The body's subscription."""
        return subscribed(self.source, work)

    def look(self, work: Work) -> Result | Look:
        """It may be done again."""
        return Look.NOT_DONE

    def undo(self, work: Work, error: MoyaiError) -> Result | None:
        """There is nothing to take back."""
        return None
