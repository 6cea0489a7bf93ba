"""A service's migrations as files, and which of them are to be applied. Pure but for reading files.

`migrations/NNNN_name.sql`, numbered from 0001 without gaps; the file's number is the schema's version
after it. The first lines are comments with at least `-- phase: expand` (the release before this one
still works with the schema) or `-- phase: contract` (it does not any more).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from moyai.jobs.results import JobError
from moyai.jobs.settings import Phase
from moyai.service_files import MIGRATION_NAME, MIGRATIONS, phase_of
from moyai.service_statements import refusals
from moyai.texts import Text


@dataclass(frozen=True, slots=True)
class Migration:
    """One file."""

    version: int
    name: str
    contracts: bool
    sha256: str
    """Of its text with line feeds alone, so that a checkout's line ends change nothing."""
    sql: str


@dataclass(frozen=True, slots=True)
class Applied:
    """One row of `moyai_migration`."""

    version: int
    name: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do."""

    apply: tuple[Migration, ...]
    pending: tuple[Migration, ...]
    """Up to the wanted version, but from a contract step on that was not asked for."""
    version: int
    """The schema's version once `apply` is done."""


def read_migrations(service: Path) -> tuple[Migration, ...]:
    """The migrations of a service's folder, by version. Raises `JobError` for what is wrong."""
    folder = service / MIGRATIONS
    if not folder.is_dir():
        raise _wrong(
            "no-migrations",
            f"サービス {service.name} の {MIGRATIONS} フォルダーがありません。",
            f"the service {service.name} has no folder {MIGRATIONS}.",
        )
    found = sorted((_read(file) for file in folder.glob("*.sql")), key=lambda m: m.version)
    for expected, migration in enumerate(found, start=1):
        if migration.version != expected:
            raise _wrong(
                "migration-gap",
                f"サービス {service.name} の移行 {expected:04} がないか、番号が重なっています"
                f"（{migration.version:04}_{migration.name}）。",
                f"the service {service.name} has no migration {expected:04}, or a number twice "
                f"({migration.version:04}_{migration.name}).",
            )
    return tuple(found)


def plan(known: Sequence[Migration], applied: Sequence[Applied], wanted: int, phase: Phase) -> Plan:
    """Which migrations to apply to reach version `wanted`.

    A schema that is ahead of `wanted` is fine as long as the steps between only expanded it: that
    is how a release goes back. Raises `JobError` where files and database do not belong together.
    """
    if wanted > len(known):
        raise _wrong(
            "unknown-version",
            f"スキーマ {wanted} への移行がありません（あるのは {len(known)} まで）。",
            f"there is no migration to schema {wanted} (they end at {len(known)}).",
        )
    _compare(known, applied)
    current = len(applied)
    if current > wanted:
        _refuse_contracted(known[wanted:current], wanted)
    todo = known[current:wanted]
    stop = len(todo)
    if phase == "expand":
        stop = next((i for i, migration in enumerate(todo) if migration.contracts), stop)
    return Plan(tuple(todo[:stop]), tuple(todo[stop:]), current + stop)


def refuse_unapproved(todo: Sequence[Migration], approved: Mapping[int, str] | None) -> None:
    """Raises `JobError` where a migration is not one of those that were approved (`MigrateJob.approved`)."""
    if approved is None:
        return
    for migration in todo:
        digest = approved.get(migration.version)
        if digest is None or not migration.sha256.startswith(digest):
            name = f"{migration.version:04}_{migration.name}"
            raise _wrong(
                "unapproved-migration",
                f"移行 {name} は承認されたものではありません。",
                f"the migration {name} is not one that was approved.",
                Text(
                    "ファイルを承認されたときのものに戻すか、計画を作り直して承認を受けてください。",
                    "Put the file back as it was approved, or plan anew and have that approved.",
                ),
            )


def _compare(known: Sequence[Migration], applied: Sequence[Applied]) -> None:
    for position, row in enumerate(applied, start=1):
        if row.version != position:
            raise _wrong(
                "record-gap",
                f"データベースの記録に移行 {position:04} がありません。",
                f"the database's record lacks the migration {position:04}.",
            )
        if position > len(known):
            raise _wrong(
                "newer-schema",
                f"データベースのスキーマ（{len(applied)}）は、このイメージが知るもの"
                f"（{len(known)}）より新しいです。",
                f"the database's schema ({len(applied)}) is newer than this image knows "
                f"({len(known)}).",
                Text(
                    "このリリースより新しいジョブのイメージを使ってください。",
                    "Use the job's image of a newer release.",
                ),
            )
        migration = known[position - 1]
        if (row.name, row.sha256) != (migration.name, migration.sha256):
            raise _wrong(
                "changed-migration",
                f"適用済みの移行 {position:04}_{row.name} のファイルが変わっています。",
                f"the file of the applied migration {position:04}_{row.name} has changed.",
                Text(
                    "適用済みのファイルは元に戻し、変更は新しい移行として書いてください。",
                    "Restore the applied file, and write the change as a new migration.",
                ),
            )


def _refuse_contracted(ahead: Sequence[Migration], wanted: int) -> None:
    contract = next((migration for migration in ahead if migration.contracts), None)
    if contract is not None:
        raise _wrong(
            "contracted",
            f"移行 {contract.version:04}_{contract.name} が適用済みのため、"
            f"スキーマ {wanted} のリリースには戻せません。",
            f"the migration {contract.version:04}_{contract.name} was applied: releases of "
            f"schema {wanted} do not work any more.",
        )


def _read(file: Path) -> Migration:
    matched = MIGRATION_NAME.fullmatch(file.name)
    if matched is None:
        raise _wrong(
            "migration-name",
            f"移行のファイル名 {file.name} は NNNN_name.sql の形ではありません。",
            f"the migration's file name {file.name} is not of the form NNNN_name.sql.",
        )
    try:
        sql = file.read_text(encoding="utf-8").replace("\r\n", "\n")
    except UnicodeDecodeError:
        raise _wrong(
            "migration-encoding",
            f"移行 {file.name} は UTF-8 ではありません。",
            f"the migration {file.name} is not UTF-8.",
        ) from None
    phase = phase_of(sql)
    if phase is None:
        raise _wrong(
            "migration-phase",
            f"移行 {file.name} の冒頭に「-- phase: expand」か「-- phase: contract」が要ります。",
            f"the migration {file.name} must begin with '-- phase: expand' or "
            "'-- phase: contract'.",
        )
    refused = refusals(sql)
    if refused:
        line, reason = refused[0].line, refused[0].reason
        raise _wrong(
            "migration-statement",
            f"移行 {file.name} の {line} 行目: {reason.ja}。",
            f"line {line} of the migration {file.name}: {reason.en}.",
        )
    digest = hashlib.sha256(sql.encode()).hexdigest()
    return Migration(int(matched["version"]), matched["name"], phase == "contract", digest, sql)


def _wrong(code: str, ja: str, en: str, remedy: Text | None = None) -> JobError:
    return JobError(code, Text(ja, en), remedy=remedy)
