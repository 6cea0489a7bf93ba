"""An export held against the chain in the database, record by record."""

from __future__ import annotations

from collections.abc import Iterable

from moyai.audit.records import AuditRecord, Head
from moyai.audit.verify import Finding
from moyai.texts import Text


def differing(
    exported: Iterable[AuditRecord], kept: Iterable[AuditRecord], head: Head
) -> tuple[Finding, ...]:
    """Nothing, or the first record of an export that is not the database's of that number.

    `exported`, `kept`: in their order. `head`: the export's. One that is older has less, and that is no
    finding.
    """
    there = iter(kept)
    for one in exported:
        other = next(there, None)
        if other is None:
            return (Finding("differs", head.chain, one.seq, _shorter(one.seq, head.seq)),)
        if (one.seq, one.sha256) != (other.seq, other.sha256):
            return (Finding("differs", head.chain, one.seq, _other(one.seq)),)
    return ()


def _other(seq: int) -> Text:
    return Text(
        f"記録{seq}番からが、いまのデータベースのものと違います。出力が偽造されたか、データベースが書き換えられました",
        f"from record {seq} on it is not what the database has now: the export is forged, or the database was "
        "rewritten",
    )


def _shorter(seq: int, last: int) -> Text:
    return Text(
        f"記録{seq}番から{last}番までが、いまのデータベースにありません。データベースの記録が切り取られたか、出力が偽造されました",
        f"the database has no records {seq} to {last} now: they were cut out of it, or the export is forged",
    )
