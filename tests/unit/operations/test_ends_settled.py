"""The end of a run whose process died before its record: taken from the stack's history, or not at all."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from moyai.canonical_json import sha256_of
from moyai.engine.stacks import StackId
from moyai.engine.state.checkpoint_store import CheckpointStore
from moyai.engine.state.documents import Documents
from moyai.engine.state.folder_blobs import FolderBlobs
from moyai.engine.state.records import RecordStore, StackRecord
from moyai.operations.site.site_state import PLANNED, SiteState
from moyai.planning.conditions import Condition

STACK = StackId("moyai-tenant", "272027")
WHEN = datetime(2026, 11, 1, tzinfo=UTC)
BUILT = {"engine": "2", "tenant": "abc"}
SHA256 = sha256_of(BUILT)


class Desk:
    """A stack whose run was begun, and its checkpoint."""

    def __init__(self, folder: Path) -> None:
        self.blobs = FolderBlobs(folder)
        self.checkpoints = CheckpointStore(self.blobs)
        self.checkpoints.create(STACK)
        sha256 = self.checkpoints.sha256(STACK)
        self.opened().save(
            StackRecord(STACK, {"engine": "1"}, sha256, WHEN, releases={"chat": "1.0.0"})
        )
        assert self.opened().begin(STACK)
        self.document: dict[str, Any] = {
            "version": 3,
            "checkpoint": {"stack": "built", "latest": {"resources": []}},
        }

    def opened(self) -> SiteState:
        return SiteState(RecordStore(Documents(self.blobs)), self.checkpoints, tuple)

    def engine_ends(self, **given: Any) -> None:
        """The engine writes its checkpoint and the history."""
        self.checkpoints.replace(STACK, self.document)
        update = {
            "kind": "update",
            "result": "succeeded",
            "config": {PLANNED: json.dumps(BUILT)},
            "endTime": int(datetime.now(UTC).timestamp()),
        }
        self.checkpoints.add_history(STACK, {**update, **given})


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_an_end_that_the_history_proves_goes_on_record(desk: Desk) -> None:
    desk.engine_ends()
    assert desk.opened().settle(STACK, SHA256)
    record = desk.opened().record(STACK)
    assert (record.fingerprint, record.running_since) == (BUILT, None)
    assert record.releases == {"chat": "1.0.0"}
    assert desk.opened().recorded(STACK).condition is Condition.APPLIED
    assert not desk.opened().settle(STACK, SHA256), "there is nothing left to settle"


def _changed_since(desk: Desk) -> None:
    desk.engine_ends()
    desk.document["checkpoint"]["stack"] = "another"
    desk.checkpoints.replace(STACK, desk.document)


_OTHERS: dict[str, Callable[[Desk], None]] = {
    "no run has ended": lambda desk: None,
    "it failed": lambda desk: desk.engine_ends(result="failed"),
    "it was a refresh": lambda desk: desk.engine_ends(kind="refresh"),
    "it does not say by what": lambda desk: desk.engine_ends(config={}),
    "what it says is cut off": lambda desk: desk.engine_ends(config={PLANNED: '{"engine"'}),
    "it was another plan's": lambda desk: desk.engine_ends(config={PLANNED: '{"engine":"3"}'}),
    "it is the run's before": lambda desk: desk.engine_ends(
        endTime=int((datetime.now(UTC) - timedelta(hours=1)).timestamp())
    ),
    "the checkpoint was changed since": _changed_since,
}


@pytest.mark.parametrize("then", _OTHERS.values(), ids=_OTHERS.keys())
def test_what_the_history_does_not_prove_stays_open(
    desk: Desk, then: Callable[[Desk], None]
) -> None:
    then(desk)
    before = desk.opened().record(STACK)
    assert not desk.opened().settle(STACK, SHA256)
    assert desk.opened().record(STACK) == before
    assert desk.opened().recorded(STACK).condition is Condition.UNFINISHED


def test_a_run_that_has_begun_since_keeps_its_mark(desk: Desk) -> None:
    desk.engine_ends(endTime=int((datetime.now(UTC) - timedelta(seconds=5)).timestamp()))
    assert not desk.opened().settle(STACK, SHA256)
    assert desk.opened().record(STACK).running_since is not None
