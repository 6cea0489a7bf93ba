"""What all steps of an upgrade that change something have in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

from moyai.operations.kinds.again import Repeatable
from moyai.operations.kinds.kind import Result, Work
from moyai.operations.kinds.upgrade.body import Subscribed, is_released, subscribed


@dataclass(frozen=True, slots=True)
class UpgradeStep(Repeatable, ABC):
    """A step that may be done again at any time: what it finds done, it leaves."""

    def do(self, work: Work) -> Result:
        """Nothing where an earlier attempt has put the release on record. Raises as `carry_out`."""
        if is_released(work):
            return {}
        return self.carry_out(self.one(work), work)

    @abstractmethod
    def carry_out(self, one: Subscribed, work: Work) -> Result:
        """What the step does. Raises `MoyaiError`."""

    def one(self, work: Work) -> Subscribed:
        """The body's subscription."""
        return subscribed(self.source, work)
