"""Journals of updates on disk: what is acknowledged is kept, whatever is cut off."""

from __future__ import annotations

import gzip
import json
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moyai.engine.stacks import StackId
from moyai.engine.state import update_journal
from moyai.engine.state.checkpoint_store import CheckpointStore
from moyai.engine.state.folder_blobs import FolderBlobs
from moyai.engine.state.journal_replay import Kind, Replay, UnknownEntryError
from moyai.errors import OperationFailed

STACK = StackId("proj", "271004")
ENGINE = "v3.259.0"


def state(name: str, **more: Any) -> dict[str, Any]:
    return {"urn": f"urn:pulumi:271004::proj::t::{name}", "type": "t", "custom": True, **more}


def create(number: int, name: str, *, ends: bool = True) -> list[dict[str, Any]]:
    operation = {"resource": state(name), "type": "creating"}
    begin = {"kind": Kind.BEGIN, "operationID": number, "operation": operation}
    end = {"kind": Kind.SUCCESS, "operationID": number, "state": state(name, id=name)}
    entries = [begin, end] if ends else [begin]
    return [
        {"version": 1, "sequenceID": 2 * number + i, "removeOld": None, "removeNew": None, **entry}
        for i, entry in enumerate(entries)
    ]


def batch(*entries: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return list(entries)


def names(store: CheckpointStore) -> list[str]:
    checkpoint = store.read(STACK)
    assert checkpoint is not None
    return [resource["id"] for resource in checkpoint.resources]


@pytest.fixture
def store(tmp_path: Path) -> CheckpointStore:
    store = CheckpointStore(FolderBlobs(tmp_path))
    store.create(STACK)
    return store


def test_reading_puts_checkpoint_and_journal_together(store: CheckpointStore) -> None:
    journal = store.journal(STACK, ENGINE)
    alone = store.sha256(STACK)
    assert journal.entries() is None
    assert not store.is_open(STACK)
    journal.take(batch(*create(1, "x"), *create(2, "y", ends=False)))
    checkpoint = store.read(STACK)
    assert checkpoint is not None
    assert names(store) == ["x"]
    assert [p["resource"]["urn"][-1] for p in checkpoint.pending] == ["y"]
    assert store.is_open(STACK)
    assert store.sha256(STACK) != alone == checkpoint.sha256


@pytest.mark.parametrize("known", [True, False])
def test_folding_ends_it(store: CheckpointStore, tmp_path: Path, known: bool) -> None:
    journal = store.journal(STACK, ENGINE)
    journal.take(batch(*create(1, "x")))
    folded = store.fold(STACK, journal if known else None)
    assert folded == store.read(STACK)
    assert names(store) == ["x"]
    assert not store.is_open(STACK)
    assert not list((tmp_path / ".moyai/journal/proj").iterdir())
    kept = tmp_path / ".pulumi/stacks/proj/271004.json"
    assert kept.read_bytes() == kept.with_name("271004.json.bak").read_bytes()
    assert folded is not None
    assert folded.sha256 == store.sha256(STACK)
    assert store.fold(STACK, store.journal(STACK, ENGINE)) is None


@pytest.mark.parametrize("cut", ["marked", "copied", "replaced"])
def test_folding_that_was_cut_off_is_ended(store: CheckpointStore, cut: str) -> None:
    store.journal(STACK, ENGINE).take(batch(*create(1, "x")))
    blobs, puts = store.blobs, []
    allowed = {"marked": 0, "copied": 1, "replaced": 2}[cut]

    class CutOffError(Exception):
        pass

    class Cutting(FolderBlobs):
        def put(self, key: str, content: bytes) -> None:
            if len(puts) == allowed:
                raise CutOffError
            puts.append(key)
            super().put(key, content)

        def forget(self, key: str) -> None:
            raise CutOffError

    assert isinstance(blobs, FolderBlobs)
    with pytest.raises(CutOffError):
        CheckpointStore(Cutting(blobs.root)).fold(STACK)
    assert names(store) == ["x"]
    assert store.is_open(STACK)
    store.fold(STACK)
    assert names(store) == ["x"]
    assert not store.is_open(STACK)


def test_a_batch_that_was_cut_off_had_no_answer(store: CheckpointStore, tmp_path: Path) -> None:
    journal = store.journal(STACK, ENGINE)
    journal.take(batch(*create(1, "x")))
    path = tmp_path / update_journal.key_of(STACK)
    whole = path.read_bytes()
    journal.take(batch(*create(2, "y")))
    with_both = path.read_bytes()
    for length in range(len(whole), len(with_both) - 1):
        path.write_bytes(with_both[:length])
        assert names(store) == ["x"]
    path.write_bytes(b'{"base": "')
    assert names(store) == []
    store.fold(STACK)
    assert not path.exists()


@pytest.mark.parametrize("line", [b"", b"{", b"5", b"[]", b"{}", b"\x00\x00", b"\xff"])
def test_a_journal_damaged_before_its_end_is_told(
    store: CheckpointStore, tmp_path: Path, line: bytes
) -> None:
    store.journal(STACK, ENGINE).take(batch(*create(1, "x")))
    path = tmp_path / update_journal.key_of(STACK)
    _, _, rest = path.read_bytes().partition(b"\n")
    path.write_bytes(line + b"\n" + rest)
    for reading in (store.read, store.fold):
        with pytest.raises(OperationFailed, match="journal of an update") as caught:
            reading(STACK)
        assert "--refresh" in str(caught.value.remedy)
    assert path.exists()


def test_a_checkpoint_that_was_changed_meanwhile(store: CheckpointStore) -> None:
    store.journal(STACK, ENGINE).take(batch(*create(1, "x"), *create(2, "y")))
    latest = {"resources": [state("x", id="x")]}
    store.replace(STACK, {"version": 3, "checkpoint": {"stack": "s", "latest": latest}})
    checkpoint = store.read(STACK)
    assert checkpoint is not None
    assert names(store) == ["x"]
    assert [p["resource"]["urn"][-1] for p in checkpoint.pending] == ["y"]


def test_a_new_journal_replaces_the_old_one(store: CheckpointStore) -> None:
    store.journal(STACK, ENGINE).take(batch(*create(1, "x")))
    store.journal(STACK, ENGINE).take(batch(*create(1, "y")))
    assert names(store) == ["y"]


def test_it_is_the_owners_alone(store: CheckpointStore, tmp_path: Path) -> None:
    store.journal(STACK, ENGINE).take(batch(*create(1, "x")))
    path = tmp_path / update_journal.key_of(STACK)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_an_engine_of_another_kind_is_told(store: CheckpointStore) -> None:
    entry = {**create(1, "x")[0], "kind": 99}
    store.journal(STACK, ENGINE).take(batch(entry))
    with pytest.raises(OperationFailed):
        store.read(STACK)
    with pytest.raises(UnknownEntryError):
        Replay({}, ENGINE).add(entry)


def test_of_a_checkpoint_in_gzip(tmp_path: Path) -> None:
    blobs = FolderBlobs(tmp_path)
    store = CheckpointStore(blobs)
    store.create(STACK)
    plain = tmp_path / ".pulumi/stacks/proj/271004.json"
    plain.with_name("271004.json.gz").write_bytes(gzip.compress(plain.read_bytes()))
    plain.unlink()
    store.journal(STACK, ENGINE).take(batch(*create(1, "x")))
    store.fold(STACK)
    assert names(store) == ["x"]
    assert not plain.exists()


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.booleans()), max_size=8), st.data())
def test_sending_again_changes_nothing(steps: list[tuple[str, bool]], data: st.DataObject) -> None:
    entries = [
        entry
        for number, (name, ends) in enumerate(steps, 1)
        for entry in create(number, name, ends=ends)
    ]
    again = data.draw(st.lists(st.sampled_from(entries), max_size=4)) if entries else []
    once, twice = Replay({}, ENGINE), Replay({}, ENGINE)
    for entry in entries:
        once.add(entry)
    for entry in [*entries, *again]:
        twice.add(entry)
    (one, _), (two, _) = once.deployment(), twice.deployment()
    for made in (one, two):
        del made["manifest"]["time"]
    assert one == two
    assert len(one["resources"]) == sum(ends for _, ends in steps)
    assert len(one.get("pending_operations", [])) == sum(not ends for _, ends in steps)


def test_what_it_goes_on_from_is_not_changed() -> None:
    base = {"resources": [state("x", id="x")], "pending_operations": []}
    before = json.dumps(base)
    replay = Replay(base, ENGINE)
    replay.add({**create(1, "y")[1], "deleteOld": 0})
    made, _ = replay.deployment()
    assert [r.get("delete") for r in made["resources"]] == [None, True]
    assert json.dumps(base) == before


def test_features_are_named() -> None:
    replay = Replay({"resources": [state("x", id="x", taint=True)]}, ENGINE)
    replay.add({**create(1, "y")[1], "requiresByteString": True})
    assert replay.deployment()[1] == ("byteString", "taint")
