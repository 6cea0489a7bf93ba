"""The journal of a stack's update beside its checkpoint: on disk before the engine goes on.

It is `.moyai/journal/<project>/<stack>.jsonl` in a folder, and objects with that name and a number
behind it in a bucket. The first line says which checkpoint it goes on from, each other one is a
batch of entries as the engine sent it (secrets are ciphertexts). It is folded into the checkpoint
when the engine has ended, and is there only while an update runs, or where one was cut off.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from moyai.engine.stacks import StackId
from moyai.engine.state.blobs import Blobs
from moyai.engine.state.journal_replay import Replay
from moyai.errors import NOTHING_TOUCHED, OperationFailed
from moyai.texts import Text

_FOLDER = ".moyai/journal"


@dataclass(frozen=True, slots=True)
class Entries:
    """What is in a journal."""

    base: str
    """SHA-256 of the checkpoint that it goes on from."""
    engine: str
    """The engine's version, as in `v3.259.0`."""
    folded: str | None
    """SHA-256 of the checkpoint that it was to become when it was folded."""
    entries: tuple[Mapping[str, Any], ...] = field(repr=False)

    def replay(self, deployment: Mapping[str, Any]) -> Replay:
        """The deployment that it goes on from, with all entries."""
        replay = Replay(deployment, self.engine)
        for entry in self.entries:
            replay.add(entry)
        return replay

    def begun(self) -> tuple[Mapping[str, Any], ...]:
        """Every create that was begun (`apitype.OperationV2`), however it ended."""
        operations = (entry.get("operation") for entry in self.entries)
        return tuple(op for op in operations if op is not None and op["type"] == "creating")


def folder_of(project: str) -> str:
    """The key under which a project's journals are."""
    return f"{_FOLDER}/{project}"


def key_of(stack: StackId) -> str:
    """The key of a stack's journal."""
    return f"{folder_of(stack.project)}/{stack.name}.jsonl"


class UpdateJournal:
    """One update's journal while it is written."""

    def __init__(self, blobs: Blobs, stack: StackId, base: str, engine: str) -> None:
        """Nothing is written before the first batch. `base`: SHA-256 of the checkpoint."""
        self._blobs = blobs
        self._key = key_of(stack)
        self._base, self._engine = base, engine
        self._parts = 0
        self._entries: list[Mapping[str, Any]] = []

    def entries(self) -> Entries | None:
        """What was kept so far, without reading it again; None where the engine sent nothing."""
        if self._parts == 0:
            return None
        return Entries(self._base, self._engine, None, tuple(self._entries))

    def take(self, entries: list[Mapping[str, Any]]) -> None:
        """Keep a batch of entries. When it returns, the batch survives everything.

        Raises `OSError` or `MoyaiError` where it cannot be kept.
        """
        head = _line({"base": self._base, "engine": self._engine}) if self._parts == 0 else b""
        self._blobs.append(self._key, self._parts, head + _line({"entries": entries}))
        self._parts += 1
        self._entries += entries


def read(blobs: Blobs, stack: StackId) -> Entries | None:
    """The journal of a stack, or None where there is none.

    A last line that was cut off is none: the engine had no answer to it, and did not go on. Raises
    `OperationFailed` for one that is damaged before its end.
    """
    content = blobs.appended(key_of(stack))
    if content is None:
        return None
    try:
        lines = [_read_line(line) for line in content.split(b"\n")[:-1]]
        if lines:
            lines[0]["base"], lines[0]["engine"]
    except (ValueError, LookupError) as error:
        raise _damaged(key_of(stack)) from error
    if not lines:
        return None
    folded = [line["folded"] for line in lines if "folded" in line]
    entries = tuple(entry for line in lines for entry in line.get("entries") or ())
    return Entries(lines[0]["base"], lines[0]["engine"], folded[-1] if folded else None, entries)


def mark(blobs: Blobs, stack: StackId, folded: str) -> None:
    """Say which checkpoint the journal is about to become."""
    blobs.append(key_of(stack), _LAST, _line({"folded": folded}))


def forget(blobs: Blobs, stack: StackId) -> None:
    """Take the journal away."""
    blobs.forget(key_of(stack))


_LAST = 99_999_999


def _line(document: Mapping[str, Any]) -> bytes:
    return orjson.dumps(document, option=orjson.OPT_APPEND_NEWLINE)


def _read_line(line: bytes) -> dict[str, Any]:
    found = orjson.loads(line)
    if not isinstance(found, dict):
        raise ValueError("no line of a journal")
    return found


def _damaged(key: str) -> OperationFailed:
    return OperationFailed(
        Text(f"更新の記録 {key} が壊れています。", f"the journal of an update, {key}, is damaged."),
        touched=NOTHING_TOUCHED,
        remedy=Text(
            "そのファイルを別の場所に移し、moyai deploy --refresh で現状を読み直してください。途中だった"
            "作成が残っていれば、そのファイルに名前があります。",
            "Move that file away and read what is live with moyai deploy --refresh; creates that it "
            "may have left behind are named in it.",
        ),
    )
