"""A job's arguments: environment variables, read once into frozen values."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal

from moyai.jobs.beside import USES
from moyai.jobs.results import JobError
from moyai.texts import Text

Environment = Mapping[str, str]
Phase = Literal["expand", "all"]

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]{0,63}")
WRITES_SECONDS = 120
"""Longer than a statement or an idle transaction of an application may last (`catalogue.LIMITS`)."""
SSL_MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")


@dataclass(frozen=True, slots=True)
class Server:
    """Where a cluster answers, and how its connections are secured."""

    host: str
    port: int
    sslmode: str
    sslrootcert: str | None
    """A file of certificates; None: libpq's default."""


@dataclass(frozen=True, slots=True)
class DatabaseJob:
    """Arguments of `database-create`, `-inspect` and `-delete`."""

    server: Server
    name: str
    owner: str
    app: str
    master_secret: str
    maintenance_database: str
    """The database that the master role connects to."""


@dataclass(frozen=True, slots=True)
class CreateJob:
    """Arguments of `database-create` beside the common ones."""

    database: DatabaseJob
    owner_secret: str
    app_secret: str
    connection_limit: int


@dataclass(frozen=True, slots=True)
class InspectJob:
    """Arguments of `database-inspect` beside the common ones. None: do not look at that secret."""

    database: DatabaseJob
    owner_secret: str | None
    app_secret: str | None


@dataclass(frozen=True, slots=True)
class MigrateJob:
    """Arguments of `migrate`. `folder` holds the service's migrations."""

    server: Server
    name: str
    app: str
    owner_secret: str
    service: str
    schema_version: int
    folder: Path
    phase: Phase


@dataclass(frozen=True, slots=True)
class HealthJob:
    """Arguments of `health`. `folder` is the service's."""

    server: Server
    name: str
    app_secret: str
    service: str
    schema_version: int
    folder: Path
    bucket: str
    prefix: str


@dataclass(frozen=True, slots=True)
class MeterJob:
    """Arguments of `meter`. `folder` is the service's."""

    server: Server
    name: str
    app_secret: str
    service: str
    folder: Path
    bucket: str
    prefix: str
    first: date
    """The period's first day."""
    next: date
    """The first day after it."""


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


@dataclass(frozen=True, slots=True)
class SwapJob:
    """Arguments of `restore-swap`."""

    database: DatabaseJob
    owner_secret: str
    app_secret: str
    manifest: str
    """The key of the manifest of what was restored."""


@dataclass(frozen=True, slots=True)
class BesideJob:
    """Arguments of `beside-create` and `beside-drop`."""

    database: DatabaseJob
    use: str
    """Which database beside the subscription's own: `beside.USES`."""


def database_job(environment: Environment) -> DatabaseJob:
    """Read what the master's verbs share. Raises `JobError` for what is missing or wrong."""
    return DatabaseJob(
        server=_server(environment),
        name=_word(environment, "DATABASE_NAME"),
        owner=_word(environment, "OWNER_ROLE"),
        app=_word(environment, "APP_ROLE"),
        master_secret=_word(environment, "MASTER_SECRET"),
        maintenance_database=environment.get("MAINTENANCE_DATABASE") or "postgres",
    )


def create_job(environment: Environment) -> CreateJob:
    """Read `database-create`'s arguments. Raises `JobError`."""
    return CreateJob(
        database=database_job(environment),
        owner_secret=_word(environment, "OWNER_SECRET"),
        app_secret=_word(environment, "APP_SECRET"),
        connection_limit=_number(environment, "DATABASE_CONNECTION_LIMIT"),
    )


def inspect_job(environment: Environment) -> InspectJob:
    """Read `database-inspect`'s arguments. Raises `JobError`."""
    return InspectJob(
        database=database_job(environment),
        owner_secret=environment.get("OWNER_SECRET") or None,
        app_secret=environment.get("APP_SECRET") or None,
    )


def migrate_job(environment: Environment) -> MigrateJob:
    """Read `migrate`'s arguments. Raises `JobError`."""
    phase = environment.get("MIGRATION_PHASE") or "all"
    if phase not in ("expand", "all"):
        raise _wrong("MIGRATION_PHASE", "expand, all")
    return MigrateJob(
        server=_server(environment),
        name=_word(environment, "DATABASE_NAME"),
        app=_word(environment, "APP_ROLE"),
        owner_secret=_word(environment, "OWNER_SECRET"),
        service=_word(environment, "SERVICE"),
        schema_version=_number(environment, "SCHEMA_VERSION"),
        folder=_folder(environment),
        phase="expand" if phase == "expand" else "all",
    )


def health_job(environment: Environment) -> HealthJob:
    """Read `health`'s arguments. Raises `JobError`."""
    return HealthJob(
        server=_server(environment),
        name=_word(environment, "DATABASE_NAME"),
        app_secret=_word(environment, "APP_SECRET"),
        service=_word(environment, "SERVICE"),
        schema_version=_number(environment, "SCHEMA_VERSION"),
        folder=_folder(environment),
        bucket=_word(environment, "DOCUMENTS_BUCKET"),
        prefix=_word(environment, "OBJECT_PREFIX"),
    )


