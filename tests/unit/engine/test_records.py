"""Records of stacks beside their checkpoints."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.pace import seconds_of

from moyai.engine.stacks import StackId
from moyai.engine.state.documents import Documents
from moyai.engine.state.folder_blobs import FolderBlobs
from moyai.engine.state.records import RecordStore, StackRecord
from moyai.errors import OperationFailed
from moyai.texts import Text, same

STACK = StackId("moyai-tenant", "271004")
MOMENTS = st.none() | st.datetimes(timezones=st.just(UTC))
TEXTS = st.dictionaries(st.text(), st.text())


@pytest.fixture
def store(tmp_path: Path) -> RecordStore:
    return RecordStore(Documents(FolderBlobs(tmp_path)))


def put(store: RecordStore, record: StackRecord) -> None:
    """In place of whatever is there."""
    assert store.swap(record, store.read(record.stack).token)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
@given(
    st.builds(
        StackRecord,
        stack=st.just(STACK),
        fingerprint=TEXTS,
        checkpoint_sha256=st.none() | st.text(),
        applied_at=MOMENTS,
        verified_at=MOMENTS,
        failure=st.none() | st.builds(Text, st.text(), st.text()),
        running_since=MOMENTS,
        releases=TEXTS,
        facts=TEXTS,
    )
)
def test_a_record_comes_back_as_it_was(store: RecordStore, record: StackRecord) -> None:
    put(store, record)
    assert store.load(STACK) == record
    assert store.load_all("moyai-tenant") == ({"271004": record}, frozenset())


def test_none_is_an_empty_one(store: RecordStore) -> None:
    assert store.load(STACK) == StackRecord(STACK)
    assert store.load_all("moyai-tenant") == ({}, frozenset())
    store.forget(STACK, store.read(STACK).token)


def test_projects_are_apart(store: RecordStore) -> None:
    put(store, StackRecord(STACK))
    put(store, StackRecord(StackId("moyai-foundation", "shared")))
    assert set(store.load_all("moyai-foundation")[0]) == {"shared"}
    store.forget(STACK, store.read(STACK).token)
    assert store.load_all("moyai-tenant") == ({}, frozenset())


def test_a_failure_on_record_in_one_language_is_still_told(
    store: RecordStore, tmp_path: Path
) -> None:
    put(store, StackRecord(STACK, failure=Text("空きがない", "the disk is full")))
    path = tmp_path / ".moyai/records/moyai-tenant/271004.json"
    document = json.loads(path.read_text())
    path.write_text(json.dumps({**document, "failure": "the disk is full"}))
    assert store.load(STACK).failure == same("the disk is full")


def test_a_damaged_record_is_named_and_put_aside(store: RecordStore, tmp_path: Path) -> None:
    other = StackId("moyai-tenant", "272027")
    for stack in (STACK, other):
        put(store, StackRecord(stack))
    (tmp_path / ".moyai/records/moyai-tenant/271004.json").write_text("{")
    with pytest.raises(OperationFailed, match=r"records/moyai-tenant/271004\.json"):
        store.load(STACK)
    assert store.load_all("moyai-tenant") == ({"272027": StackRecord(other)}, {"271004"})
    store.put_aside(STACK)
    put(store, StackRecord(STACK))
    assert set(store.load_all("moyai-tenant")[0]) == {"271004", "272027"}
    (aside,) = (tmp_path / ".moyai/records/moyai-tenant").glob("*.damaged-*")
    assert aside.read_text() == "{"


@pytest.mark.parametrize("bodies", [43, 1741])
def test_reading_all_takes_little_more_than_reading_their_json(
    store: RecordStore, tmp_path: Path, bodies: int
) -> None:
    parts = {f"subscription:service-{n}": "0123456789abcdef" for n in range(40)}
    record = StackRecord(STACK, parts, "0" * 64, datetime.now(UTC), releases={"chat": "1.0.0"})
    put(store, record)
    folder = tmp_path / ".moyai/records/moyai-tenant"
    sample = (folder / "271004.json").read_text()
    for number in range(bodies):
        name = f"{number:06}"
        (folder / f"{name}.json").write_text(sample.replace("271004", name))
    (folder / "271004.json").unlink()
    plain = seconds_of(lambda: [json.loads(one.read_bytes()) for one in folder.iterdir()])
    assert seconds_of(lambda: store.load_all("moyai-tenant")) < 10 * plain
    found, _ = store.load_all("moyai-tenant")
    assert len(found) == bodies
    assert found["000001"] == replace(record, stack=StackId("moyai-tenant", "000001"))
