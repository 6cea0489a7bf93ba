"""Metering with the application's own credentials."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest
from tests.sample import SERVICES

from .conftest import Body

NOVEMBER = {"PERIOD_FIRST": "2026-11-01", "PERIOD_NEXT": "2026-12-01"}
MOMENTS = (
    "2026-10-31 23:59:59+09",
    "2026-11-01 00:00:00+09",
    "2026-11-30 23:59:59+09",
    "2026-12-01 00:00:00+09",
)


@pytest.fixture
def migrated(created: Body) -> Body:
    created.done("migrate")
    return created


def test_a_period_s_applications_and_what_is_stored(migrated: Body) -> None:
    empty = migrated.done("meter", **NOVEMBER)
    assert (empty["meters"], empty["object_bytes"]) == ({"applications": "0"}, 0)
    with closing(migrated.as_app()) as app:
        app.execute(
            "INSERT INTO procedure (code, title, section, form) VALUES ('1', 'p', 's', '{}')"
        )
        for number, moment in enumerate(MOMENTS):
            app.execute(
                "INSERT INTO application (receipt_number, procedure_id, form_version, "
                "applicant_kind_code, applicant_name, answers, submitted_at) "
                "VALUES (%s, 1, 1, 'individual', 'n', '{}', %s)",
                (str(number), moment),
            )
    s3 = migrated.cluster.aws("s3")
    for key, size in (("eapp-b/a", 10), ("eapp-b/b/c", 5), ("chat/a", 100)):
        s3.put_object(Bucket=migrated.bucket, Key=key, Body=b"x" * size)
    result = migrated.done("meter", **NOVEMBER)
    assert result["meters"] == {"applications": "2"}
    assert (result["object_bytes"], result["objects"]) == (15, 2)
    assert result["database_bytes"] >= empty["database_bytes"] > 0


@pytest.mark.parametrize("service", ["chat", "eapp-a", "eapp-b"])
def test_shipped_meters_fit_every_release(migrated: Body, service: str) -> None:
    body = migrated.cluster.body(service)
    body.done("database-create")
    for version in ("1", "2"):
        body.done("migrate", SCHEMA_VERSION=version)
        meters = body.done("meter", **NOVEMBER)["meters"]
        assert set(meters.values()) == {"0"}
    body.done("database-delete")


@pytest.mark.parametrize(
    ("sql", "code"),
    [
        ("SELECT 1.5::float8", "no-number"),
        ("SELECT -1", "no-number"),
        ("SELECT sum(id) FROM procedure", "no-number"),
        ("SELECT id FROM procedure", "no-number"),
        ("SELECT 1, 2", "no-number"),
        ("SELECT true", "no-number"),
        ("SELECT nextval('procedure_id_seq')", "sql:25006"),
        (
            "WITH gone AS (DELETE FROM procedure RETURNING 1) SELECT count(*) FROM gone",
            "sql:25006",
        ),
        ("SELECT set_config('transaction_read_only', 'off', false)", "sql:25001"),
        ("SELECT count(*) FROM moyai_nowhere", "sql:42P01"),
    ],
)
def test_what_is_no_reading_of_a_number_is_refused(
    migrated: Body, tmp_path: Path, sql: str, code: str
) -> None:
    folder = tmp_path / "eapp-b"
    folder.mkdir()
    (folder / "migrations").symlink_to(SERVICES / "eapp-b" / "migrations")
    (folder / "metering.sql").write_text(f"-- meter: applications\n{sql}\n")
    exit_code, result = migrated.run("meter", SERVICES_DIR=str(tmp_path), **NOVEMBER)
    assert (exit_code, result["code"]) == (4, code)


def test_days_and_buckets_that_are_none(migrated: Body) -> None:
    code, result = migrated.run("meter", **{**NOVEMBER, "PERIOD_NEXT": "December"})
    assert (code, result["code"]) == (4, "wrong-variable")
    code, result = migrated.run("meter", DOCUMENTS_BUCKET="no-such-bucket", **NOVEMBER)
    assert (code, result["code"]) == (4, "aws:NoSuchBucket")
