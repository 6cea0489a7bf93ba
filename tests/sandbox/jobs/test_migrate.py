"""Migrations on a real PostgreSQL, as the owner."""

from __future__ import annotations

import threading
from contextlib import closing
from pathlib import Path

import pytest

from moyai.jobs import own_failures, runner
from moyai.jobs.migrations import read_migrations
from moyai.jobs.settings import approved_word
from moyai.jobs.submit import JobFailed
from moyai.operations.durable.carrying.failures import error_signature, to_document

from .conftest import Body, Cluster, Tasks, rows

EXPAND, CONTRACT = "-- phase: expand\n", "-- phase: contract\n"


@pytest.fixture
def files(tmp_path: Path, created: Body) -> Path:
    """The folder of a small service's migrations, which the body `created` uses."""
    created.more.update(SERVICES_DIR=str(tmp_path), SERVICE="small")
    folder = tmp_path / "small" / "migrations"
    folder.mkdir(parents=True)
    (folder / "0001_base.sql").write_text(EXPAND + "CREATE TABLE a (id int); SELECT '100%';")
    (folder / "0002_more.sql").write_text(EXPAND + "ALTER TABLE a ADD COLUMN b text")
    (folder / "0003_less.sql").write_text(CONTRACT + "ALTER TABLE a DROP COLUMN id")
    return folder


def _versions(body: Body) -> list[int]:
    found = rows(body.as_app(), "SELECT version FROM moyai_migration ORDER BY version")
    return [row[0] for row in found]


@pytest.mark.parametrize("service", ["chat", "eapp-a", "eapp-b"])
def test_each_service_migrates_release_by_release(cluster: Cluster, service: str) -> None:
    body = cluster.body(service)
    body.done("database-create")
    first = body.done("migrate")
    assert [step["version"] for step in first["applied"]] == [1]
    body.done("health")
    second = body.done("migrate", SCHEMA_VERSION="2")
    assert [(step["version"], step["phase"]) for step in second["applied"]] == [(2, "expand")]
    assert body.done("migrate", SCHEMA_VERSION="2")["applied"] == []
    # The release before works with the newer schema: that is what expand means.
    body.done("health", SCHEMA_VERSION="1")
    body.done("health", SCHEMA_VERSION="2")
    uncommented = rows(
        body.as_owner(),
        "SELECT c.relname, a.attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid "
        "WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace AND a.attnum > 0 "
        "AND NOT a.attisdropped AND col_description(c.oid, a.attnum) IS NULL",
    )
    assert uncommented == []
    body.done("database-delete")


def test_foreign_keys_have_indices(cluster: Cluster) -> None:
    body = cluster.body("eapp-a")
    body.done("database-create")
    body.done("migrate", SCHEMA_VERSION="2")
    bare = rows(
        body.as_owner(),
        "SELECT k.conrelid::regclass::text, k.conname FROM pg_constraint k WHERE k.contype = 'f' "
        "AND k.confrelid <> 'applicant_kind'::regclass AND NOT EXISTS (SELECT FROM pg_index i "
        "WHERE i.indrelid = k.conrelid AND i.indkey[0] = k.conkey[1])",
    )
    assert bare == []


def test_a_failed_migration_is_undone_and_the_earlier_stay(created: Body, files: Path) -> None:
    second = files / "0002_more.sql"
    second.write_text(EXPAND + "CREATE TABLE half (a int); SELECT nonsense")
    code, result = created.run("migrate", SCHEMA_VERSION="2")
    assert code == 4
    assert (result["code"], result["failed"]) == ("sql:42703", "0002_more")
    assert [step["version"] for step in result["applied"]] == [1]
    assert "nonsense" in result["reason"]["en"]
    assert "0001_base" in result["touched"]["ja"]
    assert _versions(created) == [1]
    assert rows(created.as_owner(), "SELECT to_regclass('half')") == [(None,)]
    second.write_text(EXPAND + "CREATE TABLE half (a int)")
    assert [s["version"] for s in created.done("migrate", SCHEMA_VERSION="2")["applied"]] == [2]


def test_contract_steps_wait_where_only_expand_is_asked_for(created: Body, files: Path) -> None:
    result = created.done("migrate", SCHEMA_VERSION="3", MIGRATION_PHASE="expand")
    assert (result["schema_version"], result["pending"]) == (2, ["0003_less"])
    result = created.done("migrate", SCHEMA_VERSION="3")
    assert [(s["version"], s["phase"]) for s in result["applied"]] == [(3, "contract")]
    code, result = created.run("migrate", SCHEMA_VERSION="2")
    assert (code, result["code"]) == (4, "contracted")


def test_a_release_goes_back_over_expand_steps(created: Body, files: Path) -> None:
    created.done("migrate", SCHEMA_VERSION="2")
    result = created.done("migrate", SCHEMA_VERSION="1")
    assert (result["applied"], result["schema_version"], result["wanted"]) == ([], 2, 1)


