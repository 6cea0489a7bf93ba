"""Arguments of the jobs that close, count, back up and restore, as `settings` reads the others."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from moyai.jobs.beside import USES
from moyai.jobs.fences import VARIABLE, Fence, fence_of
from moyai.jobs.settings import (
    DatabaseJob,
    Environment,
    Server,
    database_job,
    number,
    server,
    word,
    wrong,
)

_VERSION = re.compile(r"[A-Za-z0-9-]{32,64}")
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]{0,63}")
WRITES_SECONDS = 120
"""Longer than a statement or an idle transaction of an application may last (`catalogue.LIMITS`)."""


@dataclass(frozen=True, slots=True)
class OwnerJob:
    """What a job needs that works in a database as its owner."""

    server: Server
    name: str
    owner_secret: str


@dataclass(frozen=True, slots=True)
class WritesJob:
    """Arguments of `writes-close` and `writes-open`."""

    database: OwnerJob
    by: str
    """Who closes: an operation's id, or a person. Only the same opens again."""
    seconds: int
    """How long transactions that write are waited for."""
    fence: Fence | None


@dataclass(frozen=True, slots=True)
class CountJob:
    """Arguments of `writes-count`."""

    database: OwnerJob
    bucket: str
    prefix: str


@dataclass(frozen=True, slots=True)
class DumpJob:
    """Arguments of `dump`."""

    database: OwnerJob
    service: str
    release: str
    bucket: str
    prefix: str
    backups: str
    """The bucket of backups."""
    folder: str
    """The prefix in it that is the subscription's."""
    id: str
    """Two runs with one id make one backup."""
    path: str | None
    """Where PostgreSQL's programs are looked for."""


@dataclass(frozen=True, slots=True)
class RestoreJob:
    """Arguments of `restore-test` and `restore-load`."""

    database: OwnerJob
    bucket: str
    prefix: str
    backups: str
    manifest: str
    """The key of the backup's manifest."""
    path: str | None
    fence: Fence | None


@dataclass(frozen=True, slots=True)
class ObjectsJob:
    """Arguments of `restore-objects`."""

    database: OwnerJob
    bucket: str
    prefix: str
    backups: str
    manifest: str
    counted: str
    """What `writes-count` told of the objects (`token`, `objects`) while writes were closed: only those are
    changed."""
    fence: Fence | None


@dataclass(frozen=True, slots=True)
class SwapJob:
    """Arguments of `restore-swap`."""

    database: DatabaseJob
    owner_secret: str
    app_secret: str
    manifest: str
    """The key of the manifest of what was restored."""
    fence: Fence | None


@dataclass(frozen=True, slots=True)
class BesideJob:
    """Arguments of `beside-create` and `beside-drop`."""

    database: DatabaseJob
    use: str
    """Which database beside the subscription's own: `beside.USES`."""
    owner_secret: str
    fence: Fence | None


@dataclass(frozen=True, slots=True)
class PasswordJob:
    """Arguments of the verbs that renew passwords."""

    database: DatabaseJob
    secrets: Mapping[str, str]
    """Role → the secret that has its password."""
    version: str
    """Of the new passwords in their secrets: 32 to 64 letters, digits, `-`."""
    previous: Mapping[str, str]
    """Role → the version before; of `password-back` and `password-void`."""
    changed_at: datetime | None
    """When the roles took the new passwords; of `password-void`."""


def owner_job(environment: Environment) -> OwnerJob:
    """Read what the owner's verbs share, all of `writes-state`'s. Raises `JobError`."""
    return OwnerJob(
        server=server(environment),
        name=word(environment, "DATABASE_NAME"),
        owner_secret=word(environment, "OWNER_SECRET"),
    )


def writes_job(environment: Environment) -> WritesJob:
    """Read `writes-close`'s and `writes-open`'s arguments. Raises `JobError`."""
    given = environment.get("WRITES_SECONDS")
    return WritesJob(
        database=owner_job(environment),
        by=word(environment, "WRITES_BY"),
        seconds=number(environment, "WRITES_SECONDS") if given else WRITES_SECONDS,
        fence=fence_of(environment.get(VARIABLE)),
    )


