"""What an upgrade would do with one body, as it is approved: releases, migrations, what its stack changes.

Read from disk; nothing live, no engine. The same is reckoned again before a body's first step: where it
comes out another, the body has moved, and nobody approved what would be done with it now.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from moyai.canonical_json import sha256_of
from moyai.jobs.migrations import Migration, read_migrations
from moyai.operations.deploys.plan import Wish, read_basis
from moyai.operations.site.session import Session
from moyai.planning.decisions import make_plan
from moyai.planning.fingerprints import plain, reason
from moyai.planning.fleet.marks import Marks, marks_of
from moyai.planning.fleet.taking_over import TakenOver
from moyai.planning.plans import Plan, PlannedStack
from moyai.registry.models import Manifest
from moyai.service_files import HEALTH
from moyai.texts import Text, counted

_MARKED = ("from", "releases", "migrations", "health")
"""Of what migrations and health checks rest on."""


@dataclass(frozen=True, slots=True)
class UpgradeChange:
    """What would be done with one body."""

    stack: PlannedStack
    """As it would be built with the new release; of no onboarding and no checks."""
    plan: Plan
    """What it is part of: foundation, quotas."""
    before: str | None
    """The release on record; None: it has none."""
    migrations: tuple[Migration, ...]
    """Those between the two releases' schema versions."""
    sha256: str
    """What is approved: what differs from what is on record."""
    end_sha256: str
    """What the body is in the end, whatever of it is there already."""
    texts: tuple[Text, ...]
    marks: Marks
    """Of what it is hashed of, for people."""

    @property
    def contracts(self) -> bool:
        """Whether code alone cannot go back over one of its migrations."""
        return any(one.contracts for one in self.migrations)


def change_of(
    session: Session, code: str, service: str, release: str, day: date, begun_at: str | None = None
) -> UpgradeChange:
    """The change of one body; of one that is half-way, `begun_at` is the release that it came from.

    Raises as `read_basis` does; KeyError for an unknown release.
    """
    changes = changes_of(session, (code,), service, release, day, begun_at=begun_at)
    return changes[code]


def changes_of(
    session: Session,
    codes: Sequence[str],
    service: str,
    release: str,
    day: date,
    *,
    begun_at: str | None = None,
) -> dict[str, UpgradeChange]:
    """The changes of many bodies, by one reading of all. Raises as `change_of`."""
    wish = Wish(" or ".join(codes), day, begun=begun_at is not None)
    basis = read_basis(session, wish)
    moving = {
        code: replace(one, moving={**one.moving, service: release})
        for code, one in basis.tenants.items()
    }
    plan = make_plan(replace(basis, tenants=moving))
    manifest = session.workspace.registry.services[service].manifest
    # Files are read once for all bodies that come from one release.
    ways: dict[str | None, _Way] = {}
    found: dict[str, UpgradeChange] = {}
    for stack in plan.tenants:
        before = begun_at or basis.tenants[stack.name].releases.get(service)
        if before not in ways:
            ways[before] = _way(manifest, before, release)
        found[stack.name] = _change(plan, stack, ways[before])
    return found


@dataclass(frozen=True, slots=True)
class _Way:
    """From one release of a service to another, as its files say."""

    service: str
    before: str | None
    release: str
    migrations: tuple[Migration, ...]
    document: Mapping[str, object]
    """What migrations and health checks rest on."""
    marks: Marks
    """Of that."""


def _way(manifest: Manifest, before: str | None, release: str) -> _Way:
    migrations = between(manifest, before, release)
    document = _document(manifest, before, release, migrations)
    marks = marks_of({one: document[one] for one in _MARKED}, {})
    return _Way(manifest.name, before, release, migrations, document, marks)


