"""Which release each subscription runs: what is on record, never the target by itself. Pure.

A service's `release` in tenants.yaml is a target. A subscription that has none on record is being
onboarded and starts at the target; every other waits for an upgrade.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

import semver

from moyai.registry.models import Registry, Tenant


@dataclass(frozen=True, slots=True)
class Waiting:
    """A subscription whose release on record is not the target."""

    service: str
    recorded: str
    target: str


@dataclass(frozen=True, slots=True)
class Releases:
    """The releases of one body on one day."""

    used: Mapping[str, str]
    """Service → release that its stack is built with; a service not named here is not built."""
    onboarding: tuple[str, ...]
    """Services without a release on record that run on that day."""
    waiting: tuple[Waiting, ...]
    """Those whose target has moved on; only an upgrade follows it."""


def is_newer(one: str, other: str) -> bool:
    """Whether a release comes after another, as semantic versions do."""
    return semver.VersionInfo.parse(one) > semver.VersionInfo.parse(other)


_NOTHING: Mapping[str, str] = MappingProxyType({})


def resolve(
    registry: Registry,
    body: Tenant,
    day: date,
    recorded: Mapping[str, str],
    moving: Mapping[str, str] = _NOTHING,
) -> Releases:
    """The releases of a body's begun subscriptions, given those on record (service → release).

    `moving`: those that an upgrade is bringing now; a stack is built with them, by whomever, until the
    upgrade has ended one way or the other.
    """
    used: dict[str, str] = {}
    onboarding: list[str] = []
    waiting: list[Waiting] = []
    for subscription in body.subscriptions:
        if not subscription.has_begun(day):
            continue
        service = subscription.service
        active = subscription.is_active(day)
        if not active and service not in recorded:
            continue  # it ended before it was ever built: there are no data to keep
        target = registry.services[service].release
        used[service] = moving.get(service) or recorded.get(service, target)
        if not active:
            continue
        if service not in recorded:
            onboarding.append(service)
        elif recorded[service] != target and service not in moving:
            waiting.append(Waiting(service, recorded[service], target))
    return Releases(used, tuple(onboarding), tuple(waiting))
