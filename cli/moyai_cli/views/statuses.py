"""The table of bodies with their statuses."""

from __future__ import annotations

from datetime import datetime

from moyai.planning.statuses import TenantStatus
from moyai.texts import JAPAN
from moyai_cli.language import LANG, say
from moyai_cli.render import Column, Output, Record, listing

STYLES = {
    "current": "green",
    "outdated": "yellow",
    "in-hand": "magenta",
    "failed": "red",
    "orphaned": "red",
    "unknown": "magenta",
    "absent": "dim",
}


def show_statuses(found: tuple[TenantStatus, ...], output: Output) -> None:
    """The table of bodies."""
    columns = [
        Column("code", say("コード", "code")),
        Column("name", say("団体", "body")),
        Column("status", say("状態", "status"), STYLES),
        Column("releases", say("記録上のリリース", "releases")),
        Column("applied_at", say("適用", "applied")),
        Column("reasons", say("理由", "reasons")),
    ]
    if output is Output.TABLE:
        listing(
            [{**_record(one), "applied_at": _local(one.applied_at)} for one in found],
            columns,
            output,
        )
    else:
        more = [Column(key, "") for key in ("slug", "site", "verified_at")]
        listing([_record(one) for one in found], [*columns, *more], output)


def _record(one: TenantStatus) -> Record:
    return {
        "code": one.code,
        "slug": one.slug,
        "name": one.name,
        "site": one.site,
        "status": one.status,
        "reasons": [reason.of(LANG) for reason in one.reasons],
        "releases": dict(one.releases),
        "applied_at": _utc(one.applied_at),
        "verified_at": _utc(one.verified_at),
    }


def _utc(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat(timespec="seconds")


def _local(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(JAPAN).strftime("%m-%d %H:%M")
