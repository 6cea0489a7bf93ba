"""When a body may be worked on, as `tenants.yaml` says it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, time


@dataclass(frozen=True, slots=True)
class MaintenanceWindow:
    """When work on a body may run, in Asia/Tokyo. `days` are `mon`…`sun` and `holiday` (national
    holidays); it may pass midnight."""

    days: tuple[str, ...]
    start: time
    hours: int


@dataclass(frozen=True, slots=True)
class Freeze:
    """Days on which nothing of a body may be changed, both ends included."""

    first: date
    last: date
    reason: str
