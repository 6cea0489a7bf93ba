"""What folders and buckets have in common, and in what they differ."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from moyai.engine.state import bucket_blobs, folder_blobs
from moyai.engine.state.blobs import Blobs
from moyai.engine.state.bucket_blobs import BucketBlobs
from moyai.engine.state.folder_blobs import FolderBlobs
from moyai.errors import OperationFailed


def test_one_key(blobs: Blobs) -> None:
    assert blobs.get("a/b") is None
    blobs.put("a/b", b"1")
    assert blobs.is_there("a/b")
    assert blobs.sha256("a/b") == hashlib.sha256(b"1").hexdigest()
    assert not blobs.is_there("a/c")
    assert blobs.sha256("a/c") is None
    blobs.delete("a/b")
    blobs.delete("a/b")
    assert blobs.get("a/b") is None


def test_a_folder_of_keys(blobs: Blobs) -> None:
    for key in ("a/1", "a/2", "a/b/3", "ab/4"):
        blobs.put(key, key.encode())
    assert set(blobs.versions("a")) == {"a/1", "a/2"}
    assert blobs.get_all("a") == {"a/1": b"a/1", "a/2": b"a/2"}
    assert blobs.versions("none") == {}


def test_versions_tell_of_another_content(blobs: Blobs) -> None:
    blobs.put("a/1", b"x")
    before = dict(blobs.versions("a"))
    blobs.put("a/1", b"y")
    assert blobs.versions("a") != before


def test_what_is_appended(blobs: Blobs) -> None:
    for number, part in enumerate((b"x", b"y", b"z")):
        blobs.append("a/1", number, part)
    blobs.append("a/2", 0, b"-")
    assert blobs.appended("a/1") == b"xyz"
    assert set(blobs.appended_keys("a")) == {"a/1", "a/2"}
    blobs.append("a/1", 0, b"anew")
    assert blobs.appended("a/1") == b"anew"
    blobs.forget("a/1")
    assert blobs.appended("a/1") is None


def test_a_folder_is_looked_at_each_time(tmp_path: Path) -> None:
    blobs = FolderBlobs(tmp_path)
    for content in (b"1", b"2"):
        blobs.put("a/1", content)
        assert blobs.sha256("a/1") == hashlib.sha256(content).hexdigest()
    blobs.delete("a/1")
    assert not blobs.is_there("a/1")
    assert blobs.disk.is_relative_to(tmp_path)


def test_a_bucket_is_listed_once_for_many_keys(
    bucket: BucketBlobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [1.0]
    monkeypatch.setattr(bucket_blobs.time, "monotonic", lambda: now[0])
    for number in range(3):
        bucket.put(f"a/{number}", b"1")
    listed, read, versions, get = [], [], bucket.versions, bucket.get
    monkeypatch.setattr(
        bucket, "versions", lambda folder: listed.append(folder) or versions(folder)
    )
    monkeypatch.setattr(bucket, "get", lambda key: read.append(key) or get(key))
    for _ in range(2):
        assert len({bucket.sha256(f"a/{number}") for number in range(3)}) == 1
    assert (listed, read) == (["a"], ["a/0", "a/1", "a/2"])
    bucket.put("a/1", b"2")
    now[0] += 5.1
    assert bucket.sha256("a/1") == hashlib.sha256(b"2").hexdigest()
    assert bucket.sha256("a/2") == hashlib.sha256(b"1").hexdigest()
    assert (listed, read) == (["a", "a"], ["a/0", "a/1", "a/2", "a/1"])
    assert bucket.disk is None


def test_a_key_is_swapped_only_by_who_read_what_is_there(blobs: Blobs) -> None:
    assert blobs.read("a/1") is None
    assert not blobs.swap("a/1", b"1", "a token of something")
    assert blobs.swap("a/1", b"1", None)
    assert not blobs.swap("a/1", b"other", None)
    first = blobs.read("a/1")
    assert first is not None
    assert blobs.swap("a/1", b"2", first[1])
    assert not blobs.swap("a/1", b"late", first[1])
    assert not blobs.swap("a/1", None, first[1])
    assert blobs.get("a/1") == b"2"
    second = blobs.read("a/1")
    assert second is not None
    assert blobs.swap("a/1", None, second[1])
    assert blobs.get("a/1") is None
    assert not blobs.swap("a/1", b"3", second[1])
    assert not blobs.swap("a/1", None, second[1])


def test_a_frozen_process_holds_others_up_for_a_while_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folder_blobs, "_LOCK_SECONDS", 0.1)
    blobs = FolderBlobs(tmp_path)
    assert blobs.swap("a/1", b"1", None)
    with blobs._alone("a/1"), pytest.raises(OperationFailed, match="does not end"):
        FolderBlobs(tmp_path).swap("a/1", b"2", None)
    assert blobs.swap("a/2", b"1", None)
