"""A backup put back into the live database's place."""

from __future__ import annotations

import subprocess
import sys
from contextlib import closing

import psycopg
import pytest

from moyai.jobs import swaps

from .conftest import Body, rows
from .test_dumps import chat, databases

__all__ = ["chat"]
COUNT = "SELECT count(*) FROM workspace"


@pytest.fixture
def spoilt(chat: Body) -> str:
    """A backup's manifest; after it the application and somebody with objects wrote. Writes are closed."""
    chat.done("writes-close")
    key: str = chat.done("dump")["manifest"]
    chat.done("writes-open")
    with closing(chat.as_app()) as app:
        app.execute("DELETE FROM workspace WHERE id > 10")
    s3 = chat.cluster.aws("s3")
    s3.put_object(Bucket=chat.bucket, Key="chat/a", Body=b"spoilt")
    s3.delete_object(Bucket=chat.bucket, Key="chat/c")
    s3.put_object(Bucket=chat.bucket, Key="chat/new", Body=b"new")
    chat.done("writes-close", WRITES_BY="op-2")
    return key


def load(body: Body, key: str) -> None:
    body.done("beside-create", BESIDE="restored")
    body.done("restore-load", BACKUP=key)


def test_a_restore_puts_rows_and_objects_back_and_keeps_what_it_replaced(
    chat: Body, spoilt: str
) -> None:
    token = chat.done("writes-count")["token"]
    load(chat, spoilt)
    found = chat.done("restore-objects", BACKUP=spoilt)
    assert (found["copied"], found["deleted"]) == (2, 1)
    with closing(chat.as_app()) as pooled:  # a service's pool holds its connections
        swapped = chat.done("restore-swap", BACKUP=spoilt)
        assert pooled.info.dbname == chat.name
    assert (swapped["swapped"], swapped["ready"], swapped["closed"]) == (True, True, True)
    assert rows(chat.as_app(), COUNT) == [(1000,)]
    state = chat.done("writes-state")
    assert (state["closed"], state["closed_by"]) == (True, "op-2")
    assert chat.done("writes-count")["token"]["rows"] > token["rows"]
    s3 = chat.cluster.aws("s3")
    listed = s3.list_objects_v2(Bucket=chat.bucket, Prefix="chat/")["Contents"]
    assert [one["Key"] for one in listed] == ["chat/a", "chat/c"]
    assert s3.get_object(Bucket=chat.bucket, Key="chat/a")["Body"].read() == b"chat/a"
    chat.done("writes-open", WRITES_BY="op-2")
    chat.done("health")
    chat.done("migrate", SCHEMA_VERSION="2")
    inspected = chat.done("database-inspect")
    assert (inspected["closed"], inspected["guarded"], inspected["unusable"]) == (True, True, {})
    assert databases(chat) == [chat.name, f"{chat.name}_before_restore"]
    with pytest.raises(psycopg.OperationalError, match="not currently accepting connections"):
        chat.cluster.connect(chat.login("owner"), f"{chat.name}_before_restore")
    state = chat.done("restore-state", BACKUP=spoilt)
    assert (state["restored"], state["kept"], state["loaded"]) == (True, True, False)
    assert chat.done("restore-state", BACKUP="backups/chat/other.json")["restored"] is False
    assert chat.done("restore-swap", BACKUP=spoilt)["swapped"] is False
    chat.done("beside-drop", BESIDE="before")
    assert databases(chat) == [chat.name]


def test_a_restore_is_refused_while_writes_are_open(chat: Body, spoilt: str) -> None:
    chat.done("writes-open", WRITES_BY="op-2")
    chat.done("beside-create", BESIDE="restored")
    assert chat.run("restore-load", BACKUP=spoilt)[1]["code"] == "writes-open"
    assert chat.run("restore-swap", BACKUP=spoilt)[1]["code"] == "not-loaded"
    with closing(chat.as_app()) as app:
        assert app.execute(COUNT).fetchone() == (10,)


