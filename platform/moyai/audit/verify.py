"""Whether a chain is whole: any changed, missing, doubled or moved record is found. Pure.

Records are taken one after the other, so that memory stays flat however long the chain is; what is
kept are gaps in their numbers, of which there are as many as findings.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from moyai.audit.anchors import Anchor
from moyai.audit.gaps import gap_of
from moyai.audit.records import FEDERATION, AuditRecord, Head, chain_of, genesis, hash_of
from moyai.texts import Text, visible

Kind = Literal[
    "changed",
    "unlinked",
    "missing",
    "doubled",
    "moved",
    "foreign",
    "unanchored",
    "cut",
    "more",
    "unproved",
    "lacking",
    "differs",
    "other_plan",
    "unknown",
]
"""`unproved`: a signature in it is none; `unknown`: tenants.yaml does not say whose key it was by;
`other_plan`: a record is about another plan than its operation's; `lacking`: other chains or the tables tell of
one that it lacks; `differs`: an export has another record than the database, or a record says
something else than the tables."""
_MOST = 1000
"""Findings of one kind of look; a chain that is wrong throughout is wrong, and memory stays flat."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong with a chain."""

    kind: Kind
    chain: str
    seq: int | None
    """The record's number; of several that are missing, the first's."""
    what: Text


def verify(
    records: Iterable[AuditRecord], anchors: Sequence[Anchor | Head] = (), chain: str | None = None
) -> tuple[Finding, ...]:
    """What is wrong with a chain's records, in the order in which they are kept; empty: nothing.

    `anchors`: heads that it is known to have had, from where nobody can change them. `chain`: which chain it
    has to be; None: the anchors', or the first record's. What no anchor covers may have been written anew as a
    whole, or cut off at its end, without a trace. Anchors that a record declares lost (`audit.gaps`) are no
    findings.
    """
    look = _Look(chain if chain is not None or not anchors else anchors[0].chain, anchors)
    for record in records:
        look.at(record)
        if len(look.findings) - len(look.strange) >= _MOST:
            look.found("more", record.seq, _MORE)
            return look.told()
    look.end()
    return look.told()


class _Look:
    """What is known of a chain between two of its records."""

    def __init__(self, chain: str | None, anchors: Sequence[Anchor | Head]) -> None:
        self.findings: list[Finding] = []
        self.chain = chain
        self.head: Head | None = None
        self.gaps: list[tuple[int, int]] = []
        self.anchors = {(one.seq, one.sha256): one for one in anchors}
        self.strange: dict[int, set[tuple[int, str]]] = {}
        """Which finding → the anchors that it is about: they may be declared lost later in the chain."""
        self.lost: set[tuple[int, str]] = set()
        self.wanted: dict[int, set[str]] = {}
        for one in anchors:
            self.wanted.setdefault(one.seq, set()).add(one.sha256)

    def found(self, kind: Kind, seq: int | None, what: Text) -> None:
        self.findings.append(Finding(kind, self.chain or "", seq, what))

    def at(self, record: AuditRecord) -> None:
        """Take the next record."""
        if self.chain is None:
            self.chain = record.chain
        if record.chain != self.chain:
            self.found("foreign", record.seq, _foreign(record))
            return
        if not _is_itself(record):
            self.found("changed", record.seq, _changed(record.seq))
        elif record.chain != FEDERATION and chain_of(record.code) != record.chain:
            self.found("foreign", record.seq, _another_s(record))
        elif (gap := gap_of(record)) is not None:
            self.lost |= gap.lost
        before = self.head or genesis(self.chain)
        if record.seq > before.seq:
            self._follow(before, record)
        else:
            self._late(record)

    def _follow(self, before: Head, record: AuditRecord) -> None:
        if record.seq > before.seq + 1:
            self.gaps.append((before.seq + 1, record.seq - 1))
        elif record.previous_sha256 != before.sha256:
            self.found("unlinked", record.seq, _unlinked(record.seq))
        others = self.wanted.get(record.seq, set()) - {record.sha256}
        if others:
            self.strange[len(self.findings)] = {(record.seq, sha256) for sha256 in others}
            self.found("unanchored", record.seq, _unanchored(record.seq))
        self.head = record.head

    def _late(self, record: AuditRecord) -> None:
        """A record behind a later one: one that was missed there, or one that is there twice."""
        for at, (first, last) in enumerate(self.gaps):
            if first <= record.seq <= last:
                parts = ((first, record.seq - 1), (record.seq + 1, last))
                self.gaps[at : at + 1] = [part for part in parts if part[0] <= part[1]]
                self.found("moved", record.seq, _moved(record.seq))
                return
        self.found("doubled", record.seq, _doubled(record.seq))

    def end(self) -> None:
        """There are no more."""
        for first, last in self.gaps[: _MOST - len(self.findings)]:
            self.found("missing", first, _missing(first, last))
        for one in self.anchors.values():
            if one.chain != self.chain:
                self.found("foreign", one.seq, _FOREIGN_ANCHOR)
        newest = 0 if self.head is None else self.head.seq
        known = max(
            (seq for seq, sha256 in self.anchors if (seq, sha256) not in self.lost), default=0
        )
        if known > newest:
            self.found("cut", newest + 1, _cut(newest + 1, known))

    def told(self) -> tuple[Finding, ...]:
        """The findings, but for anchors that are declared lost."""
        declared = {at for at, heads in self.strange.items() if heads <= self.lost}
        return tuple(one for at, one in enumerate(self.findings) if at not in declared)


