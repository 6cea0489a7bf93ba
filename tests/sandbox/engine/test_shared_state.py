"""State in a bucket and secrets under a key, as on AWS: both of the embedded cloud."""

from __future__ import annotations

import json
import subprocess
import sys
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from filing_site import FilingSite, files, only, results, run_of

from moyai.engine.driver.driver import Driver
from moyai.engine.sites import EmbeddedSite
from moyai.engine.stacks import MASKED, StackId
from moyai.engine.state.backends import open_blobs
from moyai.engine.state.checkpoint_store import open_checkpoints
from moyai.engine.state.documents import Documents, open_records
from moyai.engine.state.records import RecordStore, StackRecord
from moyai.errors import Refused

STACK = StackId("proj", "a")


@pytest.fixture
def shared(sandbox: EmbeddedSite, aws: Any, tmp_path: Path) -> FilingSite:
    bucket = f"state-{uuid.uuid4().hex[:8]}"
    region = sandbox.site.region
    aws("s3").create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": region})
    key = aws("kms").create_key(Description="state")["KeyMetadata"]["KeyId"]
    variables = dict(sandbox.environment())
    for name in ("PULUMI_CONFIG_PASSPHRASE_FILE", "PULUMI_BACKEND_URL"):
        variables.pop(name)
    endpoint = variables["AWS_ENDPOINT_URL"]
    return FilingSite(
        tmp_path / "home",
        secrets_provider=f"awskms:///{key}?region={region}",
        state=f"s3://{bucket}/moyai?region={region}&endpoint={endpoint}&use_path_style=true",
        more=variables,
    )


def test_stacks_in_a_bucket(shared: FilingSite, engine: Path, aws: Any) -> None:
    shared.more["FILING_HIDDEN"] = "MARKED-SECRET"
    with Driver(shared, engine, jobs=2) as driver:
        runs = [run_of(name, files=files(name, secret="FILING_HIDDEN")) for name in "ab"]
        assert [r.ok for r in results(driver, runs)] == [True, True]
        result = only(driver, run_of("a", files=files("a", secret="FILING_HIDDEN")))
        assert result.summary == {"same": 3}
        assert result.repaired == ()
    store = open_checkpoints(shared)
    assert store.names("proj") == ("a", "b")
    assert store.sha256(STACK) == result.checkpoint_sha256
    checkpoint = store.read(STACK)
    assert checkpoint is not None
    assert checkpoint.outputs["password"] == MASKED
    assert checkpoint.secrets_state["url"] == shared.secrets_provider
    assert "MARKED-SECRET" not in json.dumps(checkpoint.document)
    assert store.sha256(StackId("proj", "none")) is None
    bucket = shared.state_backend.split("/")[2]
    keys = [o["Key"] for o in aws("s3").list_objects_v2(Bucket=bucket)["Contents"]]
    assert all(key.startswith("moyai/.pulumi/") for key in keys)


def test_a_killed_engines_lock_in_a_bucket_is_taken_over(
    shared: FilingSite, engine: Path, aws: Any
) -> None:
    bucket = shared.state_backend.split("/")[2]
    key = "moyai/.pulumi/locks/organization/proj/a/0.json"

    def lock(pid: int, host: str) -> None:
        content = {
            "pid": pid,
            "username": "taro",
            "hostname": host,
            "timestamp": datetime.now(UTC).isoformat(),
        }
        aws("s3").put_object(Bucket=bucket, Key=key, Body=json.dumps(content).encode())

    with Driver(shared, engine, jobs=1) as driver:
        lock(2**22 + 7, _hostname())
        result = only(driver, run_of("a"))
        assert result.ok
        assert "took over the lock" in result.repaired[0].en
        lock(2**22 + 7, "another-machine")
        refused = only(driver, run_of("a"))
        assert isinstance(refused.error, Refused)
        assert "another-machine" in refused.error.what.ja
        assert "pulumi cancel" in str(refused.error.remedy)


def _hostname() -> str:
    import socket

    return socket.gethostname()


def test_records_in_a_bucket(shared: FilingSite) -> None:
    records = open_records(shared)
    assert records.load_all("proj")[0] == {}
    for name in ("a", "b"):
        assert records.swap(StackRecord(StackId("proj", name), {"part": name}), None)
    assert set(records.load_all("proj")[0]) == {"a", "b"}
    assert records.load(STACK).fingerprint == {"part": "a"}
    written = records.read(STACK)
    assert (written.record, written.by is not None) == (records.load(STACK), True)
    assert not records.swap(StackRecord(STACK), None)
    assert not records.forget(STACK, '"another"')
    assert records.swap(StackRecord(STACK), written.token)
    assert not records.swap(StackRecord(STACK), written.token)
    assert records.forget(STACK, records.read(STACK).token)
    assert set(records.load_all("proj")[0]) == {"b"}


_COUNTING = """
import json, sys
from dataclasses import replace
from pathlib import Path
from moyai.engine.stacks import StackId
from moyai.engine.state.backends import open_blobs
from moyai.engine.state.checkpoint_store import CheckpointStore
from moyai.engine.state.documents import Documents
from moyai.engine.state.records import RecordStore
from moyai.operations.site.site_state import SiteState

blobs = open_blobs(sys.argv[1], json.loads(sys.argv[2]))
state = SiteState(RecordStore(Documents(blobs)), CheckpointStore(blobs), tuple)
stack = StackId("moyai-tenant", "272027")
state.record(stack)  # read once, as a command does when it begins
for _ in range(int(sys.argv[4])):
    def counted(record):
        number = int(record.releases.get(sys.argv[3], "0")) + 1
        return replace(record, releases={**record.releases, sys.argv[3]: str(number)})
    state.change(stack, counted)
"""


@pytest.mark.parametrize("where", ["bucket", "folder"])
def test_two_machines_take_nothing_back_that_the_other_put_on_record(
    shared: FilingSite, tmp_path: Path, where: str
) -> None:
    place = shared.state_backend if where == "bucket" else f"file://{tmp_path}/state"
    variables = json.dumps(dict(shared.environment()) if where == "bucket" else {})
    children = [
        subprocess.Popen([sys.executable, "-c", _COUNTING, place, variables, name, "25"])
        for name in ("one", "two", "three")
    ]
    assert [child.wait() for child in children] == [0, 0, 0]
    blobs = open_blobs(place, json.loads(variables))
    records = RecordStore(Documents(blobs)).load(StackId("moyai-tenant", "272027"))
    assert records.releases == {"one": "25", "two": "25", "three": "25"}
