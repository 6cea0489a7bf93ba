"""Closing a service for writes, and counting them, on a real PostgreSQL."""

from __future__ import annotations

import threading
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.errors import InsufficientPrivilege, ReadOnlySqlTransaction

from moyai.sandbox.processes import wait_until

from .conftest import Body, rows

INSERT = "INSERT INTO a (id) VALUES (1)"


@pytest.fixture
def small(created: Body, tmp_path: Path) -> Body:
    created.more.update(SERVICES_DIR=str(tmp_path), SERVICE="small", WRITES_BY="20261126-1")
    folder = tmp_path / "small" / "migrations"
    folder.mkdir(parents=True)
    (folder / "0001_base.sql").write_text("-- phase: expand\nCREATE TABLE a (id int, b text)")
    (folder / "0002_more.sql").write_text(
        "-- phase: expand\nCREATE TABLE c (id int) PARTITION BY RANGE (id);"
        "CREATE TABLE c1 PARTITION OF c FOR VALUES FROM (0) TO (10);"
        "CREATE TABLE health_probe (probe uuid); INSERT INTO a (id) VALUES (0)"
    )
    (tmp_path / "small" / "health.sql").write_text(
        "-- check: write\nINSERT INTO health_probe VALUES (%(probe)s)\n"
        "-- check: read\n-- expect: probe\nSELECT probe FROM health_probe WHERE probe = %(probe)s\n"
    )
    created.cluster.aws("s3").put_bucket_versioning(
        Bucket=created.bucket, VersioningConfiguration={"Status": "Enabled"}
    )
    created.done("migrate")
    return created


def token(body: Body) -> dict[str, Any]:
    found = body.done("writes-count")
    assert found["guarded"] is True
    return found["token"]


def refused(connection: psycopg.Connection[Any], *statements: str) -> None:
    for statement in statements:
        with pytest.raises(ReadOnlySqlTransaction):
            connection.execute(statement)  # type: ignore[arg-type]  # a test's own words


def test_closed_writes_are_refused_to_the_application_and_reads_are_not(small: Body) -> None:
    with closing(small.as_app()) as app, closing(small.as_owner()) as owner:
        app.execute(INSERT)
        assert small.done("writes-close")["closed"] is True
        refused(app, INSERT, "UPDATE a SET id = 2", "DELETE FROM a")
        with pytest.raises(ReadOnlySqlTransaction), app.cursor().copy("COPY a FROM STDIN"):
            pass
        assert app.execute("SELECT id FROM a").fetchall() == [(1,)]
        owner.execute(INSERT)
        assert small.done("writes-open")["closed"] is False
        app.execute(INSERT)


