"""A job's arguments: environment variables, read once into frozen values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal

from moyai.jobs.results import JobError
from moyai.texts import Text

Environment = Mapping[str, str]
Phase = Literal["expand", "all"]
_HASH = 32
"""Hexadecimal digits of an approved migration's hash: 128 bits."""

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
    fence: str | None
    """Its place among the jobs of an operation (`fences`); None: nobody's but a person's."""
    approved: Mapping[int, str] | None = None
    """Version → SHA-256 of the migrations that may be applied, as `approved_word` cuts it; None: any."""


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


def database_job(environment: Environment) -> DatabaseJob:
    """Read what the master's verbs share. Raises `JobError` for what is missing or wrong."""
    return DatabaseJob(
        server=server(environment),
        name=word(environment, "DATABASE_NAME"),
        owner=word(environment, "OWNER_ROLE"),
        app=word(environment, "APP_ROLE"),
        master_secret=word(environment, "MASTER_SECRET"),
        maintenance_database=environment.get("MAINTENANCE_DATABASE") or "postgres",
    )


def create_job(environment: Environment) -> CreateJob:
    """Read `database-create`'s arguments. Raises `JobError`."""
    return CreateJob(
        database=database_job(environment),
        owner_secret=word(environment, "OWNER_SECRET"),
        app_secret=word(environment, "APP_SECRET"),
        connection_limit=number(environment, "DATABASE_CONNECTION_LIMIT"),
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
        raise wrong("MIGRATION_PHASE", "expand, all")
    return MigrateJob(
        server=server(environment),
        name=word(environment, "DATABASE_NAME"),
        app=word(environment, "APP_ROLE"),
        owner_secret=word(environment, "OWNER_SECRET"),
        service=word(environment, "SERVICE"),
        schema_version=number(environment, "SCHEMA_VERSION"),
        folder=_folder(environment),
        phase="expand" if phase == "expand" else "all",
        approved=_approved(environment.get("MIGRATIONS_APPROVED")),
        fence=environment.get("FENCE"),
    )


def approved_word(migrations: Iterable[tuple[int, str]]) -> str:
    """`MIGRATIONS_APPROVED` of versions and their SHA-256: half of each hash, as all variables of a task
    have 8,192 characters among them."""
    return ",".join(f"{version}:{digest[:_HASH]}" for version, digest in migrations) or "-"


def _approved(given: str | None) -> Mapping[int, str] | None:
    if not given:
        return None
    pairs = [] if given == "-" else [one.partition(":") for one in given.split(",")]
    if not all(version.isdecimal() and len(digest) == _HASH for version, _, digest in pairs):
        raise wrong("MIGRATIONS_APPROVED", "VERSION:SHA256,…")
    return {int(version): digest for version, _, digest in pairs}


def health_job(environment: Environment) -> HealthJob:
    """Read `health`'s arguments. Raises `JobError`."""
    return HealthJob(
        server=server(environment),
        name=word(environment, "DATABASE_NAME"),
        app_secret=word(environment, "APP_SECRET"),
        service=word(environment, "SERVICE"),
        schema_version=number(environment, "SCHEMA_VERSION"),
        folder=_folder(environment),
        bucket=word(environment, "DOCUMENTS_BUCKET"),
        prefix=word(environment, "OBJECT_PREFIX"),
    )


def meter_job(environment: Environment) -> MeterJob:
    """Read `meter`'s arguments. Raises `JobError`."""
    return MeterJob(
        server=server(environment),
        name=word(environment, "DATABASE_NAME"),
        app_secret=word(environment, "APP_SECRET"),
        service=word(environment, "SERVICE"),
        folder=_folder(environment),
        bucket=word(environment, "DOCUMENTS_BUCKET"),
        prefix=word(environment, "OBJECT_PREFIX"),
        first=_day(environment, "PERIOD_FIRST"),
        next=_day(environment, "PERIOD_NEXT"),
    )


def server(environment: Environment) -> Server:
    """Where the cluster answers. Raises `JobError`."""
    sslmode = environment.get("DATABASE_SSLMODE") or "verify-full"
    if sslmode not in SSL_MODES:
        raise wrong("DATABASE_SSLMODE", ", ".join(SSL_MODES))
    return Server(
        host=word(environment, "DATABASE_HOST"),
        port=number(environment, "DATABASE_PORT"),
        sslmode=sslmode,
        sslrootcert=environment.get("DATABASE_SSLROOTCERT") or None,
    )


def _folder(environment: Environment) -> Path:
    """The service's folder. A name that would lead out of the services' folder is refused."""
    service = word(environment, "SERVICE")
    if "/" in service or service.startswith("."):
        raise wrong("SERVICE", "a-z, 0-9, -")
    return Path(word(environment, "SERVICES_DIR")) / service


def word(environment: Environment, name: str) -> str:
    """A variable that has to be there. Raises `JobError`."""
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


def number(environment: Environment, name: str) -> int:
    """A whole number from 1 up. Raises `JobError`."""
    value = word(environment, name)
    if not (value.isascii() and value.isdigit() and int(value) > 0):
        raise wrong(name, "1, 2, 3, …")
    return int(value)


def _day(environment: Environment, name: str) -> date:
    try:
        return date.fromisoformat(word(environment, name))
    except ValueError:
        raise wrong(name, "2026-04-01") from None


def wrong(name: str, known: str) -> JobError:
    """What to raise for a variable that is none of what is known."""
    return JobError(
        "wrong-variable",
        Text(
            f"変数 {name} の値が正しくありません。使えるもの: {known}",
            f"the variable {name} has a wrong value; known: {known}",
        ),
    )
