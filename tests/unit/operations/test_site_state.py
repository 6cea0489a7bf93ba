"""What a run that is begun and taken back leaves on record."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from moyai.engine.stacks import StackId
from moyai.engine.state.checkpoint_store import CheckpointStore
from moyai.engine.state.documents import Documents
from moyai.engine.state.folder_blobs import FolderBlobs
from moyai.engine.state.records import RecordStore, StackRecord
from moyai.operations.site_state import SiteState
from moyai.planning.conditions import Condition

STACK = StackId("moyai-tenant", "272027")
WHEN = datetime(2026, 11, 1, tzinfo=UTC)
APPLIED = StackRecord(STACK, {"engine": "1"}, "hash", WHEN, releases={"chat": "1.0.0"})


@pytest.fixture
def blobs(tmp_path: Path) -> FolderBlobs:
    return FolderBlobs(tmp_path)


def opened(blobs: FolderBlobs) -> SiteState:
    return SiteState(RecordStore(Documents(blobs)), CheckpointStore(blobs), tuple)


def test_a_run_that_is_begun_is_on_record_at_once(blobs: FolderBlobs) -> None:
    state = opened(blobs)
    state.save(APPLIED)
    state.begin(STACK)
    for other in (state, opened(blobs)):
        assert other.record(STACK).running_since is not None
        assert other.recorded(STACK).condition is Condition.UNFINISHED
        assert other.record(STACK).releases == {"chat": "1.0.0"}


@pytest.mark.parametrize("before", [APPLIED, None])
def test_what_is_taken_back_is_as_it_was(blobs: FolderBlobs, before: StackRecord | None) -> None:
    state = opened(blobs)
    if before is not None:
        state.save(before)
    documents = dict(Documents(blobs).read_all("records/moyai-tenant/"))
    state.begin(STACK)
    assert dict(Documents(blobs).read_all("records/moyai-tenant/")) != documents
    state.take_back(STACK)
    assert dict(Documents(blobs).read_all("records/moyai-tenant/")) == documents
    assert state.record(STACK) == (before or StackRecord(STACK))


def test_what_was_never_begun_is_not_touched(blobs: FolderBlobs) -> None:
    state = opened(blobs)
    state.take_back(STACK)
    assert not dict(Documents(blobs).read_all("records/moyai-tenant/"))


def test_what_another_command_put_on_record_meanwhile_stays(blobs: FolderBlobs) -> None:
    state = opened(blobs)
    state.save(APPLIED)
    assert state.record(STACK) == APPLIED
    moved = StackRecord(STACK, {"engine": "2"}, "other", WHEN)
    opened(blobs).save(moved)
    assert not state.begin(STACK)
    assert state.record(STACK) == moved
    state.take_back(STACK)
    assert opened(blobs).record(STACK) == moved
    assert state.begin(STACK)
    last = StackRecord(STACK, {"engine": "3"}, "third", WHEN)
    opened(blobs).save(last)
    state.take_back(STACK)
    assert opened(blobs).record(STACK) == last
    assert state.record(STACK) == last


@pytest.mark.parametrize("content", [b"{", b"[]"])
def test_a_damaged_record_is_put_aside_and_not_taken_for_none(
    blobs: FolderBlobs, content: bytes
) -> None:
    documents = Documents(blobs)
    documents.write("records/moyai-tenant/272027.json", content)
    state = opened(blobs)
    assert state.recorded(STACK).condition is Condition.REBUILT
    state.begin(STACK)
    state.take_back(STACK)
    assert state.recorded(STACK).condition is Condition.REBUILT
    assert content in dict(documents.read_all("records/moyai-tenant/")).values()
