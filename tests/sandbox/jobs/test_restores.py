"""A backup put back into the live database's place."""

from __future__ import annotations

import subprocess
import sys
import time
from contextlib import closing, suppress
from typing import Any

import psycopg
import pytest
from psycopg.sql import SQL, Identifier

from moyai.jobs import beside, object_restores, swaps
from moyai.jobs.aws import Cloud
from moyai.jobs.object_versions import current, summary

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


def counted(body: Body) -> dict[str, str]:
    """What `restore-objects` is to change, and nothing else; whichever database is there."""
    bucket, prefix = body.bucket, f"{body.service}/"
    found = current(bucket, prefix, Cloud(body.environment()))
    return {"OBJECTS_SHA256": summary(found).sha256}


def load(body: Body, key: str) -> None:
    body.done("beside-create", BESIDE="restored")
    body.done("restore-load", BACKUP=key)


def test_a_restore_puts_rows_and_objects_back_and_keeps_what_it_replaced(
    chat: Body, spoilt: str
) -> None:
    token = chat.done("writes-count")["token"]
    load(chat, spoilt)
    found = chat.done("restore-objects", BACKUP=spoilt, **counted(chat))
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


def test_numbers_that_were_given_since_the_backup_are_not_given_again(
    chat: Body, spoilt: str
) -> None:
    """`nextval` is neither refused while writes are closed nor counted."""
    (name,) = rows(chat.as_app(), "SELECT pg_get_serial_sequence('workspace', 'id')")[0]
    take = f"SELECT max(nextval('{name}')) FROM generate_series(1, 50)"
    with closing(chat.as_app()) as app:
        app.execute(take)
    load(chat, spoilt)
    with closing(chat.as_app()) as app:
        taken = app.execute(take).fetchone()
        assert taken is not None
        app.commit()
    swapped = chat.done("restore-swap", BACKUP=spoilt)
    assert swapped["sequences"] == ["workspace_id_seq"]
    assert rows(chat.as_app(), f"SELECT nextval('{name}')") == [(taken[0] + 1,)]
    with pytest.raises(psycopg.errors.ReadOnlySqlTransaction), closing(chat.as_app()) as app:
        app.execute("DELETE FROM workspace")


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


def test_objects_whose_versions_are_gone_are_told(
    chat: Body, spoilt: str, capsys: pytest.CaptureFixture[str]
) -> None:
    s3 = chat.cluster.aws("s3")
    versions = s3.list_object_versions(Bucket=chat.bucket, Prefix="chat/a")["Versions"]
    oldest = next(one for one in versions if not one["IsLatest"])
    s3.delete_object(Bucket=chat.bucket, Key="chat/a", VersionId=oldest["VersionId"])
    code, result = chat.run("restore-objects", BACKUP=spoilt, **counted(chat))
    assert (code, result["code"], result["gone"]) == (4, "versions-gone", 1)
    assert result["copied"] == 1
    assert "chat/a" in capsys.readouterr().err
    assert "chat/a" not in str(result)


def test_objects_that_came_since_they_were_counted_are_kept(
    chat: Body, spoilt: str, capsys: pytest.CaptureFixture[str]
) -> None:
    given, s3 = counted(chat), chat.cluster.aws("s3")
    s3.put_object(Bucket=chat.bucket, Key="chat/山田太郎.pdf", Body=b"late")
    before = chat.done("writes-count")["token"]
    code, result = chat.run("restore-objects", BACKUP=spoilt, **given)
    assert (code, result["code"], result["other"]) == (4, "objects-moved", 4)
    assert chat.done("writes-count")["token"] == before
    assert "山田太郎" in capsys.readouterr().err
    assert "山田太郎" not in str(result)


