"""Backups of a subscription: its database and the list of its objects."""

from __future__ import annotations

import gzip
import hashlib
import json
import subprocess
import threading
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from moyai.jobs import runner
from moyai.sandbox.postgres.binaries import programs

from .conftest import Body

APPLIED = "INSERT INTO workspace (slug, title) SELECT 'w' || i, 'W' FROM generate_series(1, 1000) i"


@pytest.fixture
def chat(cluster: Any) -> Any:
    body = cluster.body("chat")
    s3 = cluster.aws("s3")
    backups = body.bucket.replace("documents", "backups")
    s3.create_bucket(
        Bucket=backups, CreateBucketConfiguration={"LocationConstraint": "ap-northeast-1"}
    )
    for name in (body.bucket, backups):
        s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    body.more.update(
        BACKUPS_BUCKET=backups, BACKUPS_PREFIX="backups/chat/", BACKUP_ID="op-1", WRITES_BY="op-1"
    )
    body.done("database-create")
    body.done("migrate")
    with closing(body.as_app()) as app:
        app.execute(APPLIED)
    for key in ("chat/a", "chat/b", "chat/c", "eapp-a/x"):
        s3.put_object(Bucket=body.bucket, Key=key, Body=key.encode())
    s3.delete_object(Bucket=body.bucket, Key="chat/b")
    yield body
    body.done("database-delete")


def content(body: Body, key: str) -> bytes:
    found = body.cluster.aws("s3").get_object(Bucket=body.more["BACKUPS_BUCKET"], Key=key)
    return found["Body"].read()


def keys(body: Body) -> list[str]:
    found = body.cluster.aws("s3").list_objects_v2(Bucket=body.more["BACKUPS_BUCKET"])
    return [one["Key"] for one in found.get("Contents", ())]


def test_a_backup_has_the_database_and_its_objects(chat: Body) -> None:
    chat.done("writes-close")
    found = chat.done("dump")
    assert (found["rows"]["workspace"], found["schema_version"]) == (1000, 1)
    assert (found["closed"], found["guarded"], found["made"]) == (True, True, True)
    assert found["token"] == chat.done("writes-count")["token"]
    dump = content(chat, found["key"])
    assert (hashlib.sha256(dump).hexdigest(), len(dump)) == (found["sha256"], found["bytes"])
    lines = gzip.decompress(content(chat, found["objects"]["key"])).splitlines()
    objects = [json.loads(line) for line in lines]
    assert [one["key"] for one in objects] == ["chat/a", "chat/c"]
    assert all(one["version_id"] and one["etag"] and one["size"] == 6 for one in objects)
    assert json.loads(content(chat, found["manifest"]))["sha256"] == found["sha256"]
    chat.done("writes-open")


def test_the_same_id_makes_one_backup(chat: Body) -> None:
    first = chat.done("dump")
    again = chat.done("dump")
    assert (again["key"], again["made"]) == (first["key"], False)
    assert len(keys(chat)) == 3
    for other in ("op-2", "1", "20261126-op-1"):
        assert chat.done("dump", BACKUP_ID=other)["made"] is True


def test_what_was_cut_off_is_no_backup(chat: Body, tmp_path: Path) -> None:
    """A `pg_dump` that writes something and dies."""
    broken = tmp_path / "pg_dump"
    broken.write_text("#!/bin/sh\necho half\nexit 3\n")
    broken.chmod(0o755)
    code, result = chat.run("dump", PATH=f"{tmp_path}:/usr/bin:/bin")
    assert (code, result["code"]) == (4, "program:pg_dump")
    assert keys(chat) == []
    code, result = chat.run("dump", PATH="/nowhere")
    assert (code, result["code"]) == (4, "program:pg_dump")
    assert chat.done("dump")["made"] is True


def test_no_password_is_in_the_command_line(chat: Body, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Any] = []
    start = subprocess.Popen

    def spy(arguments: Any, **given: Any) -> Any:
        seen.append(arguments)
        return start(arguments, **given)

    monkeypatch.setattr("moyai.jobs.postgres_programs.subprocess.Popen", spy)
    result = chat.done("dump")
    password = chat.login("owner")["password"]
    assert seen
    assert password not in json.dumps([seen, result])
    assert str(programs()) not in json.dumps(result)


def databases(body: Body) -> list[str]:
    query = "SELECT datname FROM pg_database WHERE datname LIKE %s ORDER BY 1"
    with closing(body.cluster.master()) as master:
        return [row[0] for row in master.execute(query, (f"{body.name}%",))]


def test_a_backup_is_tried_out_beside_the_live_database(chat: Body) -> None:
    chat.done("writes-close")
    key = chat.done("dump")["manifest"]
    chat.done("writes-open")
    with closing(chat.as_app()) as app:
        app.execute("DELETE FROM workspace")
    assert chat.done("beside-create", BESIDE="test")["dropped"] is False
    found = chat.done("restore-test", BACKUP=key)
    assert (found["rows"], found["schema_version"]) == (1001, 1)
    assert chat.run("restore-test", BACKUP=key)[1]["code"] == "not-empty"
    assert not chat.cluster.may_connect(chat.login("app"), f"{chat.name}_restore_test")
    assert chat.done("beside-create", BESIDE="test")["dropped"] is True
    chat.done("restore-test", BACKUP=key)
    assert chat.done("beside-drop", BESIDE="test")["dropped"] is True
    assert chat.done("beside-drop", BESIDE="test")["dropped"] is False
    assert databases(chat) == [chat.name]
    with closing(chat.as_app()) as app:
        assert app.execute("SELECT count(*) FROM workspace").fetchone() == (0,)


def test_a_backup_that_was_changed_is_found_out(chat: Body) -> None:
    key = chat.done("dump")["manifest"]
    s3, bucket = chat.cluster.aws("s3"), chat.more["BACKUPS_BUCKET"]
    manifest = json.loads(content(chat, key))
    chat.done("beside-create", BESIDE="test")
    whole = content(chat, manifest["key"])
    damaged = bytearray(whole)
    damaged[len(damaged) // 2] ^= 1
    for changed in (whole[:-200], bytes(damaged), whole + b"x"):
        s3.put_object(Bucket=bucket, Key=manifest["key"], Body=changed)
        code, result = chat.run("restore-test", BACKUP=key)
        assert (code, result["code"]) == (4, "backup-damaged")
        chat.done("beside-create", BESIDE="test")
    s3.put_object(Bucket=bucket, Key=manifest["key"], Body=whole)
    manifest["rows"]["workspace"] = 999
    s3.put_object(Bucket=bucket, Key=key, Body=json.dumps(manifest).encode())
    code, result = chat.run("restore-test", BACKUP=key)
    assert (code, result["code"], result["tables"]) == (4, "backup-differs", ["workspace"])


def test_deleting_a_subscription_takes_what_lies_beside_along(cluster: Any) -> None:
    body = cluster.body("chat")
    body.done("database-create")
    body.done("beside-create", BESIDE="test")
    assert len(databases(body)) == 2
    body.done("database-delete")
    assert databases(body) == []


def test_two_tasks_with_one_id_make_one_backup(chat: Body) -> None:
    environment = chat.environment()
    threads = [threading.Thread(target=runner.run, args=(["dump"], environment)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(keys(chat)) == 3