def test_changed_missing_and_unknown_files_are_refused(created: Body, files: Path) -> None:
    created.done("migrate", SCHEMA_VERSION="2")
    first = files / "0001_base.sql"
    kept = first.read_text()
    first.write_text(kept.replace("\n", "\r\n"))
    assert created.done("migrate", SCHEMA_VERSION="2")["applied"] == []
    first.write_text(kept + "-- and more\n")
    assert created.run("migrate", SCHEMA_VERSION="2")[1]["code"] == "changed-migration"
    first.write_text(kept)
    (files / "0003_less.sql").unlink()
    assert created.run("migrate", SCHEMA_VERSION="3")[1]["code"] == "unknown-version"
    (files / "0002_more.sql").unlink()
    assert created.run("migrate", SCHEMA_VERSION="1")[1]["code"] == "newer-schema"
    first.unlink()
    (files / "0002_more.sql").write_text(EXPAND)
    assert created.run("migrate", SCHEMA_VERSION="1")[1]["code"] == "migration-gap"


def test_the_application_cannot_write_the_record(created: Body, files: Path) -> None:
    created.done("migrate")
    grants = rows(
        created.as_owner(),
        "SELECT privilege_type FROM information_schema.table_privileges "
        f"WHERE table_name = 'moyai_migration' AND grantee = '{created.app}'",
    )
    assert grants == [("SELECT",)]


