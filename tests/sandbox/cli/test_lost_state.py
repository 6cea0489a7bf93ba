"""What Moyai keeps may be damaged or gone: each is told, mended, and stays one body's matter."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import boto3
import pytest
from federations import DAY, Federation

TENANT = "272027"
WAITING = "outdated"
"""Its status where all is well: the file has a newer target release, which waits for an upgrade."""


def state(federation: Federation, *parts: str) -> Path:
    return federation.home.joinpath("sites", "sandbox", "state", *parts)


def record(federation: Federation) -> Path:
    return state(federation, ".moyai", "records", "moyai-tenant", f"{TENANT}.json")


def _keys(federation: Federation) -> int:
    found: Any = boto3.client(
        "kms",
        endpoint_url=(variables := federation.variables())["AWS_ENDPOINT_URL"],
        region_name=variables["AWS_REGION"],
        aws_access_key_id=variables["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=variables["AWS_SECRET_ACCESS_KEY"],
    )
    return len(found.list_keys(Limit=1000)["Keys"])


def mended(federation: Federation) -> None:
    """A deploy puts it right, without moving a release."""
    assert federation.statuses()["273813"]["status"] == "current"
    federation.ok("deploy", TENANT, "--as-of", DAY)
    found = federation.statuses()[TENANT]
    assert found["status"] == "outdated"
    assert found["reasons"] == [
        "eapp-b 1.0.0 → 1.1.0: outdated, waits for upgrade (moyai upgrade eapp-b 1.1.0)"
    ]
    assert found["releases"] == {"chat": "1.0.0", "eapp-b": "1.0.0"}


@pytest.fixture(scope="module", autouse=True)
def newer_target(federation: Federation) -> None:
    """A release that only an upgrade may move to, whatever was lost."""
    federation.target("eapp-b", "1.1.0")


@pytest.mark.parametrize("content", ["[]", None])
def test_a_damaged_or_missing_record(federation: Federation, content: str | None) -> None:
    if content is None:
        record(federation).unlink()
    else:
        record(federation).write_text(content)
    found = federation.statuses()
    assert found[TENANT]["status"] == "unknown"
    assert "made anew from its checkpoint" in found[TENANT]["reasons"][0]
    plan = federation.ok("plan", "--as-of", DAY, "--output", "json").json()
    assert {one["code"]: one["action"] for one in plan} == {
        "272027": "update",
        "272043": "none",
        "273813": "none",
    }
    mended(federation)


def test_a_missing_checkpoint_goes_back_to_its_copy(federation: Federation) -> None:
    path = state(federation, ".pulumi", "stacks", "moyai-tenant", f"{TENANT}.json")
    path.unlink()
    assert federation.statuses()[TENANT]["status"] == "unknown"
    keys = _keys(federation)
    answer = federation.ok("deploy", TENANT, "--as-of", DAY)
    assert _keys(federation) == keys
    assert "went back from a damaged or missing checkpoint" in answer.out
    mended(federation)


def test_a_checkpoint_that_is_no_file(federation: Federation) -> None:
    path = state(federation, ".pulumi", "stacks", "moyai-tenant", f"{TENANT}.json")
    kept = path.read_bytes()
    path.unlink()
    path.mkdir()
    for command in ("status", "plan", "deploy"):
        answer = federation.moyai(command, "--as-of", DAY)
        assert answer.code == 4, answer.out + answer.err
        assert str(path) in answer.err
        assert "Traceback" not in answer.err
    path.rmdir()
    path.write_bytes(kept)
    mended(federation)


def test_a_damaged_history_of_files(federation: Federation) -> None:
    state(federation, ".moyai", "history", "tenants.json").write_text("[")
    for command in ("plan", "deploy"):
        answer = federation.moyai(command, "--as-of", DAY)
        assert answer.code == 4
        assert "--allow-older" in answer.err
        assert "Traceback" not in answer.err
    federation.edit("daily: 35", "daily: 36")
    federation.ok("deploy", "--as-of", DAY, "--allow-older")
    federation.edit("daily: 36", "daily: 35")
    federation.ok("deploy", "--as-of", DAY)


def test_what_data_hang_on_is_refused_before_an_engine_starts(federation: Federation) -> None:
    before = federation.file.read_text(encoding="utf-8")
    federation.edit("  slug: osaka\n", "  slug: oosaka\n")
    answer = federation.moyai("plan", "--as-of", DAY)
    assert answer.code == 5
    assert "the federation's slug changed from osaka to oosaka" in answer.out
    assert "0 to create, 0 to update, 0 unchanged, 3 refused" in answer.out
    assert answer.err == ""
    assert federation.moyai("deploy", "--as-of", DAY).code == 5
    federation.file.write_text(before, encoding="utf-8")
    federation.edit("      cidr: 10.0.0.0/16\n", "      cidr: 10.1.0.0/16\n")
    answer = federation.moyai("plan", "--as-of", DAY)
    assert answer.code == 5
    assert "its network (CIDR) changed from 10.0.0.0/16 to 10.1.0.0/16" in answer.out
    assert "cell-a of the foundation is refused" in answer.out
    assert federation.moyai("deploy", "--as-of", DAY).code == 5
    federation.file.write_text(before, encoding="utf-8")


def test_a_foundation_that_failed_is_not_passed_over(federation: Federation) -> None:
    path = state(federation, ".moyai", "records", "moyai-foundation", "cell-a.json")
    kept = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({**kept, "failure": "the disk is full"}), encoding="utf-8")
    found = federation.statuses()
    assert {one["status"] for one in found.values()} == {"unknown"}
    assert found[TENANT]["reasons"] == ["foundation cell-a: the disk is full"]
    federation.ok("deploy", "--as-of", DAY)
    assert federation.statuses()["273813"]["status"] == "current"


def test_a_role_whose_password_was_changed_is_seen_and_mended(federation: Federation) -> None:
    words = "ALTER ROLE chat_272027_app PASSWORD 'another one, twenty-four signs'"
    federation.ok("sandbox", "psql", TENANT, "chat", "-c", words)
    answer = federation.ok("deploy", "--refresh", TENANT, "--as-of", DAY)
    assert "moyai:index:Database chat had drifted [access]" in answer.out
    federation.ok("onboard", TENANT, "--yes", "--as-of", DAY)
    assert federation.statuses()[TENANT]["status"] == WAITING


def test_what_failed_is_checked_again_before_it_counts(federation: Federation) -> None:
    health = federation.folder / "stacks" / "services" / "chat" / "health.sql"
    sound = health.read_bytes()
    health.write_bytes(sound.replace(b"SELECT probe", b"SELECT no_such_column"))
    try:
        for command in (["deploy", "--refresh", TENANT], ["deploy", TENANT]):
            answer = federation.moyai(*command, "--as-of", DAY)
            assert answer.code == 4, answer.out + answer.err
            assert federation.statuses()[TENANT]["status"] == "failed"
    finally:
        health.write_bytes(sound)
    federation.ok("deploy", TENANT, "--as-of", DAY)
    assert federation.statuses()[TENANT]["status"] == WAITING
