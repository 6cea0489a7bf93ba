"""Proposals that somebody paused, and that go on by a word which nobody signed. Pure.

Records of versions before do not say of such a word that it needed a signature.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from moyai.audit.records import AuditRecord
from moyai.operations.audit.proofs import Claimed, Proof, Signed


@dataclass(slots=True)
class Paused:
    """The proposals of a chain that was walked in its order."""

    _edits: set[str] = field(default_factory=set)
    _by_a_person: set[str] = field(default_factory=set)
    """Those that somebody paused, and that no signed word has let go on since."""

    def lets_go(self, record: AuditRecord, proof: Proof | None) -> bool:
        """Whether a record is an unsigned word by which such a proposal went on. That a proposal is wanted
        paused until it is in the file is nobody's word, so that its beginning needs no signature."""
        operation = record.operation or ""
        if record.action == "operation.plan" and record.details.get("kind") == "edit":
            self._edits.add(operation)
        elif record.action == "operation.pause" and operation in self._edits:
            self._by_a_person.add(operation)
        elif record.action == "operation.run" and isinstance(proof, Signed):
            self._by_a_person.discard(operation)
        elif record.action == "operation.run" and isinstance(proof, Claimed):
            return operation in self._by_a_person
        return False
