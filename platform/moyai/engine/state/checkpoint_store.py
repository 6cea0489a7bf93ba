"""Pulumi's checkpoints in a DIY backend, read without the engine.

A checkpoint is `.pulumi/stacks/<project>/<name>.json`, or the same with `.gz`; a copy lies beside
it as `….bak`, and one of each of the newest updates below `.pulumi/history`. The layout is that of
`pkg/backend/diy` and `apitype` of the pinned engine. Where an update runs or was cut off, what it
has done is in its journal (`update_journal`), and reading puts the two together.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import re
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson

from moyai.engine.sites import SiteRuntime
from moyai.engine.stacks import StackId
from moyai.engine.state import update_journal
from moyai.engine.state.backends import blobs_of
from moyai.engine.state.blobs import Blobs
from moyai.engine.state.checkpoint import GZIP, Checkpoint, DamagedCheckpointError, is_whole, parse
from moyai.engine.state.journal_replay import UnknownEntryError
from moyai.errors import NOTHING_TOUCHED, OperationFailed
from moyai.texts import Text

_META_KEY = ".pulumi/meta.yaml"
_META = b"version: 1\n"
_COPY = re.compile(r"-(\d+)\.checkpoint\.json(\.gz)?$")
"""The end of the key of a checkpoint in a history: nanoseconds since 1970."""
KEPT_CHECKPOINTS = 50
"""Checkpoints of earlier updates that are kept of each stack."""


_UPDATE = re.compile(r"-(\d+)\.history\.json$")
"""The end of the key of an update in a history: the same moment."""


@dataclass(frozen=True, slots=True)
class LastUpdate:
    """The newest update of a stack, as its history tells it."""

    config: Mapping[str, str]
    """The stack's configuration: full keys to values."""
    ended_at: datetime
    """To the second."""


