"""Records of what anyone or anything did, each bound to the one before. Pure.

A chain is a body's (`body:271004`) or the federation's (`federation`). A record's hash is over its
canonical JSON with the hash of the record before it, so that nothing in a chain can be changed, left
out, doubled or moved without a trace. Moments are UTC, to the microsecond.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime, timedelta
from typing import Any

from moyai.audit.details import checked, plain
from moyai.canonical_json import sha256_of
from moyai.json_value import JsonValue

SCHEMA = "moyai.audit/1"
FEDERATION = "federation"

CHAIN_NAME = re.compile(r"federation|body:[0-9]{6}")
_ACTOR = re.compile(r"moyai|(operator|approver|worker|person):[!-~]{1,254}")
_SHA256 = re.compile(r"[0-9a-f]{64}")


def chain_of(code: str | None) -> str:
    """The chain of a body, or the federation's."""
    return FEDERATION if code is None else f"body:{code}"


@dataclass(frozen=True, slots=True)
class Head:
    """The newest record of a chain; `seq` 0 with the genesis hash where it has none."""

    chain: str
    seq: int
    sha256: str


def genesis(chain: str) -> Head:
    """Where a chain begins: a fixed hash that names the chain."""
    return Head(chain, 0, sha256_of({"schema": SCHEMA, "chain": chain, "seq": 0}))


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What is asked to be recorded; it has no place in a chain yet.

    Raises ValueError for an actor, a moment, a code or a hash of another shape, TypeError for details that
    are not plain values (`audit.details`): an object that holds a secret is none.
    """

    at: datetime
    actor: str
    """`operator:EMAIL`, `approver:EMAIL` (a body's own), `worker:ID`, `person:USER@HOST` (who did something
    by hand, as the machine says) or `moyai`."""
    action: str
    """What was done, in a word for machines: `operation.approved`, `step.done`."""
    result: str
    """How it went, likewise: `done`, `failed`, `refused`."""
    operation: str | None = None
    plan_sha256: str | None = None
    code: str | None = None
    step: str | None = None
    attempt: int | None = None
    details: Mapping[str, JsonValue] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.at.tzinfo is None:
            raise ValueError("a moment without its zone")
        if _ACTOR.fullmatch(self.actor) is None:
            raise ValueError(f"no actor: {self.actor!r}")
        if self.code is not None and re.fullmatch(r"[0-9]{6}", self.code) is None:
            raise ValueError(f"no code of a body: {self.code!r}")
        if self.plan_sha256 is not None and _SHA256.fullmatch(self.plan_sha256) is None:
            raise ValueError("no SHA-256 of a plan")
        object.__setattr__(self, "at", self.at.astimezone(UTC))
        object.__setattr__(self, "details", checked(self.details))


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRecord:
    """One record in its place. Nothing is checked here: that is what `verify` is for."""

    chain: str
    seq: int
    """From 1, without gaps."""
    at: datetime
    actor: str
    action: str
    operation: str | None
    plan_sha256: str | None
    code: str | None
    step: str | None
    attempt: int | None
    result: str
    details: Mapping[str, JsonValue]
    previous_sha256: str
    """Of the record before; of the first, the chain's genesis hash."""
    sha256: str
    """Over all the others."""

    @property
    def head(self) -> Head:
        """The chain's head, as long as this is its newest record."""
        return Head(self.chain, self.seq, self.sha256)


def seal(entry: Entry, head: Head) -> AuditRecord:
    """The entry as the next record behind a chain's head. ValueError where the chain is another body's."""
    if head.chain != FEDERATION and head.chain != chain_of(entry.code):
        raise ValueError(f"{head.chain} has no records of {entry.code}")
    values = {one.name: getattr(entry, one.name) for one in fields(Entry)}
    open_record = AuditRecord(
        chain=head.chain, seq=head.seq + 1, previous_sha256=head.sha256, sha256="", **values
    )
    return AuditRecord(
        chain=head.chain,
        seq=head.seq + 1,
        previous_sha256=head.sha256,
        sha256=hash_of(open_record),
        **values,
    )


def hash_of(record: AuditRecord) -> str:
    """What a record's hash has to be. ValueError and TypeError where it is none that could be written."""
    document = to_document(record)
    del document["sha256"]
    return sha256_of({"schema": SCHEMA, **document})


def to_document(record: AuditRecord) -> dict[str, object]:
    """A record as JSON values; the moment as ISO 8601 in UTC with microseconds."""
    document = {one.name: getattr(record, one.name) for one in fields(AuditRecord)}
    document["at"] = _written(record.at)
    document["details"] = plain(record.details)
    return document


def from_document(document: Mapping[str, object]) -> AuditRecord:
    """The record that `to_document` wrote. Raises ValueError for anything else."""
    given: Any = dict(document)
    if set(given) != {one.name for one in fields(AuditRecord)}:
        raise ValueError("not the fields of a record")
    for name, kinds in _KINDS.items():
        if type(given[name]) not in kinds:
            raise ValueError(f"{name} is of another type")
    if CHAIN_NAME.fullmatch(given["chain"]) is None:
        raise ValueError("no chain")
    try:
        given["at"] = _read(given["at"])
        given["details"] = checked(given["details"])
    except TypeError as error:
        raise ValueError(str(error)) from None
    return AuditRecord(**given)


_TEXT = (str,)
_TEXT_OR_NONE = (str, type(None))
_KINDS: Mapping[str, tuple[type, ...]] = {
    "chain": _TEXT,
    "seq": (int,),
    "at": _TEXT,
    "actor": _TEXT,
    "action": _TEXT,
    "operation": _TEXT_OR_NONE,
    "plan_sha256": _TEXT_OR_NONE,
    "code": _TEXT_OR_NONE,
    "step": _TEXT_OR_NONE,
    "attempt": (int, type(None)),
    "result": _TEXT,
    "details": (dict,),
    "previous_sha256": _TEXT,
    "sha256": _TEXT,
}


def _written(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def _read(written: str) -> datetime:
    moment = datetime.fromisoformat(written)
    if moment.utcoffset() != timedelta(0) or _written(moment) != written:
        raise ValueError("a moment that is not written as Moyai writes it")
    return moment.astimezone(UTC)