def meter_job(environment: Environment) -> MeterJob:
    """Read `meter`'s arguments. Raises `JobError`."""
    return MeterJob(
        server=_server(environment),
        name=_word(environment, "DATABASE_NAME"),
        app_secret=_word(environment, "APP_SECRET"),
        service=_word(environment, "SERVICE"),
        folder=_folder(environment),
        bucket=_word(environment, "DOCUMENTS_BUCKET"),
        prefix=_word(environment, "OBJECT_PREFIX"),
        first=_day(environment, "PERIOD_FIRST"),
        next=_day(environment, "PERIOD_NEXT"),
    )


def owner_job(environment: Environment) -> OwnerJob:
    """Read what the owner's verbs share, all of `writes-state`'s. Raises `JobError`."""
    return OwnerJob(
        server=_server(environment),
        name=_word(environment, "DATABASE_NAME"),
        owner_secret=_word(environment, "OWNER_SECRET"),
    )


def writes_job(environment: Environment) -> WritesJob:
    """Read `writes-close`'s and `writes-open`'s arguments. Raises `JobError`."""
    given = environment.get("WRITES_SECONDS")
    return WritesJob(
        database=owner_job(environment),
        by=_word(environment, "WRITES_BY"),
        seconds=_number(environment, "WRITES_SECONDS") if given else WRITES_SECONDS,
    )


def count_job(environment: Environment) -> CountJob:
    """Read `writes-count`'s arguments. Raises `JobError`."""
    return CountJob(
        database=owner_job(environment),
        bucket=_word(environment, "DOCUMENTS_BUCKET"),
        prefix=_word(environment, "OBJECT_PREFIX"),
    )


def dump_job(environment: Environment) -> DumpJob:
    """Read `dump`'s arguments. Raises `JobError`."""
    given = _word(environment, "BACKUP_ID")
    if not _ID.fullmatch(given):
        raise _wrong("BACKUP_ID", "A-Z, a-z, 0-9, ., -")
    return DumpJob(
        database=owner_job(environment),
        service=_word(environment, "SERVICE"),
        release=_word(environment, "RELEASE"),
        bucket=_word(environment, "DOCUMENTS_BUCKET"),
        prefix=_word(environment, "OBJECT_PREFIX"),
        backups=_word(environment, "BACKUPS_BUCKET"),
        folder=_word(environment, "BACKUPS_PREFIX"),
        id=given,
        path=environment.get("PATH"),
    )


def restore_job(environment: Environment) -> RestoreJob:
    """Read the arguments of verbs that restore. Raises `JobError`."""
    manifest, folder = _word(environment, "BACKUP"), _word(environment, "BACKUPS_PREFIX")
    if not (manifest.startswith(folder) and manifest.endswith(".json")):
        raise _wrong("BACKUP", f"{folder}….json")
    return RestoreJob(
        database=owner_job(environment),
        bucket=_word(environment, "DOCUMENTS_BUCKET"),
        prefix=_word(environment, "OBJECT_PREFIX"),
        backups=_word(environment, "BACKUPS_BUCKET"),
        manifest=manifest,
        path=environment.get("PATH"),
    )


def beside_job(environment: Environment) -> BesideJob:
    """Read the arguments of `beside-create` and `beside-drop`. Raises `JobError`."""
    use = _word(environment, "BESIDE")
    if use not in USES:
        raise _wrong("BESIDE", ", ".join(USES))
    return BesideJob(database_job(environment), use)


def swap_job(environment: Environment) -> SwapJob:
    """Read `restore-swap`'s arguments. Raises `JobError`."""
    return SwapJob(
        database=database_job(environment),
        owner_secret=_word(environment, "OWNER_SECRET"),
        app_secret=_word(environment, "APP_SECRET"),
        manifest=_word(environment, "BACKUP"),
    )


def _server(environment: Environment) -> Server:
    sslmode = environment.get("DATABASE_SSLMODE") or "verify-full"
    if sslmode not in SSL_MODES:
        raise _wrong("DATABASE_SSLMODE", ", ".join(SSL_MODES))
    return Server(
        host=_word(environment, "DATABASE_HOST"),
        port=_number(environment, "DATABASE_PORT"),
        sslmode=sslmode,
        sslrootcert=environment.get("DATABASE_SSLROOTCERT") or None,
    )


def _folder(environment: Environment) -> Path:
    """The service's folder. A name that would lead out of the services' folder is refused."""
    service = _word(environment, "SERVICE")
    if "/" in service or service.startswith("."):
        raise _wrong("SERVICE", "a-z, 0-9, -")
    return Path(_word(environment, "SERVICES_DIR")) / service


def _word(environment: Environment, name: str) -> str:
    value = environment.get(name)
    if not value:
        raise JobError(
            "missing-variable",
            Text(f"変数 {name} がありません。", f"the variable {name} is missing."),
            remedy=Text(
                "ジョブのタスク定義と呼び出しの変数を確かめてください。",
                "Look at the variables in the job's task definition and in the call.",
            ),
        )
    return value


def _number(environment: Environment, name: str) -> int:
    value = _word(environment, name)
    if not (value.isascii() and value.isdigit() and int(value) > 0):
        raise _wrong(name, "1, 2, 3, …")
    return int(value)


def _day(environment: Environment, name: str) -> date:
    try:
        return date.fromisoformat(_word(environment, name))
    except ValueError:
        raise _wrong(name, "2026-04-01") from None


def _wrong(name: str, known: str) -> JobError:
    return JobError(
        "wrong-variable",
        Text(
            f"変数 {name} の値が正しくありません。使えるもの: {known}",
            f"the variable {name} has a wrong value; known: {known}",
        ),
    )