class CheckpointStore:
    """The checkpoints of one site."""

    def __init__(self, blobs: Blobs, *, kept_checkpoints: int = KEPT_CHECKPOINTS) -> None:
        """`kept_checkpoints`: of each stack's history. Raises `ValueError` for less than one."""
        if kept_checkpoints < 1:
            raise ValueError("a history keeps one checkpoint at least")
        self.blobs = blobs
        self._kept_checkpoints = kept_checkpoints

    def key(self, stack: StackId) -> str:
        """The key of the stack's checkpoint, existing or to be."""
        plain = f".pulumi/stacks/{stack.project}/{stack.name}.json"
        return f"{plain}.gz" if self.blobs.is_there(f"{plain}.gz") else plain

    def exists(self, stack: StackId) -> bool:
        """Whether the stack has a checkpoint, be it damaged."""
        return self.blobs.get(self.key(stack)) is not None

    def read(self, stack: StackId) -> Checkpoint | None:
        """The checkpoint, or None where the stack does not exist.

        With what the journal of an update that runs or was cut off has; `sha256` is of the file.
        Raises `OperationFailed` for a damaged one, saying how to get the one before it.
        """
        return self._read(stack, update_journal.read(self.blobs, stack))

    def _read(self, stack: StackId, journal: update_journal.Entries | None) -> Checkpoint | None:
        content = self.blobs.get(self.key(stack))
        if content is None:
            return None
        try:
            checkpoint = parse(content)
            return checkpoint if journal is None else _with_journal(checkpoint, journal)
        except (DamagedCheckpointError, LookupError, UnknownEntryError) as error:
            raise _damaged(stack, self.key(stack)) from error

    def journal(self, stack: StackId, engine: str) -> update_journal.UpdateJournal:
        """A journal for an update of a stack that has none. `engine`: its version, `v3.259.0`."""
        content = self.blobs.get(self.key(stack)) or b""
        base = hashlib.sha256(content).hexdigest()
        return update_journal.UpdateJournal(self.blobs, stack, base, engine)

    def fold(
        self, stack: StackId, written: update_journal.UpdateJournal | None = None
    ) -> Checkpoint | None:
        """Put what a journal has into the checkpoint, and take it away; none there is fine.

        The checkpoint as it is then, None where there was nothing to do. `written` is the journal
        where this process wrote it. Whenever this is cut off, the next call ends it. Raises as
        `read` does, and `OSError`.
        """
        journal = update_journal.read(self.blobs, stack) if written is None else written.entries()
        found = None if journal is None else self._read(stack, journal)
        if found is not None:
            key = self.key(stack)
            content = _encode(found.document)
            content = gzip.compress(content, mtime=0) if key.endswith(".gz") else content
            found = Checkpoint(hashlib.sha256(content).hexdigest(), found.document)
            update_journal.mark(self.blobs, stack, found.sha256)
            self.blobs.put(f"{key}.bak", content)
            self.blobs.put(key, content)
        if written is None or journal is not None:
            update_journal.forget(self.blobs, stack)
        return found

    def outputs(self, stack: StackId) -> Mapping[str, object]:
        """The outputs after the last update; empty where the stack does not exist."""
        checkpoint = self.read(stack)
        return {} if checkpoint is None else checkpoint.outputs

    def sha256(self, stack: StackId) -> str | None:
        """The hash of the checkpoint's bytes, or None where there is none.

        Where a journal is there, it is no file's hash: nothing on record equals it.
        """
        digest = self.blobs.sha256(self.key(stack))
        journal = self._journals(stack.project).get(update_journal.key_of(stack))
        return digest if digest is None or journal is None else f"{digest} {journal}"

    def is_open(self, stack: StackId) -> bool:
        """Whether an update of the stack runs, or was cut off and not gone on with."""
        return update_journal.key_of(stack) in self._journals(stack.project)

    def names(self, project: str) -> tuple[str, ...]:
        """The stacks of a project that have a checkpoint."""
        keys = self.blobs.versions(f".pulumi/stacks/{project}")
        files = {key.rsplit("/", 1)[-1].removesuffix(".gz") for key in keys}
        return tuple(sorted(f.removesuffix(".json") for f in files if f.endswith(".json")))

    def create(self, stack: StackId) -> None:
        """Make a new stack: what `pulumi stack init` writes, without starting the engine."""
        if self.blobs.get(_META_KEY) is None:
            self.blobs.put(_META_KEY, _META)
        name = f"organization/{stack.project}/{stack.name}"
        document = {"version": 3, "checkpoint": {"stack": name}}
        self.blobs.put(self.key(stack), _encode(document))

    def replace(self, stack: StackId, document: Mapping[str, Any]) -> None:
        """Put a changed checkpoint in place; the one before is kept as `….before-repair`."""
        key = self.key(stack)
        before = self.blobs.get(key)
        if before is not None:
            self.blobs.put(f"{key}.before-repair", before)
        content = _encode(document)
        self.blobs.put(key, gzip.compress(content) if key.endswith(".gz") else content)

    def remove(self, stack: StackId) -> None:
        """Take an empty stack away again."""
        self.blobs.delete(self.key(stack))

    def add_history(self, stack: StackId, update: Mapping[str, Any]) -> None:
        """Keep an update (`backend.UpdateInfo`) and the checkpoint after it, as Pulumi does.

        Of the checkpoints, which are large, the oldest go; all that `pulumi stack history` tells stays.
        """
        key = self.key(stack)
        content = self.blobs.get(key)
        entry = f"{_history(stack)}/{stack.name}-{time.time_ns()}"
        self.blobs.put(f"{entry}.history.json", json.dumps(update).encode())
        if content is not None:
            suffix = ".gz" if key.endswith(".gz") else ""
            copy = f"{entry}.checkpoint.json{suffix}"
            self.blobs.put(copy, content)
            self._thin_out(stack, copy)

    def last_update(self, stack: StackId) -> LastUpdate | None:
        """The newest update, where it ended well and the checkpoint is still as it left it; else None."""
        found = self.blobs.versions(_history(stack))
        dated = [(int(match[1]), key) for key in found if (match := _UPDATE.search(key))]
        if not dated or self.is_open(stack):
            return None
        entry, key = max(dated)[1], self.key(stack)
        copy = entry.removesuffix(".history.json") + ".checkpoint.json"
        copy += ".gz" if key.endswith(".gz") else ""
        content = self.blobs.get(entry)
        if (
            content is None
            or copy not in found
            or self.blobs.sha256(copy) != self.blobs.sha256(key)
        ):
            return None
        try:
            update = json.loads(content)
            if (update["kind"], update["result"]) != ("update", "succeeded"):
                return None
            config = {str(name): str(value) for name, value in update["config"].items()}
            return LastUpdate(config, datetime.fromtimestamp(update["endTime"], UTC))
        except (ValueError, LookupError, TypeError, AttributeError):
            return None  # another program's, or cut off

    def _thin_out(self, stack: StackId, newest: str) -> None:
        """Remove what is more than is kept, never the newest, whatever the clock said before."""
        found = self.blobs.versions(_history(stack))
        others = [copy for copy in _dated_copies(found) if copy != newest]
        for copy in others[self._kept_checkpoints - 1 :]:
            self.blobs.delete(copy)
            if f"{copy}.attrs" in found:  # the file backend's own attributes beside it
                self.blobs.delete(f"{copy}.attrs")

    def restore(self, stack: StackId) -> bool:
        """Put the newest copy that is whole in place of a checkpoint that is gone or damaged.

        The damaged one is kept. False where there is no such copy.
        """
        key = self.key(stack)
        copies = _dated_copies(self.blobs.versions(_history(stack)))
        for copy in (f"{key}.bak", *copies):
            content = self.blobs.get(copy)
            if content is None or not is_whole(content):
                continue
            damaged = self.blobs.get(key)
            if damaged is not None:
                moment = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
                self.blobs.put(f"{key}.damaged-{moment}", damaged)
            is_packed = content.startswith(GZIP)
            if key.endswith(".gz") != is_packed:
                content = gzip.decompress(content) if is_packed else gzip.compress(content)
            self.blobs.put(key, content)
            return True
        return False

    def _journals(self, project: str) -> Mapping[str, str]:
        return self.blobs.appended_keys(update_journal.folder_of(project))


