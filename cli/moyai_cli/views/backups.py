"""Backups of bodies for people and for programs."""

from __future__ import annotations

from collections.abc import Iterable

from moyai.operations.database.backup_reading import BackupRow
from moyai.operations.fleet.backups import ServiceBackups
from moyai_cli.language import say
from moyai_cli.render import Column, Output, Record, listing
from moyai_cli.views.operation_records import utc
from moyai_cli.views.operation_words import local


def show_newest(found: Iterable[ServiceBackups], output: Output) -> None:
    """One line for each service of each body: its newest backup, and the last restore that was tried."""
    columns = [
        *_WHOSE,
        Column("newest_at", say("最新", "newest")),
        Column("bytes", say("バイト", "bytes"), is_number=True),
        Column("backups", say("数", "backups"), is_number=True),
        Column("verified_at", say("復元を試した日時", "restore tried")),
        Column("verified", say("復元の確認", "verified")),
        Column("operation", say("一斉作業", "operation")),
    ]
    if output is not Output.TABLE:
        columns.append(Column("manifest", "manifest"))
    listing([_newest(one, output) for one in found], columns, output)


def show_every(found: Iterable[ServiceBackups], output: Output) -> None:
    """One line for each backup."""
    columns = [
        *_WHOSE,
        Column("made_at", say("日時", "made")),
        Column("bytes", say("バイト", "bytes"), is_number=True),
        Column("schema_version", say("スキーマの版", "schema"), is_number=True),
        Column("release", say("リリース", "release")),
        Column("verified_at", say("復元を試した日時", "restore tried")),
        Column("operation", say("一斉作業", "operation")),
        Column("manifest", say("目録", "manifest")),
    ]
    records = [_one(one, row, output) for one in found for row in one.backups]
    listing(records, columns, output)


def _newest(one: ServiceBackups, output: Output) -> Record:
    moment = local if output is Output.TABLE else utc
    newest = one.newest
    words = (say("あり", "yes"), say("なし", "no"))
    verified: object = one.is_verified
    if output is Output.TABLE:
        verified = words[0] if one.is_verified else words[1]
    return {
        "code": one.body.code,
        "name": one.body.name,
        "service": one.service,
        "newest_at": moment(newest.made_at if newest else None),
        "bytes": newest.bytes if newest else None,
        "backups": len(one.backups),
        "verified_at": moment(one.verified_at),
        "verified": verified,
        "operation": newest.operation if newest else None,
        "manifest": newest.manifest if newest else None,
    }


def _one(one: ServiceBackups, row: BackupRow, output: Output) -> Record:
    moment = local if output is Output.TABLE else utc
    return {
        "code": one.body.code,
        "name": one.body.name,
        "service": one.service,
        "made_at": moment(row.made_at),
        "bytes": row.bytes,
        "schema_version": row.schema_version,
        "release": row.release,
        "verified_at": moment(row.verified_at),
        "operation": row.operation,
        "manifest": row.manifest,
    }


_WHOSE = [
    Column("code", say("コード", "code")),
    Column("name", say("団体", "body")),
    Column("service", say("サービス", "service")),
]
