"""What the signatures in records prove, by the records alone. Pure.

An approval's record has all that was signed but the line itself: operation, plan, subject, moment; and an SSH
signature has the public key. So an export proves which key signed. Whose key that is only tenants.yaml says.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from typing import Literal

from moyai.approvals.keys import Key, read_key
from moyai.approvals.rejections import Rejection
from moyai.approvals.signatures import signing_key
from moyai.approvals.steering import AT_ONCE, STEERING_NAMESPACE, says
from moyai.approvals.subjects import (
    APPROVAL_NAMESPACE,
    PLAN,
    PLAN_NAMESPACE,
    approval_line,
    signed_line,
)
from moyai.audit.records import FEDERATION, AuditRecord
from moyai.operations.audit.replayed import STEERED
from moyai.planning.fleet.approvers import of_bodies, of_secretariat
from moyai.registry.models import Registry
from moyai.texts import JAPAN, Text, visible

Whose = Literal["theirs", "another", "unknown", "not asked"]
"""By tenants.yaml as it is now: the person's; none that it has of the person (keys change); of a person whom it
does not have; nobody asked it."""


@dataclass(frozen=True, slots=True)
class Signed:
    """A record whose signature is one, over what the record says."""

    actor: str
    fingerprint: str
    """`SHA256:…` of the key."""
    whose: Whose


@dataclass(frozen=True, slots=True)
class Unproved:
    """A record whose signature is none over what the record says, or another person's."""

    actor: str
    fingerprint: str | None
    """Of the key that it says it is by; None: it says none."""
    why: Text


@dataclass(frozen=True, slots=True)
class Claimed:
    """A person is named who signed nothing: the name is the machine's word."""

    actor: str


@dataclass(frozen=True, slots=True)
class NotCheckable:
    """A record of a version before, or one of a kind that has not all that was signed."""

    actor: str


Proof = Signed | Unproved | Claimed | NotCheckable


@dataclass(frozen=True, slots=True)
class People:
    """The keys that tenants.yaml has, by their persons' addresses."""

    keys: Mapping[str, frozenset[bytes]]
    """Address, case folded → keys, those of before among them."""
    needs_signature: bool = False
    """Whether work that another person approves goes on only by a signed word."""
    until: Mapping[tuple[str, bytes], date] = field(default_factory=dict)
    """Address, case folded, and a key of before → the last day of its use."""

    def whose(self, actor: str, key: Key) -> Whose:
        """Whether a key is an actor's."""
        known = self.keys.get(actor.partition(":")[2].casefold())
        if known is None:
            return "unknown"
        return "theirs" if key.blob in known else "another"

    def ended(self, actor: str, key: Key) -> date | None:
        """The last day of an actor's key that was replaced."""
        return self.until.get((actor.partition(":")[2].casefold(), key.blob))

    def has(self, actor: str) -> bool:
        """Whether tenants.yaml has such a person."""
        return actor.partition(":")[2].casefold() in self.keys

    def owner(self, key: Key) -> str | None:
        """Whose it is."""
        return next((email for email, known in self.keys.items() if key.blob in known), None)


def people(registry: Registry) -> People:
    """Operators, bodies' own approvers, and whoever had a key before."""
    found: dict[str, set[bytes]] = {}
    for one in (*of_secretariat(registry), *of_bodies(registry)):
        found.setdefault(one.email.casefold(), set()).update(_blobs(one.ssh_key))
    until: dict[tuple[str, bytes], date] = {}
    for former in registry.former_keys:
        email = former.email.casefold()
        for blob in _blobs(former.ssh_key):
            if blob not in found.get(email, ()):  # the key of now has no last day
                until[email, blob] = max(former.until, until.get((email, blob), date.min))
    for email, blob in until:
        found.setdefault(email, set()).add(blob)
    known = {email: frozenset(keys) for email, keys in found.items()}
    return People(known, registry.operations.steering_needs_signature, until)


def _blobs(line: str) -> tuple[bytes, ...]:
    """A key; none of a line by which nothing counts."""
    try:
        return (read_key(line).blob,)
    except ValueError:
        return ()


def proof_of(record: AuditRecord, known: People | None = None) -> Proof | None:
    """What a record proves of its actor; None where it is of no kind that a person signs."""
    reads = _READERS.get(record.action)
    if reads is None:
        return None
    asked = reads(record)
    if asked is None:
        return NotCheckable(record.actor)
    if asked.signature is None:
        if known is not None and reads is _steering and not known.has(record.actor):
            return Unproved(record.actor, None, _NOBODY)
        if known is not None and known.needs_signature and record.details.get("needs_approval"):
            return Unproved(record.actor, None, NOT_SIGNED)
        return Claimed(record.actor)
    if asked.line is None:
        return Unproved(record.actor, None, _NO_LINE)
    key = _key(asked.signature, asked.line, asked.namespace)
    if isinstance(key, Rejection):
        return Unproved(record.actor, None, key.what)
    whose: Whose = "not asked" if known is None else known.whose(record.actor, key)
    owner = None if known is None or whose == "theirs" else known.owner(key)
    if owner is not None:
        return Unproved(record.actor, key.fingerprint, _another_s(owner))
    ended = None if known is None else known.ended(record.actor, key)
    if ended is not None and _day_of(record) > ended:
        return Unproved(record.actor, key.fingerprint, _replaced(ended))
    return Signed(record.actor, key.fingerprint, whose)