def _with_journal(checkpoint: Checkpoint, journal: update_journal.Entries) -> Checkpoint:
    """The checkpoint and what came after it."""
    if journal.folded == checkpoint.sha256:
        return checkpoint
    version, features = 3, checkpoint.features
    if journal.base == checkpoint.sha256:
        latest, features = journal.replay(checkpoint.deployment).deployment()
    else:
        # Somebody put another state there since: what the journal began has to be looked for.
        known = {resource["urn"] for resource in checkpoint.resources}
        lost = [op for op in journal.begun() if op["resource"]["urn"] not in known]
        latest = {**checkpoint.deployment, "pending_operations": [*checkpoint.pending, *lost]}
        version = checkpoint.document["version"]
    inner = {**checkpoint.document["checkpoint"], "latest": latest}
    document = {"version": 4 if features else version, "checkpoint": inner}
    if features:
        document["features"] = list(features)
    return Checkpoint(checkpoint.sha256, document)


def open_checkpoints(runtime: SiteRuntime) -> CheckpointStore:
    """The checkpoints of a site. Raises `UsageError` for a backend that Moyai cannot read."""
    return CheckpointStore(blobs_of(runtime))


def _history(stack: StackId) -> str:
    return f".pulumi/history/{stack.project}/{stack.name}"


def _dated_copies(keys: Iterable[str]) -> list[str]:
    """The checkpoints in a history, the newest first: by time, as stacks may have been renamed."""
    dated = [(int(match[1]), key) for key in keys if (match := _COPY.search(key))]
    return [key for _, key in sorted(dated, reverse=True)]


def _encode(document: Mapping[str, Any]) -> bytes:
    return orjson.dumps(document)


def _damaged(stack: StackId, key: str) -> OperationFailed:
    return OperationFailed(
        Text(
            f"{stack} の状態ファイル {key} が壊れています。",
            f"{stack}: its checkpoint {key} is damaged.",
        ),
        touched=NOTHING_TOUCHED,
        remedy=Text(
            "moyai deploy --refresh を実行すると、写し（.bak か履歴）のうち壊れていない最新のものに"
            "戻し、現状を読み直して続けます。",
            "moyai deploy --refresh goes back to the newest copy that is whole (its .bak, or one of "
            "its history), reads what is live and goes on.",
        ),
    )