def test_two_at_once_apply_each_once(created: Body, files: Path) -> None:
    environment = created.environment(SCHEMA_VERSION="3")
    threads = [
        threading.Thread(target=runner.run, args=(["migrate"], environment)) for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert _versions(created) == [1, 2, 3]


def test_a_migration_gives_up_before_it_holds_others_up(
    created: Body, files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    created.done("migrate", SCHEMA_VERSION="1")
    monkeypatch.setattr("moyai.jobs.migrate._LOCK_TIMEOUT", "200ms")
    with closing(created.as_owner()) as busy:
        busy.execute("BEGIN; LOCK TABLE a IN ACCESS SHARE MODE")
        code, result = created.run("migrate", SCHEMA_VERSION="2")
        assert (code, result["code"]) == (4, "sql:55P03")
    created.done("migrate", SCHEMA_VERSION="2")


@pytest.fixture
def unread(monkeypatch: pytest.MonkeyPatch) -> None:
    """No statement is refused for its words."""
    monkeypatch.setattr("moyai.jobs.migrations.refusals", lambda _sql: ())


ENDS = {
    "fails afterwards": ("CREATE TABLE zz (i int); COMMIT; SELECT 1/0;", "sql:22012", True),
    "fails in a new one": ("CREATE TABLE zz (i int); COMMIT; BEGIN; SELECT 1/0", "sql:22012", True),
    "fails after a chain": (
        "ROLLBACK AND CHAIN; CREATE TABLE zz (i int); COMMIT AND CHAIN; SELECT 1/0",
        "sql:22012",
        True,
    ),
    "goes on alone": ("CREATE TABLE zz (i int); COMMIT;", "migration-transaction", True),
    "begins a new one": (
        "CREATE TABLE zz (i int); COMMIT; BEGIN; CREATE TABLE more (i int)",
        "migration-transaction",
        True,
    ),
    "takes it back": (
        "CREATE TABLE zz (i int); ROLLBACK; SELECT 1",
        "migration-transaction",
        False,
    ),
}


@pytest.mark.parametrize("case", ENDS)
def test_a_migration_that_ended_its_transaction_is_not_called_undone(
    created: Body, files: Path, unread: None, case: str
) -> None:
    sql, failure, kept = ENDS[case]
    (files / "0002_more.sql").write_text(EXPAND + sql)
    code, result = created.run("migrate", SCHEMA_VERSION="2")
    assert (code, result["code"], result["failed"]) == (4, failure, "0002_more")
    assert "may have been kept" in result["remedy"]["en"]
    assert "rolled back" not in result["remedy"]["en"]
    assert "残っている" in result["remedy"]["ja"]
    assert _versions(created) == [1]
    assert (rows(created.as_owner(), "SELECT to_regclass('zz')") != [(None,)]) == kept
    assert rows(created.as_owner(), "SELECT to_regclass('more')") == [(None,)]


def test_savepoints_of_a_migrations_own_are_no_end(
    created: Body, files: Path, unread: None
) -> None:
    sql = "SAVEPOINT a; CREATE TABLE zz (i int); ROLLBACK TO a; RELEASE a; CREATE TABLE kept ()"
    (files / "0002_more.sql").write_text(EXPAND + sql)
    created.done("migrate", SCHEMA_VERSION="2")
    found = rows(created.as_owner(), "SELECT to_regclass('zz'), to_regclass('kept')")
    assert found == [(None, "kept")]


def test_a_migration_leaves_the_session_its_role(
    cluster: Cluster, created: Body, files: Path
) -> None:
    (files / "0002_more.sql").write_text(
        EXPAND + f"CREATE TABLE zz (i int); SELECT set_config('role', '{created.app}', false)"
    )
    with closing(cluster.master()) as master:
        master.execute(f"GRANT {created.app} TO {created.owner} WITH SET TRUE")
    code, result = created.run("migrate", SCHEMA_VERSION="2")
    assert (code, result["code"], result["failed"]) == (4, "migration-role", "0002_more")
    assert created.app in result["reason"]["en"]
    assert "rolled back" in result["remedy"]["en"]
    assert _versions(created) == [1]
    assert rows(created.as_owner(), "SELECT to_regclass('zz')") == [(None,)]


def test_a_connection_that_is_lost_leaves_it_unknown(created: Body, files: Path) -> None:
    text = EXPAND + "CREATE TABLE zz (i int); SELECT pg_terminate_backend(pg_backend_pid())"
    (files / "0002_more.sql").write_text(text)
    code, result = created.run("migrate", SCHEMA_VERSION="2")
    assert (code, result["failed"]) == (4, "0002_more")
    assert "not known" in result["remedy"]["en"]
    assert _versions(created) == [1]


PLANTED = {
    "a cast": ("ALTER TABLE a ALTER b TYPE int USING b::int", "sql:22P02"),
    "a duplicate": ("CREATE UNIQUE INDEX ON a (b)", "sql:23505"),
    "a check": ("ALTER TABLE a ADD CONSTRAINT short CHECK (length(b) < 3)", "sql:23514"),
    "raised": ("DO $$BEGIN RAISE '%', (SELECT min(b) FROM a); END$$", "sql:P0001"),
    "raised with fields": (
        "DO $$DECLARE v text := (SELECT min(b) FROM a); BEGIN RAISE 'no' USING ERRCODE = "
        "'unique_violation', TABLE = v, CONSTRAINT = v, DETAIL = v, HINT = v; END$$",
        "sql:23505",
    ),
    "raised under a code": (
        "DO $$BEGIN RAISE 'no' USING ERRCODE = (SELECT 'TARO' || length(min(b))/10 FROM a); END$$",
        "sql:other",
    ),
    "a table by its value": (
        "DO $$BEGIN EXECUTE format('SELECT FROM %I', (SELECT min(b) FROM a)); END$$",
        "sql:42P01",
    ),
    "text by its value": (
        "DO $$BEGIN EXECUTE (SELECT min(b) FROM a); END$$",
        "sql:42601",
    ),
}


@pytest.mark.parametrize("case", PLANTED)
def test_nothing_that_residents_wrote_is_told(
    created: Body, files: Path, case: str, capsys: pytest.CaptureFixture[str]
) -> None:
    created.done("migrate", SCHEMA_VERSION="2")
    with closing(created.as_owner()) as owner:
        owner.execute("INSERT INTO a VALUES (1, '山田太郎'), (2, '山田太郎')")
    sql, failure = PLANTED[case]
    (files / "0003_less.sql").write_text(f"{CONTRACT}SELECT 1;\n\n{sql}")
    code, result = created.run("migrate", SCHEMA_VERSION="3")
    assert (code, result["code"], result["failed"]) == (4, failure, "0003_less")
    assert "山田" not in str(result)
    assert "TARO" not in str(result)
    assert "statement 2, line 4" in result["reason"]["en"]
    written = capsys.readouterr()
    assert "山田" not in written.out
    (line,) = written.err.splitlines()
    assert line.startswith(own_failures.MARK)


def test_what_the_database_said_is_in_the_bodys_log_alone(
    created: Body, files: Path, tasks: Tasks
) -> None:
    (files / "0002_more.sql").write_text(EXPAND + "INSERT INTO a SELECT '山田太郎'::int")
    with pytest.raises(JobFailed) as caught:
        tasks.run("migrate", {**created.variables(SCHEMA_VERSION="2")})
    failed = caught.value
    on_record = (
        f"{to_document(failed)} {error_signature('migrate', failed)} {failed!r} {failed.fields}"
    )
    assert "山田" not in on_record
    assert failed.remedy is not None
    assert failed.task_arn is not None
    assert failed.task_arn.rpartition("/")[2] in failed.remedy.en
    stream = f"job/job/{failed.task_arn.rpartition('/')[2]}"
    events = tasks.session.client("logs", region_name=tasks.region, endpoint_url=tasks.endpoint)
    found = events.get_log_events(logGroupName=tasks.target.log_group, logStreamName=stream)
    assert "山田太郎" in "".join(event["message"] for event in found["events"])


def test_a_migration_that_is_not_the_one_approved_is_refused(created: Body, files: Path) -> None:
    approved = approved_word((one.version, one.sha256) for one in read_migrations(files.parent))
    second = files / "0002_more.sql"
    kept = second.read_text()
    second.write_text(kept + "-- and more\n")
    given = {"SCHEMA_VERSION": "2", "MIGRATIONS_APPROVED": approved}
    code, result = created.run("migrate", **given)
    assert (code, result["code"]) == (4, "unapproved-migration")
    assert "0002_more" in result["reason"]["en"]
    second.write_text(kept)
    assert created.run("migrate", SCHEMA_VERSION="2", MIGRATIONS_APPROVED="-")[0] == 4
    assert rows(created.as_owner(), "SELECT count(*) FROM moyai_migration") == [(0,)]
    assert [one["version"] for one in created.done("migrate", **given)["applied"]] == [1, 2]
    assert created.run("migrate", SCHEMA_VERSION="3", MIGRATIONS_APPROVED="x")[0] != 0
