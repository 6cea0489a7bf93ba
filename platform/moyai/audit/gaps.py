"""Declared gaps: the operations database was restored from an older copy, and a person says so in the chain.

What such a copy does not have any more is lost, from the record behind its head to the newest that was
anchored. The record that declares it lists the anchors of what is lost: each by number and hash, so that
nothing that was anchored afterwards is excused by it. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from moyai.audit.records import AuditRecord, Head
from moyai.texts import Text, in_japan, visible

RESTORED = "operation.restored"
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Gap:
    """Records that a declaration says are lost."""

    chain: str
    seq: int
    """Of the record that declares it."""
    at: datetime
    actor: str
    epoch: int
    after: Head
    """The newest record that is there of the time before."""
    lost: frozenset[tuple[int, str]]
    """Anchored heads that no record is behind: number and SHA-256. Empty: none was anchored since the copy."""

    @property
    def newest(self) -> int:
        """The number of the newest record of which it is known that it is lost."""
        return max((seq for seq, _ in self.lost), default=0)

    @property
    def what(self) -> Text:
        """For people: which records are lost, who says so, and when."""
        who, at = visible(self.actor), in_japan(self.at)
        first = min([self.after.seq + 1, *(seq for seq, _ in self.lost)])
        head = self.after.sha256[:12]
        declared = Text(
            f"{at} に {who} が、古い写しからの復元を申告しました（記録{self.seq}番）",
            f"restored from an older copy, as {who} declared {at} (record {self.seq})",
        )
        if not self.lost:
            return Text(
                f"{declared.ja}。記録{self.after.seq}番（{head}…）より後に係留された記録はありません",
                f"{declared.en}; nothing behind record {self.after.seq} ({head}…) had been anchored",
            )
        anchored = next(sha256 for seq, sha256 in sorted(self.lost) if seq == self.newest)[:12]
        return Text(
            f"{declared.ja}。以前の記録{first}番から{self.newest}番まで（{head}… のあと、係留点 "
            f"{anchored}… まで）は失われています",
            f"{declared.en}; of before, records {first} to {self.newest} are lost (behind {head}…, up to "
            f"the anchor {anchored}…)",
        )


def gap_of(record: AuditRecord) -> Gap | None:
    """The gap that a record declares; None where it declares none, or not as Moyai writes it."""
    if record.action != RESTORED:
        return None
    details = record.details
    after, lost, epoch = details.get("after"), details.get("lost"), details.get("epoch")
    if (
        not isinstance(after, Mapping)
        or not isinstance(lost, list | tuple)
        or type(epoch) is not int
    ):
        return None
    seq, sha256 = after.get("seq"), after.get("sha256")
    heads = [_head(one) for one in lost]
    if type(seq) is not int or type(sha256) is not str or None in heads:
        return None
    if seq != record.seq - 1 or (seq and sha256 != record.previous_sha256):
        return None
    known = frozenset(one for one in heads if one is not None)
    head = Head(record.chain, seq, sha256 or record.previous_sha256)
    return Gap(record.chain, record.seq, record.at, record.actor, epoch, head, known)


def _head(one: object) -> tuple[int, str] | None:
    if not isinstance(one, Mapping):
        return None
    seq, sha256 = one.get("seq"), one.get("sha256")
    if type(seq) is not int or type(sha256) is not str or _SHA256.fullmatch(sha256) is None:
        return None
    return seq, sha256
