"""One chain as it passes: verified, with what its signatures prove, and what others say that it lacks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import sqlalchemy as sa

from moyai.audit.anchors import Anchor
from moyai.audit.gaps import Gap, gap_of
from moyai.audit.records import FEDERATION, AuditRecord, Head
from moyai.audit.verify import Finding, verify
from moyai.operations.audit.compared import compared
from moyai.operations.audit.lacking import Across, lacking
from moyai.operations.audit.one_plan import Plans
from moyai.operations.audit.proofs import People
from moyai.operations.audit.seen import Seen
from moyai.operations.audit.signatures import Signatures
from moyai.operations.database.audit_reading import records
from moyai.operations.database.audit_wanted import Told
from moyai.texts import Text


@dataclass(frozen=True, slots=True)
class Looked:
    """One chain that was verified."""

    chain: str
    records: int
    """By the number of its head."""
    head: Head
    findings: tuple[Finding, ...]
    anchors: int = 0
    """With so many in the locked bucket it was compared."""
    gaps: tuple[Gap, ...] = ()
    """Where records are lost and a person has declared that: no findings, and always told."""
    signatures: Signatures = field(default_factory=Signatures)
    """What the signatures in it prove; what is none, or nobody's, is a finding too."""
    is_alone: bool = False
    """Nothing else was asked: it fits together, as one that was written anew as a whole would."""

    @property
    def is_whole(self) -> bool:
        """Whether its records are as they were made, whatever the signatures in them prove."""
        return all(one.kind in ("unproved", "unknown") for one in self.findings)


def look(
    connection: sa.Connection,
    head: Head,
    anchors: Sequence[Anchor] = (),
    known: People | None = None,
    wanted: Told | None = None,
    across: Across | None = None,
) -> Looked:
    """Verify a chain of the database.

    `wanted`: what the tables say that it has records of. `across`: what other chains do, and it tells them;
    None: it is looked at alone.
    """
    heads_known = (*((head,) if head.seq else ()), *anchors)
    passed = Passed(records(connection, head.chain), known, across)
    findings = list(verify(passed, heads_known, head.chain))
    if passed.seq > head.seq:
        findings.append(_beyond(head, passed.seq))
    if wanted is not None:
        findings.extend(lacking(head.chain, set(wanted), passed.seen))
        findings.extend(compared(head.chain, wanted, passed.seen))
    if across is not None and head.chain == FEDERATION:
        findings = list(dict.fromkeys((*findings, *across.findings(passed.seen))))
    elif across is not None:
        across.body(head.chain.removeprefix("body:"), passed.seen.known)
    is_alone = wanted is None and across is None and not anchors
    return passed.looked(head, findings, len(anchors), is_alone=is_alone)


class Passed:
    """Records handed on; knows the number of the last, which gaps were declared, what signatures prove, and of
    what they are records."""

    def __init__(
        self, found: Iterable[AuditRecord], known: People | None, across: Across | None = None
    ) -> None:
        self._found, self._known, self._across = found, known, across
        self.seq = 0
        self.gaps: list[Gap] = []
        self.signatures = Signatures()
        self._plans = Plans()
        self.seen = Seen()

    def looked(
        self, head: Head, findings: Iterable[Finding], anchors: int = 0, *, is_alone: bool = False
    ) -> Looked:
        """What is known once all have passed."""
        found = self.signatures
        every = (*findings, *self._plans.findings, *found.findings, *found.unknown())
        return Looked(head.chain, head.seq, head, every, anchors, tuple(self.gaps), found, is_alone)

    def __iter__(self) -> Iterator[AuditRecord]:
        for record in self._found:
            self.seq = record.seq
            self.signatures.take(record, self._known)
            self._plans.take(record)
            if self._across is not None:
                self.seen.take(record)
                self._across.take(record)
            gap = gap_of(record)
            if gap is not None:
                self.gaps.append(gap)
            yield record


def _beyond(head: Head, last: int) -> Finding:
    return Finding(
        "unanchored",
        head.chain,
        head.seq + 1,
        Text(
            f"記録{head.seq + 1}番から{last}番までは、連鎖の先頭として記録された番号より後にあります",
            f"records {head.seq + 1} to {last} stand behind the head on record",
        ),
    )
