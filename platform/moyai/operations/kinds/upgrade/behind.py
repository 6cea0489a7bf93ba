"""Whom an upgrade leaves further behind than `max_releases_behind` allows: at planning, before each body."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from datetime import date

from moyai.engine.stacks import StackId
from moyai.operations.kinds.kind import Unavailable
from moyai.operations.site.session import Session
from moyai.planning.conditions import Condition
from moyai.planning.fleet import skew
from moyai.planning.topology import TENANT
from moyai.texts import Text, counted


def recorded_releases(session: Session, service: str, day: date) -> dict[str, str]:
    """Code → release on record of the service, of all bodies whose subscription runs."""
    registry = session.workspace.registry
    found: dict[str, str] = {}
    for record in session.state.records(TENANT):
        body = registry.tenant(record.stack.name)
        one = None if body is None else body.subscription(service)
        if one is not None and one.is_active(day) and service in record.releases:
            found[record.stack.name] = record.releases[service]
    return found


def releases_of(session: Session, codes: Iterable[str]) -> dict[str, Mapping[str, str]]:
    """Code → service → release on record, of those of the bodies that are as applied and between no two
    releases."""
    found: dict[str, Mapping[str, str]] = {}
    for code in codes:
        recorded = session.state.recorded(StackId(TENANT, code))
        if recorded.condition is Condition.APPLIED and not recorded.moving:
            found[code] = recorded.releases
    return found


def left_behind(
    session: Session, service: str, release: str, day: date, upgraded: Set[str]
) -> tuple[skew.Behind, ...]:
    """The bodies that are too far behind once `upgraded` run the release, by what is on record now."""
    registry = session.workspace.registry
    return skew.over_budget(
        recorded_releases(session, service, day),
        release,
        registry.services[service].manifest.releases,
        registry.operations.max_releases_behind,
        upgraded,
    )


def keep_budget(
    session: Session, service: str, release: str, day: date, upgraded: Set[str]
) -> None:
    """Raises `Unavailable` where some would be, without naming them: it goes on record of another body."""
    found = left_behind(session, service, release, day, upgraded)
    if not found:
        return
    most = session.workspace.registry.operations.max_releases_behind
    raise Unavailable(
        Text(
            f"ほかの {len(found)} 団体が、許容（{most} リリース）を超えて遅れることになります。",
            f"{counted(len(found), 'other body', 'other bodies')} would be more than "
            f"{counted(most, 'release', 'releases')} behind.",
        ),
        remedy=Text(
            "遅れる団体を先に一斉更新してから、moyai operation retry を実行してください"
            "（moyai upgrade --dry-run で、どの団体か分かります）。",
            "Upgrade those first, then run moyai operation retry; moyai upgrade --dry-run says which they are.",
        ),
    )