def count_job(environment: Environment) -> CountJob:
    """Read `writes-count`'s arguments. Raises `JobError`."""
    return CountJob(
        database=owner_job(environment),
        bucket=word(environment, "DOCUMENTS_BUCKET"),
        prefix=word(environment, "OBJECT_PREFIX"),
    )


def dump_job(environment: Environment) -> DumpJob:
    """Read `dump`'s arguments. Raises `JobError`."""
    database, given = owner_job(environment), word(environment, "BACKUP_ID")
    if not _ID.fullmatch(given):
        raise wrong("BACKUP_ID", "A-Z, a-z, 0-9, ., -")
    return DumpJob(
        database=database,
        service=word(environment, "SERVICE"),
        release=word(environment, "RELEASE"),
        bucket=word(environment, "DOCUMENTS_BUCKET"),
        prefix=word(environment, "OBJECT_PREFIX"),
        backups=word(environment, "BACKUPS_BUCKET"),
        folder=word(environment, "BACKUPS_PREFIX"),
        id=given,
        path=environment.get("PATH"),
    )


def restore_job(environment: Environment) -> RestoreJob:
    """Read the arguments of verbs that restore. Raises `JobError`."""
    database = owner_job(environment)
    manifest, folder = word(environment, "BACKUP"), word(environment, "BACKUPS_PREFIX")
    if not (manifest.startswith(folder) and manifest.endswith(".json")):
        raise wrong("BACKUP", f"{folder}….json")
    return RestoreJob(
        database=database,
        bucket=word(environment, "DOCUMENTS_BUCKET"),
        prefix=word(environment, "OBJECT_PREFIX"),
        backups=word(environment, "BACKUPS_BUCKET"),
        manifest=manifest,
        path=environment.get("PATH"),
        fence=fence_of(environment.get(VARIABLE)),
    )


def objects_job(environment: Environment) -> ObjectsJob:
    """Read `restore-objects`'s arguments. Raises `JobError`."""
    common = restore_job(environment)
    return ObjectsJob(
        database=common.database,
        bucket=common.bucket,
        prefix=common.prefix,
        backups=common.backups,
        manifest=common.manifest,
        counted=word(environment, "OBJECTS_SHA256"),
        fence=common.fence,
    )


def password_job(environment: Environment) -> PasswordJob:
    """Read the arguments of verbs that renew passwords. Raises `JobError`."""
    database, version = database_job(environment), word(environment, "PASSWORD_VERSION")
    if not _VERSION.fullmatch(version):
        raise wrong("PASSWORD_VERSION", "A-Z, a-z, 0-9, -")
    given = {role: environment.get(f"PREVIOUS_{which}") for role, which in _both(database)}
    moment = environment.get("CHANGED_AT")
    try:
        changed_at = datetime.fromisoformat(moment) if moment else None
    except ValueError:
        raise wrong("CHANGED_AT", "2026-04-01T00:00:00+00:00") from None
    return PasswordJob(
        database=database,
        secrets={role: word(environment, f"{which}_SECRET") for role, which in _both(database)},
        version=version,
        previous={role: one for role, one in given.items() if one},
        changed_at=changed_at,
    )


def _both(database: DatabaseJob) -> tuple[tuple[str, str], ...]:
    return (database.owner, "OWNER"), (database.app, "APP")


def beside_job(environment: Environment) -> BesideJob:
    """Read the arguments of `beside-create` and `beside-drop`. Raises `JobError`."""
    database, use = database_job(environment), word(environment, "BESIDE")
    if use not in USES:
        raise wrong("BESIDE", ", ".join(USES))
    return BesideJob(
        database, use, word(environment, "OWNER_SECRET"), fence_of(environment.get(VARIABLE))
    )


def swap_job(environment: Environment) -> SwapJob:
    """Read `restore-swap`'s arguments. Raises `JobError`."""
    return SwapJob(
        database=database_job(environment),
        owner_secret=word(environment, "OWNER_SECRET"),
        app_secret=word(environment, "APP_SECRET"),
        manifest=word(environment, "BACKUP"),
        fence=fence_of(environment.get(VARIABLE)),
    )
