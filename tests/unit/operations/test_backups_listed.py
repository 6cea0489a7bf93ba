"""Backups by service: what is newest, what was verified, and what has none."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from tests.sample import SAMPLE

from moyai.operations.database.backup_reading import BackupRow
from moyai.operations.fleet.backups import by_service
from moyai.registry.load import require

NOW = datetime(2026, 11, 26, 3, tzinfo=UTC)
CODE = "272027"


def row(service: str, days_ago: int, verified_days_ago: int | None) -> BackupRow:
    made = NOW - timedelta(days=days_ago)
    verified = None if verified_days_ago is None else NOW - timedelta(days=verified_days_ago)
    name = f"backups/{service}/{days_ago}.json"
    return BackupRow(CODE, service, made, name, 10, "1.0.0", 1, "backup", "20261126-1", verified)


def test_services_without_a_backup_are_listed_too() -> None:
    bodies = [body for body in require(SAMPLE).tenants if body.code in (CODE, "273813")]
    rows = [row("eapp-b", 1, None), row("eapp-b", 100, 100), row("old", 5, 5)]
    found = {one.service: one for one in by_service(bodies, rows, NOW, NOW.date(), 90)}
    assert set(found) == {"chat", "eapp-b", "old"}  # the other body uses nothing
    assert (found["chat"].newest, found["chat"].is_verified) == (None, False)
    assert found["eapp-b"].newest == rows[0]
    assert (found["eapp-b"].verified_at, found["eapp-b"].is_verified) == (
        rows[1].verified_at,
        False,
    )
    assert found["old"].is_verified


def test_a_restore_counts_to_the_last_moment_of_its_days() -> None:
    bodies = [body for body in require(SAMPLE).tenants if body.code == CODE]

    def is_verified(now: datetime) -> bool:
        found = by_service(bodies, [row("chat", 95, 90)], now, NOW.date(), 90)
        return next(one for one in found if one.service == "chat").is_verified

    assert is_verified(NOW)
    assert not is_verified(NOW + timedelta(seconds=1))
