"""When a body may be worked on: its maintenance windows, its freezes, in Asia/Tokyo. Pure.

Moments are in UTC; windows and freezes are days and times of Asia/Tokyo, which has no summer time.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from moyai.registry.models import Freeze, MaintenanceWindow


@dataclass(frozen=True, slots=True)
class Opening:
    """A span in which a body may be begun: from `begins`, before `ends`."""

    begins: datetime
    ends: datetime


@dataclass(frozen=True, slots=True)
class Calendar:
    """What decides when a body may be worked on."""

    window: MaintenanceWindow
    freezes: tuple[Freeze, ...]
