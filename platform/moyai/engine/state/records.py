"""What Moyai remembers of each stack, beside its checkpoint: fingerprint, releases, times.

One JSON document a stack, replaced atomically. The checkpoint stays Pulumi's; its hash in the
record tells whether somebody else changed it since.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol

from moyai.engine.stacks import StackId
from moyai.engine.state.holders import myself
from moyai.errors import OperationFailed
from moyai.texts import Text, document_of, same


@dataclass(frozen=True, slots=True)
class StackRecord:
    """The record of one stack. Times are UTC."""

    stack: StackId
    fingerprint: Mapping[str, str] = field(default_factory=dict)
    """Of the last update that ended well; empty before the first."""
    checkpoint_sha256: str | None = None
    applied_at: datetime | None = None
    """When the last update ended well."""
    verified_at: datetime | None = None
    """When everything was last read live."""
    failure: Text | None = None
    """Why the last run did not end well; None where it did."""
    running_since: datetime | None = None
    """Set before a run touches anything, cleared when its end is on record."""
    releases: Mapping[str, str] = field(default_factory=dict)
    """Service → release on record; moved by onboarding and upgrade only."""
    facts: Mapping[str, str] = field(default_factory=dict)
    """What must not change unnoticed: slug, name, isolation, cell, cidr."""
    moving: Mapping[str, str] = field(default_factory=dict)
    """Service → release that an upgrade is bringing: what the stack is built with until the upgrade
    has ended, whoever builds it. The release on record stays the one before."""


class DocumentStore(Protocol):
    """Small JSON documents beside the checkpoints, by key (`records/moyai-tenant/271004.json`)."""

    def read_all(self, prefix: str) -> Mapping[str, bytes]:
        """Every document below a prefix, key → content."""
        ...

    def read(self, key: str) -> bytes | None:
        """One document, or None."""
        ...

    def write(self, key: str, content: bytes) -> None:
        """Replace one document atomically."""
        ...

    def read_token(self, key: str) -> tuple[bytes, str] | None:
        """One document and a token of it for `swap`, or None."""
        ...

    def swap(self, key: str, content: bytes | None, token: str | None) -> bool:
        """Replace (None: remove) the document that has this token, or make one where there is none (None):
        whether it did."""
        ...


@dataclass(frozen=True, slots=True)
class Written:
    """A record as it is written now."""

    record: StackRecord | None
    """None where there is none that can be read."""
    token: str | None
    """For `swap`; None where there is none at all."""
    by: str | None = None
    """Who wrote it last: `user@host, process 4711`."""


class RecordStore:
    """The records of one site. Nobody replaces one that he has not read: other machines write them too."""

    def __init__(self, documents: DocumentStore) -> None:
        self._documents = documents

    def load_all(self, project: str) -> tuple[dict[str, StackRecord], frozenset[str]]:
        """All records of a project, stack name → record; and the names of those that are damaged."""
        found = self._documents.read_all(f"records/{project}/")
        records: dict[str, StackRecord] = {}
        damaged: set[str] = set()
        for key, content in found.items():
            name, dot, ending = key.rsplit("/", 1)[-1].partition(".")
            if dot + ending != ".json":
                continue  # a damaged one that was put aside
            try:
                records[name] = _decode(key, content)
            except OperationFailed:
                damaged.add(name)
        return records, frozenset(damaged)

    def put_aside(self, stack: StackId) -> None:
        """Keep what is there of a damaged record, beside it, before another takes its place."""
        content = self._documents.read(_key(stack))
        if content is not None:
            moment = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
            self._documents.write(f"{_key(stack)}.damaged-{moment}", content)

    def load(self, stack: StackId) -> StackRecord:
        """One record; an empty one where there is none yet."""
        key = _key(stack)
        content = self._documents.read(key)
        return StackRecord(stack) if content is None else _decode(key, content)

    def read(self, stack: StackId) -> Written:
        """One record as it is now, or what is in its place, with the token to replace it by."""
        found = self._documents.read_token(_key(stack))
        if found is None:
            return Written(None, None)
        content, token = found
        try:
            return Written(_decode(_key(stack), content), token, _writer_of(content))
        except OperationFailed:
            return Written(None, token)

    def swap(self, record: StackRecord, token: str | None, by: str | None = None) -> bool:
        """Put a record in place of the one with that token (None: of none); False where another one is
        there by now. `by`: whose it is, where it is only put back."""
        return self._documents.swap(_key(record.stack), _encode(record, by or _myself()), token)

    def forget(self, stack: StackId, token: str | None) -> bool:
        """Remove the record with that token; False where another one is there by now."""
        return self._documents.swap(_key(stack), None, token)


def _key(stack: StackId) -> str:
    return f"records/{stack.project}/{stack.name}.json"


_TIMES = ("applied_at", "verified_at", "running_since")


def _encode(record: StackRecord, by: str) -> bytes:
    document: dict[str, object] = {
        "project": record.stack.project,
        "name": record.stack.name,
        "fingerprint": dict(record.fingerprint),
        "checkpoint_sha256": record.checkpoint_sha256,
        "failure": document_of(record.failure),
        "releases": dict(record.releases),
        "facts": dict(record.facts),
        "moving": dict(record.moving),
        "written_by": by,
    }
    for name in _TIMES:
        moment: datetime | None = getattr(record, name)
        document[name] = None if moment is None else moment.isoformat()
    return json.dumps(document, ensure_ascii=False, indent=1, sort_keys=True).encode()


def _myself() -> str:
    me = myself(os.getpid(), "")
    return f"{me.user}@{me.host}, process {me.pid}"


def _writer_of(content: bytes) -> str | None:
    found = json.loads(content).get("written_by")
    return found if isinstance(found, str) else None


def _failure(told: Any) -> Text | None:
    # Records of before had English words only.
    return same(told) if isinstance(told, str) else None if told is None else Text(**told)


def _decode(key: str, content: bytes) -> StackRecord:
    try:
        document = json.loads(content)
        times = {
            name: None if document[name] is None else datetime.fromisoformat(document[name])
            for name in _TIMES
        }
        return StackRecord(
            stack=StackId(document["project"], document["name"]),
            fingerprint=document["fingerprint"],
            checkpoint_sha256=document["checkpoint_sha256"],
            failure=_failure(document["failure"]),
            releases=document["releases"],
            facts=document["facts"],
            moving=document.get("moving", {}),
            **times,
        )
    except (ValueError, KeyError, TypeError) as error:
        raise OperationFailed(
            Text(f"記録 {key} が壊れています。", f"the record {key} is damaged."),
            remedy=Text(
                "moyai deploy を実行すると、状態ファイルと現状から作り直します。",
                "moyai deploy makes it anew from the checkpoint and what is live.",
            ),
        ) from error
