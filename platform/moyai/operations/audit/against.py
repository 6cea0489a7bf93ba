"""An export held against the chain in the database, record by record."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from moyai.audit.records import AuditRecord, Head
from moyai.audit.verify import Finding
from moyai.texts import Text

_IN_FLIGHT = timedelta(seconds=30)
"""A record that is that old when a chain is read is there: the transaction that wrote it has ended."""


def differing(
    exported: Iterable[AuditRecord],
    kept: Iterable[AuditRecord],
    head: Head,
    exported_at: datetime,
) -> tuple[Finding, ...]:
    """Nothing, or the first record of an export that is not the database's of that number, or that it lacks.

    `exported`, `kept`: in their order. `head`, `exported_at` (the server's clock): the export's. One that is
    older than the database's next record has less, and that is no finding.
    """
    there = iter(kept)
    for one in exported:
        other = next(there, None)
        if other is None:
            return (Finding("differs", head.chain, one.seq, _shorter(one.seq, head.seq)),)
        if (one.seq, one.sha256) != (other.seq, other.sha256):
            return (Finding("differs", head.chain, one.seq, _other(one.seq)),)
    following = next(there, None)
    if following is not None and following.at < exported_at - _IN_FLIGHT:
        return (Finding("differs", head.chain, following.seq, _cut(following, exported_at)),)
    return ()


def _other(seq: int) -> Text:
    return Text(
        f"記録{seq}番からが、いまのデータベースのものと違います。出力が偽造されたか、データベースが書き換えられました",
        f"from record {seq} on it is not what the database has now: the export is forged, or the database was "
        "rewritten",
    )


def _cut(record: AuditRecord, exported_at: datetime) -> Text:
    at, of = f"{record.at:%Y-%m-%dT%H:%M:%SZ}", f"{exported_at:%Y-%m-%dT%H:%M:%SZ}"
    return Text(
        f"記録{record.seq}番（{at}）がありません。出力の時刻（{of}）より前の記録です。出力の末尾が切り取られたか、時刻が偽られました",
        f"it has no record {record.seq} ({at}), which is older than the export ({of}): it was cut at its end, "
        "or its moment is not true",
    )


def _shorter(seq: int, last: int) -> Text:
    return Text(
        f"記録{seq}番から{last}番までが、いまのデータベースにありません。データベースの記録が切り取られたか、出力が偽造されました",
        f"the database has no records {seq} to {last} now: they were cut out of it, or the export is forged",
    )
