"""What backups bodies have, and which have none. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from moyai.operations.database.backup_reading import BackupRow
from moyai.registry.models import Tenant


@dataclass(frozen=True, slots=True)
class ServiceBackups:
    """The backups of one service of one body."""

    body: Tenant
    service: str
    backups: tuple[BackupRow, ...]
    """The newest first; empty: none was ever made."""
    verified_at: datetime | None
    """When any of them was restored by way of trial last; None: never."""
    is_verified: bool
    """Whether that was within the days for which a tried restore counts."""

    @property
    def newest(self) -> BackupRow | None:
        """The newest, if any."""
        return self.backups[0] if self.backups else None


def by_service(
    bodies: Sequence[Tenant], found: Iterable[BackupRow], now: datetime, day: date, days: int
) -> tuple[ServiceBackups, ...]:
    """Each service that a body uses on a day or that has backups, in the file's order.

    `days`: for how many a tried restore counts (`operations.verified_restore_days`).
    """
    rows: dict[tuple[str, str], list[BackupRow]] = {}
    for row in found:
        rows.setdefault((row.code, row.service), []).append(row)
    listed = []
    for body in bodies:
        used = {one.service for one in body.subscriptions if one.is_active(day)}
        used |= {service for code, service in rows if code == body.code}
        for service in sorted(used):
            own = tuple(rows.get((body.code, service), ()))
            tried = [row.verified_at for row in own if row.verified_at is not None]
            last = max(tried, default=None)
            fresh = last is not None and now - last <= timedelta(days=days)
            listed.append(ServiceBackups(body, service, own, last, fresh))
    return tuple(listed)