def _change(plan: Plan, stack: PlannedStack, way: _Way) -> UpgradeChange:
    stack = replace(stack, onboarding=(), checks=())
    parts = {part: stack.fingerprint.get(part) for part in stack.changed}
    approved = sha256_of({**way.document, "parts": parts})
    end = sha256_of({**way.document, "all": dict(stack.fingerprint)})
    texts = _texts(way.service, way.before, way.release, way.migrations, stack)
    marks = {**way.marks, **marks_of({}, parts)}
    return UpgradeChange(stack, plan, way.before, way.migrations, approved, end, texts, marks)


def way_back(session: Session, code: str, service: str, day: date) -> str:
    """The hash of one body's stack with the release on record. Raises as `read_basis` does."""
    basis = read_basis(session, Wish(code, day, begun=True))
    still = {
        name: replace(one, moving={key: to for key, to in one.moving.items() if key != service})
        for name, one in basis.tenants.items()
    }
    [stack] = make_plan(replace(basis, tenants=still)).tenants
    return back_sha256(stack.fingerprint)


def back_sha256(fingerprint: Mapping[str, str]) -> str:
    """The hash of a whole stack."""
    return sha256_of(dict(fingerprint))


def end_sha256(
    manifest: Manifest, before: str | None, release: str, fingerprint: Mapping[str, str]
) -> str:
    """The hash of what a body is in the end: its stack, and what its migrations and health checks rest on.

    Raises as `between`.
    """
    return sha256_of({**_way(manifest, before, release).document, "all": dict(fingerprint)})


def service_sha256(manifest: Manifest, before: str | None, release: str) -> str:
    """The hash of what migrations and health checks of an upgrade rest on. Raises as `between`."""
    return sha256_of(dict(_way(manifest, before, release).document))


def _document(
    manifest: Manifest, before: str | None, release: str, migrations: Sequence[Migration]
) -> dict[str, object]:
    entries = {one: plain(manifest.releases.get(one)) for one in (before, release) if one}
    health = manifest.folder / HEALTH
    return {
        "service": manifest.name,
        "from": before,
        "to": release,
        "releases": entries,
        "migrations": [[one.version, one.name, one.sha256] for one in migrations],
        "health": hashlib.sha256(health.read_bytes()).hexdigest() if health.is_file() else None,
    }


def taking_over_sha256(change: UpgradeChange, over: TakenOver) -> str:
    """What is approved of a body that another operation left half-way: its end, and what is taken over."""
    return sha256_of({"end": change.end_sha256, "over": over.entry()})


def contracts_of(migrations: Iterable[Migration]) -> tuple[int, ...]:
    """The versions of those that the release before does not work with."""
    return tuple(one.version for one in migrations if one.contracts)


def between(manifest: Manifest, before: str | None, after: str) -> tuple[Migration, ...]:
    """The migrations between two releases. Raises `JobError` for a folder that cannot be read, KeyError
    where there is no release `after`."""
    first = 0 if before is None else _schema(manifest, before)
    last = manifest.releases[after].schema_version
    found = read_migrations(manifest.folder)
    return tuple(one for one in found if first < one.version <= last)


def _schema(manifest: Manifest, release: str) -> int:
    """A release's schema version; of one that the manifest has no more, none of its migrations."""
    known = manifest.releases.get(release)
    return 0 if known is None else known.schema_version


def _texts(
    service: str,
    before: str | None,
    release: str,
    migrations: tuple[Migration, ...],
    stack: PlannedStack,
) -> tuple[Text, ...]:
    texts = [Text(f"{service} {before} → {release}", f"{service} {before} → {release}")]
    if migrations:
        names = ", ".join(f"{one.version:04}_{one.name}" for one in migrations)
        number = counted(len(migrations), "migration", "migrations")
        texts.append(Text(f"移行 {len(migrations)} 件: {names}", f"{number}: {names}"))
        contracts = [f"{one.version:04}_{one.name}" for one in migrations if one.contracts]
        if contracts:
            names = ", ".join(contracts)
            texts.append(
                Text(
                    f"戻せない移行（contract）を含む: {names}",
                    f"a release cannot go back over: {names} (contract)",
                )
            )
    texts += dict.fromkeys(reason(part, frozenset()) for part in stack.changed)
    return tuple(texts)