def _day_of(record: AuditRecord) -> date:
    """When it came on record; of a run, whose lines may wait on their machine, when it says it was signed."""
    at = record.at
    if record.action.startswith("runbook."):
        at = datetime.fromisoformat(str(record.details["signed_at"]))
    return at.astimezone(JAPAN).date()


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a record says was signed."""

    signature: str | None
    line: bytes | None
    """None: what the record says cannot have been signed."""
    namespace: str


def _approval(record: AuditRecord) -> _Asked | None:
    details = record.details
    if "signature" not in details or "signed_at" not in details:
        return None
    line = _line(record, str(details.get("subject")), details["signed_at"])
    return _Asked(str(details["signature"]), line, APPROVAL_NAMESPACE)


def _plan(record: AuditRecord) -> _Asked | None:
    if "signature" not in record.details:
        return None
    signature = record.details["signature"]
    try:
        line = signed_line(record.operation or "", record.plan_sha256 or "", PLAN)
    except ValueError:
        line = None
    return _Asked(None if signature is None else str(signature), line, PLAN_NAMESPACE)


def _steering(record: AuditRecord) -> _Asked | None:
    details = record.details
    if "signature" not in details:
        return None
    if details["signature"] is None:
        return _Asked(None, None, STEERING_NAMESPACE)
    asked, what = str(details.get("asked")), details.get("what")
    codes = details.get("codes")
    of = record.action.partition(".")[2]
    named = [str(one) for one in what] if isinstance(what, list | tuple) else []
    every = [str(one) for one in codes] if isinstance(codes, list | tuple) else None
    line = _line(record, asked, details.get("signed_at")) if says(asked, of, named, every) else None
    if line is not None and not _is_of_then(record, str(details.get("signed_at"))):
        line = None
    return _Asked(str(details["signature"]), line, STEERING_NAMESPACE)


def _is_of_then(record: AuditRecord, signed_at: str) -> bool:
    """What was once asked for is not asked for again by the same signature."""
    return abs(record.at - datetime.fromisoformat(signed_at)) <= AT_ONCE


def _line(record: AuditRecord, subject: str, moment: object) -> bytes | None:
    try:
        at = datetime.fromisoformat(str(moment))
        return approval_line(record.operation or "", record.plan_sha256 or "", subject, at)
    except ValueError:
        return None


def _step_of_a_run(record: AuditRecord) -> _Asked | None:
    """Of a runbook's approval: its record has the hash of content, values, answers and bodies by then."""
    details = record.details
    if "signature" not in details or "signed_at" not in details:
        # The federation's have had both in every version; bodies' had neither at first.
        is_old = record.chain != FEDERATION
        return None if is_old else _Asked(None, None, APPROVAL_NAMESPACE)
    line = _line(record, record.step or "", details["signed_at"])
    return _Asked(str(details["signature"]), line, APPROVAL_NAMESPACE)


_READERS: Mapping[str, Callable[[AuditRecord], _Asked | None]] = {
    "operation.plan": _plan,
    "operation.approve": _approval,
    "runbook.approve": _step_of_a_run,
    **{f"operation.{what}": _steering for what in STEERED},
}


@lru_cache(maxsize=1024)
def _key(signature: str, line: bytes, namespace: str) -> Key | Rejection:
    """The same approval is in many chains."""
    return signing_key(signature, line, namespace)


def proof_words(proof: Proof) -> Text:
    """What a proof is, for people."""
    actor = visible(proof.actor)
    match proof:
        case Signed(fingerprint=fingerprint, whose=whose):
            also = _WHOSE[whose]
            return Text(
                f"{actor} の名で鍵 {fingerprint} が署名{also.ja}",
                f"{actor}: signed by the key {fingerprint}{also.en}",
            )
        case Claimed():
            return Text(f"{actor}: 名乗りだけで署名なし", f"{actor}: name given, not signed")
        case NotCheckable():
            return Text("この記録だけでは検証できない", "not checkable by this record alone")
        case Unproved(fingerprint=found, why=why):
            by = Text("", "") if found is None else Text(f"鍵 {found}。", f"key {found}; ")
            return Text(f"証明になりません: {by.ja}{why.ja}", f"proves nothing: {by.en}{why.en}")


def _another_s(owner: str) -> Text:
    return Text(
        f"tenants.yaml では {visible(owner)} の鍵です",
        f"by tenants.yaml it is the key of {visible(owner)}",
    )


def _replaced(until: date) -> Text:
    return Text(
        f"tenants.yaml では {until} までの鍵です",
        f"by tenants.yaml that key was theirs until {until}",
    )


_WHOSE: Mapping[Whose, Text] = {
    "theirs": Text("（tenants.yaml にある本人の鍵）", " (theirs, by tenants.yaml)"),
    "another": Text(
        "（いまの tenants.yaml にある本人の鍵ではない）",
        " (not the key that tenants.yaml has of them now)",
    ),
    "unknown": Text("（いまの tenants.yaml にいない人）", " (tenants.yaml has no such person now)"),
    "not asked": Text("", ""),
}
_NOBODY = Text(
    "署名がなく、いまの tenants.yaml にいない人の名です",
    "it is not signed, and tenants.yaml has nobody of that name now",
)
NOT_SIGNED = Text(
    "別の人が承認する作業を続ける指示に署名がありません"
    "（tenants.yaml の operations.steering_needs_signature）",
    "work that another person approves was to go on by it, and it is not signed "
    "(operations.steering_needs_signature of tenants.yaml)",
)
_NO_LINE = Text(
    "記録の内容では、署名した行になりません",
    "what the record says is no line that could have been signed",
)
