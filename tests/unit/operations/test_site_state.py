"""What a run that is begun and taken back leaves on record."""

from __future__ import annotations

import itertools
import os
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from moyai.engine.stacks import StackId
from moyai.engine.state.checkpoint_store import CheckpointStore
from moyai.engine.state.documents import Documents
from moyai.engine.state.folder_blobs import FolderBlobs
from moyai.engine.state.records import RecordStore, StackRecord
from moyai.errors import Refused
from moyai.operations.site import site_state
from moyai.operations.site.site_state import SiteState
from moyai.planning.conditions import Condition
from moyai.texts import same

STACK = StackId("moyai-tenant", "272027")
WHEN, LATE = datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 11, 2, tzinfo=UTC)
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


def _rewrite(blobs: FolderBlobs, by: str) -> None:
    """Have a record as another wrote it."""
    store = RecordStore(Documents(blobs))
    written = store.read(STACK)
    assert written.record is not None
    assert store.swap(written.record, written.token, by)


@pytest.mark.parametrize("before", [APPLIED, None])
def test_what_is_taken_back_is_as_it_was(blobs: FolderBlobs, before: StackRecord | None) -> None:
    state = opened(blobs)
    if before is not None:
        state.save(before)
        _rewrite(blobs, "somebody@elsewhere, process 1")
        state = opened(blobs)
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


LATER = StackRecord(STACK, {"engine": "2"}, "later", WHEN, releases={"chat": "1.1.0"})


def test_an_old_record_in_hand_puts_nothing_back(blobs: FolderBlobs) -> None:
    state, other = opened(blobs), opened(blobs)
    state.save(APPLIED)
    assert other.record(STACK) == APPLIED
    state.save(LATER)
    with pytest.raises(Refused, match="process") as caught:
        other.save(replace(APPLIED, failure=same("old")))
    assert str(os.getpid()) in caught.value.what.ja
    changed = other.change(STACK, lambda record: replace(record, failure=same("new")))
    assert changed == replace(LATER, failure=same("new"))
    assert opened(blobs).record(STACK) == other.record(STACK) == changed


def test_a_change_is_made_again_with_what_others_wrote_meanwhile(blobs: FolderBlobs) -> None:
    state, others = opened(blobs), iter("abc")
    state.save(APPLIED)

    def change(record: StackRecord) -> StackRecord:
        name = next(others, None)
        if name is not None:
            opened(blobs).change(STACK, lambda one: replace(one, facts={**one.facts, name: "1"}))
        return replace(record, moving={"chat": "1.1.0"})

    found = state.change(STACK, change)
    assert found == replace(APPLIED, facts=dict.fromkeys("abc", "1"), moving={"chat": "1.1.0"})


def test_others_that_write_without_an_end_are_told(
    blobs: FolderBlobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(site_state, "_PAUSE_SECONDS", 0.0)
    state = opened(blobs)
    state.save(APPLIED)
    numbers = itertools.count()

    def change(record: StackRecord) -> StackRecord:
        opened(blobs).change(STACK, lambda one: replace(one, facts={"n": str(next(numbers))}))
        return replace(record, moving={"chat": "1.1.0"})

    with pytest.raises(Refused, match="was rewritten by another command"):
        state.change(STACK, change)


def test_a_runs_end_keeps_what_an_upgrade_put_on_record_meanwhile(blobs: FolderBlobs) -> None:
    state = opened(blobs)
    state.save(APPLIED)
    assert state.begin(STACK)
    opened(blobs).change(STACK, lambda one: replace(one, moving={"chat": "1.1.0"}))
    found = state.end(STACK, lambda one: replace(one, applied_at=LATE, checkpoint_sha256="new"))
    assert (found.moving, found.releases) == ({"chat": "1.1.0"}, APPLIED.releases)
    assert (found.running_since, found.checkpoint_sha256) == (None, "new")


def test_an_earlier_runs_end_that_comes_late_is_not_the_last(blobs: FolderBlobs) -> None:
    early, late = opened(blobs), opened(blobs)
    early.save(APPLIED)
    assert early.begin(STACK)
    late.record(STACK)
    assert late.begin(STACK)
    last = late.end(STACK, lambda one: replace(one, applied_at=LATE, checkpoint_sha256="last"))
    assert early.end(STACK, lambda one: replace(one, checkpoint_sha256="first")) == last
    assert opened(blobs).record(STACK) == last


@pytest.mark.parametrize("gives_way_first", [True, False])
def test_one_that_gives_way_leaves_no_mark_and_takes_no_end_away(
    blobs: FolderBlobs, gives_way_first: bool
) -> None:
    running, waiting = opened(blobs), opened(blobs)
    running.save(APPLIED)
    assert running.begin(STACK)
    waiting.record(STACK)
    assert waiting.begin(STACK)
    acts = [
        lambda: waiting.take_back(STACK),
        lambda: running.end(STACK, lambda one: replace(one, checkpoint_sha256="new")),
    ]
    for act in acts if gives_way_first else reversed(acts):
        act()
    found = opened(blobs).record(STACK)
    assert (found.checkpoint_sha256, found.running_since) == ("new", None)


@pytest.mark.parametrize("content", [b"{", b"[]"])
def test_a_damaged_record_that_another_has_mended_is_not_written_over(
    blobs: FolderBlobs, content: bytes
) -> None:
    documents = Documents(blobs)
    documents.write("records/moyai-tenant/272027.json", content)
    state, other = opened(blobs), opened(blobs)
    assert state.recorded(STACK).condition is Condition.REBUILT
    assert other.recorded(STACK).condition is Condition.REBUILT
    other.save(LATER)
    assert not state.begin(STACK)
    assert state.record(STACK) == LATER
