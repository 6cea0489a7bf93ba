"""A plan: what a deploy would do with each stack, and why. Pure.

`moyai.planning.decisions` makes it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from moyai.planning.fingerprints import Fingerprint
from moyai.planning.quotas import QuotaExceeded
from moyai.texts import Text

PlannedAction = Literal["create", "update", "none", "refused"]


def label(name: str, title: str) -> str:
    """What people see of a stack: code and name of a body, the name alone of the foundation's."""
    return name if name == title else f"{name} {title}"


@dataclass(frozen=True, slots=True)
class PlannedStack:
    """One stack of a plan."""

    project: str
    name: str
    """A body's code, or the foundation stack's name."""
    title: str
    """The body's name, or the foundation stack's."""
    action: PlannedAction
    reasons: tuple[Text, ...]
    changed: tuple[str, ...] = ()
    """Parts of the fingerprint that differ."""
    fingerprint: Fingerprint = field(default_factory=dict)
    releases: Mapping[str, str] = field(default_factory=dict)
    """Service → release that the run builds with."""
    facts: Mapping[str, str] = field(default_factory=dict)
    """What has to go on record as what its data hang on."""
    onboarding: tuple[str, ...] = ()
    """Services to migrate, check and put on record after the run."""
    notes: tuple[Text, ...] = ()
    """What is not done by deploy: a target release that waits for an upgrade."""
    needs_engine: bool = True
    """False where only the work inside the environment is left to do."""
    refresh: bool = False
    """Whether what is live has to be read first."""
    checks: tuple[str, ...] = ()
    """Services to check only."""
    has_vanished: bool = False
    """Whether it is of a body that the file no longer has."""

    @property
    def label(self) -> str:
        """Its name for people."""
        return label(self.name, self.title)

    @property
    def runs(self) -> bool:
        """Whether deploy has anything to do for it."""
        return self.action in ("create", "update")


@dataclass(frozen=True, slots=True)
class Plan:
    """All stacks that a command is about, in the order they would run."""

    day: date
    foundation: tuple[PlannedStack, ...]
    tenants: tuple[PlannedStack, ...]
    exceeded: tuple[QuotaExceeded, ...] = ()
    """AWS quotas that the file would pass; nothing may begin while there are any."""
    older: Text | None = None
    """Why the file counts as older than the one applied last; nothing may begin then."""

    @property
    def stacks(self) -> tuple[PlannedStack, ...]:
        """Foundation first."""
        return (*self.foundation, *self.tenants)
