"""Reading and repairing checkpoints in a folder."""

from __future__ import annotations

import gzip
import json
import stat
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.pace import seconds_of

from moyai.engine.stacks import MASKED, StackId
from moyai.engine.state.backends import open_blobs
from moyai.engine.state.blobs import Blobs
from moyai.engine.state.checkpoint import DamagedCheckpointError, masked, parse
from moyai.engine.state.checkpoint_store import CheckpointStore
from moyai.engine.state.folder_blobs import FolderBlobs
from moyai.errors import OperationFailed, UsageError

STACK = StackId("proj", "271004")
SECRET = {
    "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270",
    "ciphertext": "v1:abc:def",
}


def document(outputs: dict[str, Any], *more: dict[str, Any]) -> dict[str, Any]:
    root = {"urn": "urn:pulumi:s::proj::pulumi:pulumi:Stack::proj-s", "type": "pulumi:pulumi:Stack"}
    latest = {"resources": [{**root, "outputs": outputs}, *more]}
    return {"version": 3, "checkpoint": {"stack": "organization/proj/s", "latest": latest}}


def encode(value: Any) -> bytes:
    return json.dumps(value).encode()


@pytest.fixture
def store(tmp_path: Path) -> CheckpointStore:
    return CheckpointStore(FolderBlobs(tmp_path))


def test_outputs_hide_secrets_at_any_depth() -> None:
    found = parse(encode(document({"a": 1, "b": SECRET, "c": [{"d": SECRET}, "x"]}))).outputs
    assert found == {"a": 1, "b": MASKED, "c": [{"d": MASKED}, "x"]}


def test_outputs_of_a_stack_that_is_being_deleted_are_not_shown() -> None:
    doc = document({"a": 1})
    doc["checkpoint"]["latest"]["resources"][0]["delete"] = True
    assert parse(encode(doc)).outputs == {}


plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(
    st.recursive(
        st.just(SECRET) | st.text(max_size=3),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=3), inner),
    )
)
def test_no_ciphertext_passes_the_mask(value: Any) -> None:
    assert "ciphertext" not in json.dumps(masked(value))


@given(plain)
def test_a_value_without_secrets_is_kept(value: Any) -> None:
    assert masked(value) == value


@given(st.binary(max_size=200))
def test_arbitrary_bytes_are_a_checkpoint_or_damaged(content: bytes) -> None:
    with pytest.raises(DamagedCheckpointError):
        parse(content)


@given(st.integers(min_value=1))
def test_a_cut_off_checkpoint_is_damaged(cut: int) -> None:
    whole = encode(document({"a": 1}))
    with pytest.raises(DamagedCheckpointError):
        parse(whole[: -(cut % (len(whole) - 1) + 1)])


def test_compressed_checkpoints_are_read(store: CheckpointStore, tmp_path: Path) -> None:
    folder = tmp_path / ".pulumi/stacks/proj"
    folder.mkdir(parents=True)
    (folder / "271004.json.gz").write_bytes(gzip.compress(encode(document({"a": 1}))))
    assert store.outputs(STACK) == {"a": 1}
    assert store.names("proj") == ("271004",)


def test_what_is_not_there(store: CheckpointStore) -> None:
    assert store.read(STACK) is None
    assert store.outputs(STACK) == {}
    assert store.sha256(STACK) is None
    assert store.names("proj") == ()


def test_files_beside_checkpoints_are_no_stacks(store: CheckpointStore, tmp_path: Path) -> None:
    store.create(STACK)
    folder = tmp_path / ".pulumi/stacks/proj"
    for name in ("x.json.bak", "x.json.attrs", "x.pulumi-tags", "x.json.before-repair"):
        (folder / name).write_text("{}")
    assert store.names("proj") == ("271004",)


def test_a_new_stack_is_the_owners_alone(store: CheckpointStore, tmp_path: Path) -> None:
    store.create(STACK)
    made = tmp_path / ".pulumi/stacks/proj/271004.json"
    assert stat.S_IMODE(made.stat().st_mode) == 0o600
    assert store.read(STACK).resources == []  # type: ignore[union-attr]  # made above


def test_the_hash_is_of_the_bytes(store: CheckpointStore) -> None:
    store.create(STACK)
    before = store.sha256(STACK)
    store.replace(STACK, document({"a": 2}))
    after = store.read(STACK)
    assert after is not None
    assert before != store.sha256(STACK) == after.sha256


def test_a_damaged_checkpoint_says_how_to_go_back(store: CheckpointStore, tmp_path: Path) -> None:
    made = tmp_path / ".pulumi/stacks/proj/271004.json"
    store.create(STACK)
    made.with_name("271004.json.bak").write_bytes(encode(document({"a": 1})))
    made.write_bytes(b'{"version":3,"check')
    with pytest.raises(OperationFailed) as failure:
        store.read(STACK)
    assert "--refresh" in str(failure.value.remedy)
    assert store.restore(STACK)
    assert store.outputs(STACK) == {"a": 1}
    assert [p.read_bytes() for p in made.parent.glob("*.damaged-*")] == [b'{"version":3,"check']