def test_objects_that_come_meanwhile_are_kept_and_told(
    chat: Body, spoilt: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    s3, change = chat.cluster.aws("s3"), object_restores._change

    def and_somebody_writes(*given: Any) -> Any:
        s3.put_object(Bucket=chat.bucket, Key="chat/late", Body=b"late")
        s3.put_object(Bucket=chat.bucket, Key="chat/a", Body=b"hidden")
        return change(*given)

    monkeypatch.setattr(object_restores, "_change", and_somebody_writes)
    code, result = chat.run("restore-objects", BACKUP=spoilt, **counted(chat))
    assert (code, result["code"], result["came"]) == (4, "objects-came", 2)
    line = capsys.readouterr().err
    assert "chat/late" in line
    assert "chat/a" in line
    assert s3.get_object(Bucket=chat.bucket, Key="chat/late")["Body"].read() == b"late"
    versions = s3.list_object_versions(Bucket=chat.bucket, Prefix="chat/a")["Versions"]
    bodies = {
        s3.get_object(Bucket=chat.bucket, Key="chat/a", VersionId=one["VersionId"])["Body"].read()
        for one in versions
    }
    assert b"hidden" in bodies


STEPS: tuple[tuple[str, dict[str, str]], ...] = (
    ("beside-create", {"BESIDE": "restored"}),
    ("restore-load", {}),
    ("restore-objects", {}),
    ("restore-swap", {}),
)


def test_a_restore_that_is_killed_anywhere_leaves_the_old_or_the_new(
    chat: Body, spoilt: str
) -> None:
    """A step is killed at a moment of its time; what the caller does next puts all into place."""
    usual = {verb: _process(chat, verb, None, BACKUP=spoilt, **given) for verb, given in STEPS}
    for number, part in enumerate((0.55, 0.7, 0.8, 0.85, 0.9, 0.95, 0.85, 0.95)):
        _spoil_again(chat)
        victim = number % len(STEPS)
        for verb, given in STEPS[:victim]:
            chat.done(verb, BACKUP=spoilt, **given, **counted(chat))
        verb, given = STEPS[victim]
        seconds = usual[verb] * part
        _process(chat, verb, seconds, BACKUP=spoilt, **given)
        found = _rows_if_open(chat)
        assert found in (10, 1000) or (found is None and verb == "restore-swap"), (verb, part)
        _carry_on(chat, spoilt)
        assert _rows_if_open(chat) == 1000, (verb, part)
        assert chat.done("writes-state")["closed_by"] == "op-2"


def test_a_swap_that_was_killed_before_its_renames_is_gone_on_with(chat: Body, spoilt: str) -> None:
    for verb, given in STEPS[:3]:
        chat.done(verb, BACKUP=spoilt, **given, **counted(chat))
    shut = SQL("ALTER DATABASE {} WITH ALLOW_CONNECTIONS false").format(Identifier(chat.name))
    restored = beside.name(chat.name, "restored")
    with closing(chat.cluster.connect(chat.login("owner"), restored)) as owner:
        owner.execute(shut)
        owner.commit()
    assert _rows_if_open(chat) is None
    _carry_on(chat, spoilt)
    assert _rows_if_open(chat) == 1000


def _carry_on(body: Body, key: str) -> None:
    """As `Inside.restore` does."""
    done = body.done("restore-state", BACKUP=key)["restored"]
    for verb, given in STEPS[2:] if done else STEPS:
        body.done(verb, BACKUP=key, **given, **counted(body))


def _spoil_again(body: Body) -> None:
    body.done("beside-drop", BESIDE="before")
    with closing(body.as_owner()) as owner:
        owner.execute("DELETE FROM workspace WHERE id > 10")


def _rows_if_open(body: Body) -> int | None:
    try:
        app = body.as_app()
    except psycopg.OperationalError as error:
        # Between the end of sessions and the renames, or before the privileges.
        if "not currently accepting" in str(error) or "permission denied" in str(error):
            return None
        raise
    return int(rows(app, COUNT)[0][0])


def _process(body: Body, verb: str, seconds: float | None, **given: str) -> float:
    """Run a verb as a process of its own, killed after so many seconds; how long it lived."""
    environment = body.environment(**given, **counted(body))
    begin = time.monotonic()
    child = subprocess.Popen(
        [sys.executable, "-m", "moyai.jobs", verb],
        env={**environment, "PATH": f"{environment['PATH']}:/usr/bin:/bin"},
        stdout=subprocess.DEVNULL,
    )
    with suppress(subprocess.TimeoutExpired):
        child.wait(seconds)
    child.kill()
    child.wait()
    return time.monotonic() - begin
