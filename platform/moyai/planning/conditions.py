"""What is on record of a stack, and what condition it is in by that. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum, auto

from moyai.planning.fingerprints import Fingerprint
from moyai.texts import Text


class Condition(Enum):
    """What condition a stack on record is in; of several the first."""

    REBUILT = auto()
    """Its record was damaged or gone, and made anew: what was applied is not known."""
    FAILED = auto()
    """Its last run did not end well."""
    UNFINISHED = auto()
    """A run of it goes on, or was cut off."""
    ABSENT = auto()
    """Nothing was ever applied."""
    DOUBTFUL = auto()
    """What is there may not be what was applied."""
    APPLIED = auto()
    """It is there as it was applied last."""

    @property
    def is_known(self) -> bool:
        """Whether what is there need not be read live to be known."""
        return self in (Condition.ABSENT, Condition.APPLIED)


@dataclass(frozen=True, slots=True)
class Recorded:
    """What is on record of one stack; of one that was never run, its name alone. Times are UTC."""

    name: str
    fingerprint: Fingerprint = field(default_factory=dict)
    """Of the last update that ended well."""
    releases: Mapping[str, str] = field(default_factory=dict)
    """Service → release on record."""
    facts: Mapping[str, str] = field(default_factory=dict)
    """What must not change unnoticed (`planning.facts`)."""
    moving: Mapping[str, str] = field(default_factory=dict)
    """Service → release that an upgrade is bringing: what its stack is built with meanwhile."""
    applied_at: datetime | None = None
    """When the last update ended well."""
    verified_at: datetime | None = None
    """When everything was last read live."""
    running_since: datetime | None = None
    failure: Text | None = None
    """Why the last run did not end well, in English."""
    rebuilt: Text | None = None
    """Why the record was made anew; None where it is the one that was written."""
    doubt: Text | None = None
    """Why what was applied may not be what is there."""

    @property
    def condition(self) -> Condition:
        """The one place that judges a record."""
        if self.rebuilt is not None:
            return Condition.REBUILT
        if self.failure is not None:
            return Condition.FAILED
        if self.running_since is not None:
            return Condition.UNFINISHED
        if self.applied_at is None:
            return Condition.ABSENT
        return Condition.APPLIED if self.doubt is None else Condition.DOUBTFUL

    @property
    def is_new(self) -> bool:
        """Whether no update of it ever ended well, as far as is known."""
        return self.applied_at is None and self.rebuilt is None