def test_the_application_cannot_get_round_it(small: Body) -> None:
    small.done("writes-close")
    with closing(small.as_app()) as app:
        for statement in (
            "ALTER TABLE a DISABLE TRIGGER ALL",
            "SET session_replication_role = replica",
            "DELETE FROM moyai.closing",
            "SELECT nextval('moyai.writes')",
            "SELECT setval('moyai.writes', 1)",
            "DROP TRIGGER moyai_writes_closed ON a",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                app.execute(statement)  # type: ignore[arg-type]  # a test's own words
        app.execute("SET search_path = pg_temp, public, pg_catalog")
        refused(app, INSERT)
    small.done("writes-open")


def test_closing_waits_for_a_transaction_that_wrote(small: Body) -> None:
    with closing(small.as_app()) as app:
        app.execute("BEGIN")
        app.execute(INSERT)
        found: list[Any] = []
        closer = threading.Thread(target=lambda: found.append(small.done("writes-close")))
        closer.start()
        assert wait_until(lambda: _waits_for(small, app), 30)
        assert found == []
        app.execute("COMMIT")
        closer.join()
        assert found[0]["closed"] is True
        assert app.execute("SELECT count(*) FROM a").fetchone() == (1,)
    small.done("writes-open")


def _waits_for(body: Body, app: psycopg.Connection[Any]) -> bool:
    """Whether anybody waits for the transaction of a connection, as the server sees it."""
    query = "SELECT FROM pg_stat_activity WHERE {} = ANY (pg_blocking_pids(pid))"
    return bool(rows(body.cluster.master(), query.format(app.info.backend_pid)))


def test_closing_refuses_where_a_writer_does_not_end(small: Body) -> None:
    with closing(small.as_app()) as app, closing(small.as_app()) as other:
        app.execute("BEGIN")
        app.execute(INSERT)
        code, result = small.run("writes-close", WRITES_SECONDS="2")
        assert (code, result["code"]) == (4, "writers")
        assert result["writers"][0] == {"role": small.app, "pids": [app.info.backend_pid]}
        other.execute(INSERT)
        assert small.done("writes-state")["closed"] is False


def test_an_old_snapshot_does_not_see_writes_open(small: Body) -> None:
    with closing(small.as_app()) as app:
        app.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
        app.execute("SELECT count(*) FROM a")
        small.done("writes-close")
        refused(app, INSERT)
    assert small.done("writes-open")["closed"] is False


def test_tables_of_a_migration_are_closed_with_the_rest_and_open_again(small: Body) -> None:
    small.done("writes-close")
    small.done("migrate", SCHEMA_VERSION="2")
    assert small.done("writes-state")["refusing"] == 4
    with closing(small.as_app()) as app:
        refused(app, "INSERT INTO c VALUES (1)", "INSERT INTO c1 VALUES (1)", INSERT)
        app.execute("INSERT INTO health_probe VALUES (gen_random_uuid())")
        small.done("health", SCHEMA_VERSION="2")
        small.done("writes-open")
        app.execute("INSERT INTO c1 VALUES (1)")


def test_only_who_closed_opens(small: Body) -> None:
    first = small.done("writes-close")
    for verb in ("writes-close", "writes-open"):
        code, result = small.run(verb, WRITES_BY="another")
        assert (code, result["code"], result["closed_by"]) == (4, "closed-by-other", "20261126-1")
    again = small.done("writes-close")
    assert (again["closed"], again["closed_at"]) == (True, first["closed_at"])
    small.done("writes-open")
    assert small.done("writes-open")["closed_by"] is None


def test_a_closing_that_is_cut_off_leaves_writes_as_they_were(
    small: Body, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut_off(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("moyai.jobs.guards.switch", cut_off)
    with pytest.raises(KeyboardInterrupt):
        small.run("writes-close")
    monkeypatch.undo()
    assert small.done("writes-state")["closed_by"] is None
    rows(small.as_app(), INSERT + " RETURNING id")


def test_a_trigger_that_is_off_is_not_taken_for_closed(small: Body) -> None:
    small.done("writes-close")
    with closing(small.as_owner()) as owner:
        owner.execute("ALTER TABLE a DISABLE TRIGGER moyai_writes_closed")
        assert small.done("writes-state")["closed"] is False
        assert small.done("writes-close")["closed"] is True
        owner.execute("DROP TRIGGER moyai_writes_counted ON a")
        assert small.done("writes-count")["unguarded"] == ["a"]
        small.done("migrate")
    assert token(small)
    small.done("writes-open")


@pytest.mark.parametrize(
    "statement", [INSERT, "UPDATE a SET id = 3", "DELETE FROM a", "BEGIN; " + INSERT + "; ROLLBACK"]
)
def test_any_write_of_rows_makes_another_token(small: Body, statement: str) -> None:
    before = token(small)
    assert token(small) == before
    with closing(small.as_app()) as app:
        app.execute(statement)  # type: ignore[arg-type]  # a test's own words
    after = token(small)
    assert after["rows"] > before["rows"]
    assert after["objects"] == before["objects"]


def test_any_write_of_objects_makes_another_token(small: Body) -> None:
    s3, prefix = small.cluster.aws("s3"), "eapp-b/"
    s3.put_object(Bucket=small.bucket, Key=f"{prefix}a", Body=b"1")
    found = [token(small)["objects"]]
    s3.put_object(Bucket=small.bucket, Key=f"{prefix}a", Body=b"1")
    found.append(token(small)["objects"])
    s3.delete_object(Bucket=small.bucket, Key=f"{prefix}a")
    found.append(token(small)["objects"])
    assert len(set(found)) == 3
    s3.put_object(Bucket=small.bucket, Key="chat/a", Body=b"another service's")
    assert token(small)["objects"] == found[-1]


def test_jobs_of_our_own_do_not_count(small: Body) -> None:
    small.done("migrate", SCHEMA_VERSION="2")
    before = token(small)
    small.done("health", SCHEMA_VERSION="2")
    with closing(small.as_owner()) as owner:
        owner.execute(INSERT)
    assert token(small) == before


def test_the_application_sees_nothing_of_the_counter(small: Body) -> None:
    with closing(small.as_app()) as app, pytest.raises(InsufficientPrivilege):
        app.execute("SELECT * FROM moyai.writes")


def test_a_migration_that_switches_all_triggers_leaves_writes_as_they_were(
    small: Body, tmp_path: Path
) -> None:
    switching = "ALTER TABLE a DISABLE TRIGGER USER; ALTER TABLE a ENABLE TRIGGER USER"
    file = tmp_path / "small" / "migrations" / "0002_more.sql"
    file.write_text(f"-- phase: expand\n{switching}")
    small.done("migrate", SCHEMA_VERSION="2")
    with closing(small.as_app()) as app:
        app.execute(INSERT)
        small.done("writes-close")
        (file.parent / "0003_again.sql").write_text(file.read_text())
        small.done("migrate", SCHEMA_VERSION="3")
        refused(app, INSERT)
        assert small.done("writes-open")["closed"] is False
        app.execute(INSERT)


def test_closing_makes_no_transaction_of_the_service_a_deadlocks_victim(small: Body) -> None:
    """Whatever order the service takes its tables in."""
    small.done("migrate", SCHEMA_VERSION="2")
    ended: list[str | None] = []
    committed: list[float] = []

    between = threading.Barrier(4, timeout=30)

    def write() -> None:
        with closing(small.as_app()) as app:
            try:
                app.execute("BEGIN; INSERT INTO c1 VALUES (1)")
                between.wait()  # closing begins while all three are between their tables
                time.sleep(0.1)
                app.execute("INSERT INTO a (id) VALUES (1); COMMIT")
                while True:
                    app.execute("BEGIN; INSERT INTO c1 VALUES (1)")
                    time.sleep(0.15)
                    app.execute("INSERT INTO a (id) VALUES (1); COMMIT")
                    committed.append(time.monotonic())
            except psycopg.Error as error:
                ended.append(error.sqlstate)

    threads = [threading.Thread(target=write) for _ in range(3)]
    for thread in threads:
        thread.start()
    between.wait()
    assert small.done("writes-close")["closed"] is True
    closed_at = time.monotonic()
    for thread in threads:
        thread.join()
    assert ended == ["25006"] * 3
    assert max(committed, default=0) < closed_at
    small.done("writes-open")
