"""A ledger's files in a folder and in a bucket of moto's server: one manifest, one writer."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from decimal import Decimal
from pathlib import Path

import boto3
import pytest
from moto.server import ThreadedMotoServer
from tests.unit.costs.ledgers import csv_file, focus_row, put

from moyai.costs.ledger.ledger import Ledger
from moyai.costs.ledger.query import group_rows
from moyai.costs.ledger.store import Store
from moyai.costs.periods import Period
from moyai.engine.state.holders import myself
from moyai.engine.state.ledger_bucket import LedgerBucket
from moyai.engine.state.ledger_folder import LedgerFolder
from moyai.engine.state.ledger_stores import open_ledger_store
from moyai.errors import OperationFailed, Refused, UsageError

SEPTEMBER = Period(2024, 9)


@dataclass(frozen=True)
class FilingRuntime:
    """What of a site's runtime its ledger needs."""

    state_backend: str
    home: Path

    def environment(self) -> dict[str, str]:
        return {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def bucket(server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LedgerBucket:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    client = boto3.client("s3", endpoint_url=server, region_name="us-east-1")
    name = f"ledger-{tmp_path.name.replace('_', '-').lower()}"[:60].rstrip("-")
    client.create_bucket(Bucket=name)
    return LedgerBucket(client, name, "state/.moyai/costs/", tmp_path / "cache")


@pytest.fixture(params=["folder", "bucket"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    if request.param == "folder":
        return LedgerFolder(tmp_path / "ledger")
    found: Store = request.getfixturevalue("bucket")
    return found


def moved(store: Store, content: bytes) -> Path:
    path = store.work / "query-x"
    path.write_bytes(content)
    return path


def test_a_manifest_is_replaced_only_as_it_was_read(store: Store) -> None:
    assert store.read("manifest.json") is None
    assert store.swap("manifest.json", b"1", None)
    assert not store.swap("manifest.json", b"2", None)
    first = store.read("manifest.json")
    assert first is not None
    assert store.swap("manifest.json", b"2", first[1])
    assert not store.swap("manifest.json", b"3", first[1])
    now = store.read("manifest.json")
    assert now is not None
    assert now[0] == b"2"


def test_files_by_hash(store: Store) -> None:
    digest = hashlib.sha256(b"content").hexdigest()
    key = f"rows/{digest}.parquet"
    store.put_file(key, moved(store, b"content"))
    assert set(store.versions("rows")) == {key}
    assert store.local(key, digest).read_bytes() == b"content"
    store.delete(key)
    assert store.versions("rows") == {}


def test_a_file_is_looked_at_without_a_copy(store: Store) -> None:
    digest = hashlib.sha256(b"content").hexdigest()
    assert not store.holds(f"sources/{digest}", digest)
    store.put_file(f"sources/{digest}", moved(store, b"content"))
    store.put_file("sources/other", moved(store, b"changed"))
    assert store.holds(f"sources/{digest}", digest)
    assert not store.holds("sources/other", digest)
    if isinstance(store, LedgerBucket):
        assert not (store.work.parent / "sources").exists()


def test_a_missing_file_is_named(store: Store) -> None:
    with pytest.raises(OperationFailed, match="is missing or damaged"):
        store.local("rows/0.parquet", "0" * 64)


def test_another_content_than_the_hash_says_is_refused(bucket: LedgerBucket) -> None:
    digest = hashlib.sha256(b"content").hexdigest()
    bucket.put_file("sources/a", moved(bucket, b"changed"))
    with pytest.raises(OperationFailed, match="is missing or damaged"):
        bucket.local("sources/a", digest)
    assert not (bucket.work.parent / "sources/a").exists()


def test_another_machine_fetches_rows_once(bucket: LedgerBucket, tmp_path: Path) -> None:
    put(Ledger(bucket), csv_file(tmp_path / "a.csv", [focus_row("1.5")]))
    other = LedgerBucket(bucket._client, bucket._bucket, bucket._prefix, tmp_path / "other")
    for _ in range(2):
        (group,) = group_rows(other, Ledger(other).basis(SEPTEMBER), [])
        assert group.amount == Decimal("1.5")
        for key in bucket.versions("rows"):
            bucket.delete(key)


def test_a_sites_ledger_is_below_its_state(
    server: str, bucket: LedgerBucket, tmp_path: Path
) -> None:
    query = f"region=us-east-1&endpoint={server}&use_path_style=true"
    url = f"s3://{bucket._bucket}/state?{query}"
    found = open_ledger_store(FilingRuntime(url, tmp_path / "home"))
    put(Ledger(bucket), csv_file(tmp_path / "a.csv", [focus_row("1.5")]))
    assert list(Ledger(found).basis(SEPTEMBER).sources) == ["a.csv"]
    assert found.work.is_relative_to(tmp_path / "home")
    folder = open_ledger_store(FilingRuntime(f"file://{tmp_path}/state", tmp_path / "home"))
    assert folder.work == tmp_path / "state/.moyai/costs/work"
    with pytest.raises(UsageError, match="cannot be used"):
        open_ledger_store(FilingRuntime("gs://bucket", tmp_path))


def test_files_and_sums_are_alike(store: Store, tmp_path: Path) -> None:
    ledger = Ledger(store)
    put(ledger, csv_file(tmp_path / "a.csv", [focus_row("1.5"), focus_row("-0.25")]))
    (group,) = group_rows(store, ledger.basis(SEPTEMBER), [])
    assert group.amount == Decimal("1.25")


def test_the_second_writer_is_refused_by_the_firsts_name(store: Store) -> None:
    with store.writer("moyai cost import", 0):
        began = time.monotonic()
        with pytest.raises(Refused) as refused, store.writer("other", 0.3):
            pass
        assert time.monotonic() - began >= 0.3
    assert f"process {os.getpid()} (moyai cost import" in refused.value.what.en
    with store.writer("third", 0):
        pass


def test_a_lock_of_a_dead_process_is_taken_over(bucket: LedgerBucket) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    dead = json.dumps(asdict(myself(ended.pid, "moyai cost import"))).encode()
    assert bucket.swap("lock", dead, None)
    with bucket.writer("next", 0):
        pass
    assert bucket.read("lock") is None


def test_a_lock_of_another_host_is_not(bucket: LedgerBucket) -> None:
    other = replace(myself(1, "moyai cost import"), host="elsewhere")
    assert bucket.swap("lock", json.dumps(asdict(other)).encode(), None)
    with pytest.raises(Refused) as refused, bucket.writer("next", 0):
        pass
    assert "elsewhere" in refused.value.what.ja
    assert "deleting s3://" in str(refused.value.remedy)


def test_a_manifest_that_another_changed_is_not_overwritten(
    bucket: LedgerBucket, tmp_path: Path
) -> None:
    ledger = Ledger(bucket)
    put(ledger, csv_file(tmp_path / "a.csv", [focus_row("1")]))
    with ledger.writing("mine") as writer:
        found = bucket.read("manifest.json")
        assert found is not None
        assert bucket.swap("manifest.json", found[0] + b"\n", found[1])
        with pytest.raises(Refused, match="another command changed the cost ledger"):
            writer.commit(writer.manifest)


def aged(path: Path) -> Path:
    os.utime(path, (0, 0))
    return path


def test_copies_that_no_manifest_names_are_let_go_of_after_a_day(
    bucket: LedgerBucket, tmp_path: Path
) -> None:
    ledger = Ledger(bucket)
    put(ledger, csv_file(tmp_path / "a.csv", [focus_row("1.5")]))
    cache = tmp_path / "cache"
    [named] = (cache / "rows").iterdir()
    aged(named)
    left = [cache / "rows" / "young", cache / "rows" / "old", cache / "closings" / "old.json"]
    for path in left:
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"x")
    for path in left[1:]:
        aged(path)
    ledger.manifest()
    assert [path.exists() for path in (named, *left)] == [True, True, False, False]
    (group,) = group_rows(bucket, ledger.basis(SEPTEMBER), [])
    assert group.amount == Decimal("1.5")


def test_a_file_that_a_killed_query_left_is_swept_after_a_day(store: Store) -> None:
    young, old = store.work / "query-young", store.work / "query-old"
    for path in (young, old):
        path.write_bytes(b"x")
    aged(old)
    with Ledger(store).writing("test"):
        assert (young.exists(), old.exists()) == (True, False)


def test_what_a_killed_writer_left_is_swept_by_the_next(store: Store, tmp_path: Path) -> None:
    ledger = Ledger(store)
    put(ledger, csv_file(tmp_path / "a.csv", [focus_row("1")]))
    named = {*store.versions("rows"), *store.versions("sources")}
    for key in ("rows/0.parquet", "sources/0"):
        store.put_file(key, moved(store, b"half"))
    (store.work / "import-x").mkdir()
    put(ledger, csv_file(tmp_path / "a.csv", [focus_row("1")]))
    assert {*store.versions("rows"), *store.versions("sources")} == named
    assert not (store.work / "import-x").exists()