def test_a_second_restore_does_not_take_what_the_first_kept(chat: Body, spoilt: str) -> None:
    load(chat, spoilt)
    chat.done("restore-swap", BACKUP=spoilt)
    load(chat, spoilt)
    assert chat.run("restore-swap", BACKUP=spoilt)[1]["code"] == "before-kept"
    chat.done("beside-drop", BESIDE="before")
    assert chat.done("restore-swap", BACKUP=spoilt)["swapped"] is True


def test_a_swap_that_fails_leaves_the_live_database_in_use(
    chat: Body, spoilt: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    load(chat, spoilt)
    state = chat.done("restore-state", BACKUP=spoilt)
    assert (state["restored"], state["loaded"]) == (False, True)
    monkeypatch.setattr(swaps, "_END_SESSIONS", "SELECT 1/0, %s::text[], %s::text[]")
    assert chat.run("restore-swap", BACKUP=spoilt)[1]["code"] == "sql:22012"
    assert rows(chat.as_app(), COUNT) == [(10,)]
    monkeypatch.undo()
    chat.done("restore-swap", BACKUP=spoilt)
    assert rows(chat.as_app(), COUNT) == [(1000,)]


def test_objects_whose_versions_are_gone_are_told(chat: Body, spoilt: str) -> None:
    s3 = chat.cluster.aws("s3")
    versions = s3.list_object_versions(Bucket=chat.bucket, Prefix="chat/a")["Versions"]
    oldest = next(one for one in versions if not one["IsLatest"])
    s3.delete_object(Bucket=chat.bucket, Key="chat/a", VersionId=oldest["VersionId"])
    code, result = chat.run("restore-objects", BACKUP=spoilt)
    assert (code, result["code"], result["gone"]) == (4, "versions-gone", ["chat/a"])
    assert result["copied"] == 1


def test_a_restore_that_is_killed_anywhere_leaves_the_old_or_the_new(
    chat: Body, spoilt: str
) -> None:
    """Each verb is killed at several moments; the next round goes on as `Inside.restore` does."""
    kills = 0
    for part in (0.35, 0.5, 0.65, 0.8, 0.9, 0.97):
        for verb, given in _steps(chat, spoilt):
            kills += _killed(chat, verb, part, BACKUP=spoilt, **given)
            found = _rows_if_open(chat)
            assert found in (10, 1000, None), (verb, part)
            if found is None:  # between the sessions' end and the renames
                assert verb == "restore-swap"
            chat.done(verb, BACKUP=spoilt, **given)
        assert _rows_if_open(chat) == 1000
        assert chat.done("writes-state")["closed_by"] == "op-2"
        _spoil_again(chat)
    assert kills >= 6


def _steps(body: Body, key: str) -> list[tuple[str, dict[str, str]]]:
    assert body.done("restore-state", BACKUP=key)["restored"] is False
    return [
        ("beside-create", {"BESIDE": "restored"}),
        ("restore-load", {}),
        ("restore-objects", {}),
        ("restore-swap", {}),
    ]


def _spoil_again(body: Body) -> None:
    body.done("beside-drop", BESIDE="before")
    with closing(body.as_owner()) as owner:
        owner.execute("DELETE FROM workspace WHERE id > 10")


def _rows_if_open(body: Body) -> int | None:
    try:
        return int(rows(body.as_app(), COUNT)[0][0])
    except psycopg.OperationalError as error:
        assert "not currently accepting connections" in str(error)
        return None


def _killed(body: Body, verb: str, part: float, **given: str) -> bool:
    """Run a verb as a process of its own and kill it after a part of the time that it takes."""
    usual = _SECONDS[verb]
    environment = body.environment(**given)
    child = subprocess.Popen(
        [sys.executable, "-m", "moyai.jobs", verb],
        env={**environment, "PATH": f"{environment['PATH']}:/usr/bin:/bin"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        child.wait(usual * part)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
        return True
    return False


_SECONDS = {
    "beside-create": 0.75,
    "restore-load": 1.0,
    "restore-objects": 0.75,
    "restore-swap": 0.9,
}
"""Of a process of each, roughly: starting Python is the first half."""
