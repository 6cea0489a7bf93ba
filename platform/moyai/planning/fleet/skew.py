"""How many releases bodies are behind the newest one in use of a service. Pure.

The budget (`max_releases_behind`) is kept by refusing an upgrade that leaves another body too far behind,
never by moving that body.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass

import semver

from moyai.texts import Text, counted


@dataclass(frozen=True, slots=True)
class Behind:
    """A body that is further behind than the budget allows."""

    code: str
    release: str
    newest: str
    """The newest release in use."""
    by: int
    """How many releases of the service are newer than the body's, up to `newest`."""


def in_order(releases: Iterable[str]) -> tuple[str, ...]:
    """Releases of a service, oldest first. Raises ValueError for what is no semantic version."""
    return tuple(sorted(set(releases), key=semver.VersionInfo.parse))


def behind(recorded: Mapping[str, str], order: Iterable[str], most: int) -> tuple[Behind, ...]:
    """Bodies more than `most` releases behind the newest that any body runs, in the mapping's order.

    `recorded`: code → release on record, of the bodies that have the service; `order`: releases that its
    manifest has. A release on record that the manifest has no more has its place all the same, and
    counts for nobody else. Raises ValueError for what is no semantic version.
    """
    if not recorded:
        return ()
    places = {release: semver.VersionInfo.parse(release) for release in recorded.values()}
    known = [semver.VersionInfo.parse(release) for release in set(order)]
    newest = max(places, key=places.__getitem__)
    if places[newest] not in known:
        known.append(places[newest])
    found: list[Behind] = []
    for code, release in recorded.items():
        by = sum(places[release] < other <= places[newest] for other in known)
        if by > most:
            found.append(Behind(code, release, newest, by))
    return tuple(found)


def behind_after(
    recorded: Mapping[str, str],
    target: str,
    order: Iterable[str],
    most: int,
    upgraded: Set[str],
) -> tuple[Behind, ...]:
    """Bodies that would be too far behind once `upgraded` run `target`. A body that is owed the upgrade
    (a debt), or may be skipped, is not in `upgraded`."""
    after = {code: target if code in upgraded else one for code, one in recorded.items()}
    after.update(dict.fromkeys(upgraded - after.keys(), target))
    return behind(after, order, most)


def over_budget(
    recorded: Mapping[str, str],
    target: str,
    order: Iterable[str],
    most: int,
    upgraded: Set[str],
) -> tuple[Behind, ...]:
    """Why an upgrade may not be: bodies outside it that it would leave too far behind. Nothing where the
    newest release in use stays what it is: who catches up is never refused."""
    newest = max(map(semver.VersionInfo.parse, recorded.values()), default=None)
    if not upgraded or (newest is not None and semver.VersionInfo.parse(target) <= newest):
        return ()
    found = behind_after(recorded, target, order, most, upgraded)
    return tuple(one for one in found if one.code not in upgraded)


def sentence(one: Behind, name: str, most: int) -> Text:
    """What is said of one of them."""
    return Text(
        f"{name}（{one.code}）は {one.release} で、{one.newest} から {one.by} リリース遅れます"
        f"（許容は {most} まで）",
        f"{name} ({one.code}) runs {one.release}: {counted(one.by, 'release', 'releases')}"
        f" behind {one.newest}; {most} may be",
    )