def _is_itself(record: AuditRecord) -> bool:
    try:
        return hash_of(record) == record.sha256
    except (TypeError, ValueError, OverflowError):
        return False


def _foreign(record: AuditRecord) -> Text:
    return Text(
        f"記録{record.seq}番は別の連鎖（{visible(record.chain)}）のものです",
        f"record {record.seq} is of another chain ({visible(record.chain)})",
    )


def _another_s(record: AuditRecord) -> Text:
    code = visible(str(record.code))
    return Text(
        f"記録{record.seq}番は別の団体（{code}）のものです",
        f"record {record.seq} is of another body ({code})",
    )


_FOREIGN_ANCHOR = Text("係留点が別の連鎖のものです", "an anchor is of another chain")
_MORE = Text("ほかにもあります。ここで打ち切りました", "there are more: the look ended here")


def _changed(seq: int) -> Text:
    return Text(
        f"記録{seq}番は書き換えられています（ハッシュ値が内容と合いません）",
        f"record {seq} was changed (its hash is not that of what it says)",
    )


def _unlinked(seq: int) -> Text:
    return Text(
        f"記録{seq}番は直前の記録につながっていません（直前の記録が差し替えられたか、並べ替えられています）",
        f"record {seq} is not bound to the one before it (that one was exchanged, or the order changed)",
    )


def _unanchored(seq: int) -> Text:
    return Text(
        f"記録{seq}番は、変更できない保管先の係留点と一致しません（連鎖が書き直されています）",
        f"record {seq} differs from the anchor in the locked bucket (the chain was written anew)",
    )


def _moved(seq: int) -> Text:
    return Text(f"記録{seq}番の順序が入れ替わっています", f"record {seq} stands behind a later one")


def _doubled(seq: int) -> Text:
    return Text(f"記録{seq}番が重複しています", f"record {seq} is there twice")


def _missing(first: int, last: int) -> Text:
    if first == last:
        return Text(f"記録{first}番がありません", f"record {first} is missing")
    return Text(
        f"記録{first}番から{last}番までがありません", f"records {first} to {last} are missing"
    )


def _cut(first: int, last: int) -> Text:
    if first == last:
        return Text(
            f"末尾が切り取られています（記録{first}番がありません）",
            f"the end was cut off (record {first} is missing)",
        )
    return Text(
        f"末尾が切り取られています（記録{first}番から{last}番までがありません）",
        f"the end was cut off (records {first} to {last} are missing)",
    )