@pytest.mark.parametrize("backup", [None, b"", b"[]"])
def test_nothing_is_restored_from_nothing(
    store: CheckpointStore, tmp_path: Path, backup: bytes | None
) -> None:
    made = tmp_path / ".pulumi/stacks/proj/271004.json"
    store.create(STACK)
    made.write_bytes(b"{")
    if backup is not None:
        made.with_name("271004.json.bak").write_bytes(backup)
    assert not store.restore(STACK)
    assert made.read_bytes() == b"{"


def test_a_repair_keeps_what_was_before(store: CheckpointStore, tmp_path: Path) -> None:
    store.create(STACK)
    before = (tmp_path / ".pulumi/stacks/proj/271004.json").read_bytes()
    store.replace(STACK, document({}))
    kept = tmp_path / ".pulumi/stacks/proj/271004.json.before-repair"
    assert kept.read_bytes() == before


def test_a_failed_write_leaves_the_old_content(tmp_path: Path, monkeypatch: Any) -> None:
    blobs = FolderBlobs(tmp_path)
    blobs.put("a/b", b"old")

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space"):
        blobs.put("a/b", b"new")
    assert blobs.get("a/b") == b"old"
    assert [p.name for p in (tmp_path / "a").iterdir()] == ["b"]


def updated(store: CheckpointStore, number: int) -> None:
    store.replace(STACK, document({"a": number}))
    store.add_history(STACK, {"kind": "update", "number": number})


def history(blobs: Blobs, ending: str) -> list[str]:
    found = blobs.versions(".pulumi/history/proj/271004")
    return sorted(key for key in found if key.endswith(ending))


def test_the_newest_checkpoints_of_the_history_stay(blobs: Blobs) -> None:
    store = CheckpointStore(blobs, kept_checkpoints=3)
    store.create(STACK)
    for number in range(5):
        updated(store, number)
    kept = [parse(blobs.get(key) or b"") for key in history(blobs, ".checkpoint.json")]
    assert [checkpoint.outputs["a"] for checkpoint in kept] == [2, 3, 4]
    told = [json.loads(blobs.get(key) or b"") for key in history(blobs, ".history.json")]
    assert [update["number"] for update in told] == [0, 1, 2, 3, 4]


def test_the_newest_is_told_by_its_time_whatever_the_stack_was_called(blobs: Blobs) -> None:
    folder = ".pulumi/history/proj/271004"
    old, older, oldest = 1_600_000_000_000_000_000, 1_500_000_000_000_000_000, 7
    for name in (f"271004-{old}", f"zzz-{older}", f"a-{oldest}"):
        copy = f"{folder}/{name}.checkpoint.json.gz"
        blobs.put(copy, gzip.compress(encode(document({"a": name}))))
        blobs.put(f"{copy}.attrs", b"{}")
        blobs.put(f"{folder}/{name}.history.json", b"{}")
    blobs.put(f"{folder}/notes.checkpoint.json", b"of a person")
    store = CheckpointStore(blobs, kept_checkpoints=2)
    store.create(STACK)
    updated(store, 1)
    assert len(history(blobs, ".history.json")) == 4
    left = {key.rpartition("/")[2] for key in history(blobs, "") if ".checkpoint." in key}
    (newest,) = left - {
        "notes.checkpoint.json",
        f"271004-{old}.checkpoint.json.gz",
        f"271004-{old}.checkpoint.json.gz.attrs",
    }
    assert newest > f"271004-{old}"
    blobs.put(".pulumi/stacks/proj/271004.json", b"{")
    assert store.restore(STACK)
    assert store.outputs(STACK) == {"a": 1}


def test_a_clock_that_was_put_back_costs_no_newest_checkpoint(blobs: Blobs) -> None:
    folder, later = ".pulumi/history/proj/271004", 4_000_000_000_000_000_000
    for moment in (later, later + 1):
        blobs.put(f"{folder}/271004-{moment}.checkpoint.json", encode(document({"a": "later"})))
    store = CheckpointStore(blobs, kept_checkpoints=2)
    store.create(STACK)
    updated(store, 1)
    kept = [parse(blobs.get(key) or b"") for key in history(blobs, ".checkpoint.json")]
    assert [checkpoint.outputs["a"] for checkpoint in kept] == [1, "later"]


def test_a_history_keeps_one_checkpoint_at_least(store: CheckpointStore) -> None:
    with pytest.raises(ValueError, match="one"):
        CheckpointStore(store.blobs, kept_checkpoints=0)


def test_fifty_checkpoints_are_kept(store: CheckpointStore) -> None:
    store.create(STACK)
    for number in range(52):
        updated(store, number)
    assert len(history(store.blobs, ".checkpoint.json")) == 50


def test_another_backend_is_refused_by_name() -> None:
    with pytest.raises(UsageError, match="gs://bucket"):
        open_blobs("gs://bucket", {})


def test_digests_take_less_than_reading_what_they_are_of(store: CheckpointStore) -> None:
    big = document({}, *({"urn": f"u{i}", "type": "t", "text": "x" * 1500} for i in range(100)))
    names = [f"{i:06}" for i in range(43)]
    for name in names:
        store.replace(StackId("proj", name), big)
    stacks = [StackId("proj", name) for name in names]
    assert len({store.sha256(stack) for stack in stacks}) == 1
    digests = seconds_of(lambda: [store.sha256(stack) for stack in stacks])
    assert digests < seconds_of(lambda: [store.read(stack) for stack in stacks])
