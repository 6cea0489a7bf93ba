"""Health checks with the application's own credentials."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from tests.sample import SERVICES

from .conftest import Body


@pytest.fixture
def migrated(created: Body) -> Body:
    created.done("migrate")
    return created


def _failed(result: dict[str, Any]) -> dict[str, str]:
    return {check["name"]: check["code"] for check in result["checks"] if not check["ok"]}


def test_a_healthy_service_passes_every_check_and_leaves_nothing(migrated: Body) -> None:
    result = migrated.done("health")
    assert [check["name"] for check in result["checks"]] == [
        "connect",
        "schema-version",
        "write-row",
        "read-row",
        "delete-row",
        "applicant-kinds",
        "applications",
        "cannot-create",
        "cannot-alter",
        "own-database-only",
        "write-object",
        "read-object",
        "delete-object",
    ]
    assert all(check["ok"] and check["ms"] >= 0 for check in result["checks"])
    with closing(migrated.as_app()) as app:
        assert app.execute("SELECT count(*) FROM health_probe").fetchone() == (0,)
    listed = migrated.cluster.aws("s3").list_objects_v2(Bucket=migrated.bucket)
    assert listed["KeyCount"] == 0


def test_what_is_broken_is_named_and_the_rest_still_tried(migrated: Body) -> None:
    with closing(migrated.as_owner()) as owner:
        owner.execute("DROP TABLE health_probe")
        owner.execute(f"GRANT CREATE ON SCHEMA public TO {migrated.app}")
    code, result = migrated.run("health", DOCUMENTS_BUCKET="no-such-bucket", SCHEMA_VERSION="2")
    assert (code, result["code"]) == (4, "unhealthy")
    assert _failed(result) == {
        "schema-version": "schema-version",
        "write-row": "sql:42P01",
        "read-row": "sql:42P01",
        "delete-row": "sql:42P01",
        "cannot-create": "too-much-power",
        "write-object": "aws:NoSuchBucket",
    }
    with closing(migrated.as_owner()) as owner:
        assert owner.execute("SELECT to_regclass('moyai_intruder')").fetchone() == (None,)


def test_a_wrong_password_fails_the_connection_and_no_other_channel(migrated: Body) -> None:
    with closing(migrated.cluster.master()) as master:
        master.execute(f"ALTER ROLE {migrated.app} PASSWORD 'other'")
    code, result = migrated.run("health")
    assert (code, _failed(result)) == (4, {"connect": "wrong-password"})
    assert [c["name"] for c in result["checks"]][1:] == [
        "write-object",
        "read-object",
        "delete-object",
    ]


def test_an_open_neighbour_is_a_failure(migrated: Body) -> None:
    with closing(migrated.cluster.master()) as master:
        master.execute("GRANT CONNECT ON DATABASE postgres TO PUBLIC")
    try:
        code, result = migrated.run("health")
        assert (code, _failed(result)) == (4, {"own-database-only": "open-neighbour"})
        assert "postgres" in str(result["checks"])
    finally:
        with closing(migrated.cluster.master()) as master:
            master.execute("REVOKE ALL ON DATABASE postgres FROM PUBLIC")


def test_statements_of_a_service_must_read_back_what_they_wrote(
    migrated: Body, tmp_path: Path
) -> None:
    folder = tmp_path / "eapp-b"
    folder.mkdir()
    (folder / "migrations").symlink_to(SERVICES / "eapp-b" / "migrations")
    (folder / "health.sql").write_text(
        "-- check: lost\n-- expect: probe\nSELECT gen_random_uuid() WHERE %(probe)s IS NOT NULL\n"
        "-- check: empty\n-- expect: rows\nSELECT 1 FROM application\n"
    )
    code, result = migrated.run("health", SERVICES_DIR=str(tmp_path))
    assert (code, _failed(result)) == (4, {"lost": "not-read-back", "empty": "no-rows"})
