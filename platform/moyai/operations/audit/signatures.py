"""What the signatures of a chain prove, gathered while its records pass. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice

from moyai.audit.records import AuditRecord
from moyai.audit.verify import Finding
from moyai.operations.audit.paused import Paused
from moyai.operations.audit.proofs import (
    NOT_SIGNED,
    Claimed,
    NotCheckable,
    People,
    Signed,
    Unproved,
    Whose,
    proof_of,
    proof_words,
)
from moyai.operations.audit.replayed import USED, Steered
from moyai.texts import Text, visible

_MOST = 1000
"""Findings of one chain."""


@dataclass(slots=True)
class Signatures:
    """What the signatures of a chain prove, counted: memory stays flat."""

    signed: dict[Signed, int] = field(default_factory=dict)
    claimed: dict[Claimed, int] = field(default_factory=dict)
    not_checkable: int = 0
    findings: list[Finding] = field(default_factory=list)
    _first: dict[Signed, tuple[str, int]] = field(default_factory=dict)
    """Chain and number of the first such record."""
    _steered: Steered = field(default_factory=Steered)
    _paused: Paused = field(default_factory=Paused)
    _signs: set[str] = field(default_factory=set)
    """Operations whose plan is of a version that has signatures in all its records."""

    def take(self, record: AuditRecord, known: People | None) -> None:
        """The next record of the chain."""
        if record.action == "operation.plan" and "signature" in record.details:
            self._signs.add(record.operation or "")
        proof = proof_of(record, known)
        if isinstance(proof, Signed) and self._steered.has(record):
            proof = Unproved(record.actor, proof.fingerprint, USED)
        if self._paused.lets_go(record, proof) and known is not None and known.needs_signature:
            proof = Unproved(record.actor, None, NOT_SIGNED)
        signs = record.action == "operation.approve" and record.operation in self._signs
        if signs and isinstance(proof, NotCheckable):
            proof = Unproved(record.actor, None, _NO_SIGNATURE)
        match proof:
            case Signed() as one:
                self.signed[one] = self.signed.get(one, 0) + 1
                self._first.setdefault(one, (record.chain, record.seq))
            case Claimed() as one:
                self.claimed[one] = self.claimed.get(one, 0) + 1
            case NotCheckable():
                self.not_checkable += 1
            case Unproved() as one if len(self.findings) < _MOST:
                self.findings.append(
                    Finding("unproved", record.chain, record.seq, _finding(record, one))
                )

    def unknown(self) -> Iterator[Finding]:
        """A finding for each person and key of which tenants.yaml does not say that they belong together."""
        found = ((one, times) for one, times in self.signed.items() if one.whose in _MAY)
        for one, times in islice(found, _MOST):
            chain, seq = self._first[one]
            yield Finding("unknown", chain, seq, _of_nobody(one, seq, times))

    def told(self) -> Iterator[Text]:
        """For people: which keys signed, whose they are, and what nobody signed; findings are no part of it."""
        for one, times in self.signed.items():
            if one.whose not in _MAY:
                said = proof_words(one)
                yield Text(f"{said.ja}: {times} 件", f"{said.en}: {times}")
        for claimed, times in self.claimed.items():
            said = proof_words(claimed)
            yield Text(f"{said.ja}: {times} 件", f"{said.en}: {times}")
        if self.not_checkable:
            yield Text(
                "署名を検証できない記録（以前の版のもの、または署名した内容の一部だけを持つもの）: "
                f"{self.not_checkable} 件",
                "records whose signatures are not checkable (of versions before, or without all that was "
                f"signed): {self.not_checkable}",
            )


def _finding(record: AuditRecord, one: Unproved) -> Text:
    said, actor = proof_words(one), visible(record.actor)
    about = visible(str(record.details.get("subject") or record.action))
    operation = visible(record.operation or "")
    return Text(
        f"記録{record.seq}番（{operation} の {about}、{actor}）の署名は{said.ja}",
        f"the signature of record {record.seq} ({about} of {operation}, {actor}) {said.en}",
    )


def _of_nobody(one: Signed, seq: int, times: int) -> Text:
    said, may = proof_words(one), _MAY[one.whose]
    more = Text("", "") if times == 1 else Text(f"ほか {times - 1} 件", f" and {times - 1} more")
    return Text(
        f"記録{seq}番{more.ja}の署名は確かめられません。{said.ja}。{may.ja}",
        f"the signature of record {seq}{more.en} cannot be checked. {said.en}: {may.en}",
    )


_MAY: Mapping[Whose, Text] = {
    "unknown": Text(
        "tenants.yaml から外された人か、偽造です",
        "the person was taken out of tenants.yaml, or it is forged",
    ),
    "another": Text(
        "替える前の鍵か、偽造です",
        "it is a key that they had before, or it is forged",
    ),
}
_NO_SIGNATURE = Text(
    "署名がありません。この計画の版は、承認に必ず署名を残します",
    "it has none, and the version that made the plan leaves one with every approval",
)
