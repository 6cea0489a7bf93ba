"""Deploying, seen from the command line, on the real engine and sandbox.

The tests of this module share one federation and leave it as they found it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import boto3
import pytest
from federations import DAY, Federation


@contextmanager
def changed(federation: Federation) -> Iterator[None]:
    """Put tenants.yaml back afterwards."""
    before = federation.file.read_bytes()
    try:
        yield
    finally:
        federation.file.write_bytes(before)


def test_all_bodies_are_current_with_their_releases(federation: Federation) -> None:
    found = federation.statuses()
    assert {code: one["status"] for code, one in found.items()} == {
        "272027": "current",
        "272043": "current",
        "273813": "current",
    }
    assert found["272027"]["releases"] == {"chat": "1.0.0", "eapp-b": "1.0.0"}
    assert found["273813"]["releases"] == {}


def test_again_there_is_nothing_to_do(federation: Federation) -> None:
    plan = federation.ok("plan", "--as-of", DAY, "--output", "json").json()
    assert [one["action"] for one in plan] == ["none", "none", "none"]
    answer = federation.ok("deploy", "--as-of", DAY)
    assert "Nothing to do" in answer.out


def test_a_changed_setting_is_planned_with_its_reason_and_applied(federation: Federation) -> None:
    with changed(federation):
        federation.edit("retention_days: 365", "retention_days: 400")
        plan = federation.ok("plan", "--as-of", DAY, "--output", "json").json()
        actions = {one["code"]: one["action"] for one in plan}
        assert actions == {"272027": "update", "272043": "update", "273813": "none"}
        assert plan[0]["changed"] == ["subscription:chat"]
        assert plan[0]["reasons"] == ["chat: the subscription changed"]
        shown = federation.ok("plan", "--as-of", DAY).out
        assert "2 bodies:" in shown
        assert "chat-retention_days [value]" in shown
        federation.ok("deploy", "--as-of", DAY)
        ssm = boto3.Session().client("ssm", **_access(federation))
        name = "/moyai/272027/chat/retention_days"
        assert ssm.get_parameter(Name=name)["Parameter"]["Value"] == "400"
    federation.ok("deploy", "--as-of", DAY, "--allow-older")


def _access(federation: Federation) -> dict[str, str]:
    variables = federation.variables()
    return {
        "endpoint_url": variables["AWS_ENDPOINT_URL"],
        "aws_access_key_id": variables["AWS_ACCESS_KEY_ID"],
        "aws_secret_access_key": variables["AWS_SECRET_ACCESS_KEY"],
        "region_name": variables["AWS_REGION"],
    }


def test_an_older_file_is_refused_unless_asked_for(federation: Federation) -> None:
    with changed(federation):
        federation.edit("tier: standard", "tier: premium")
        federation.ok("deploy", "--as-of", DAY)
    answer = federation.moyai("deploy", "--as-of", DAY)
    assert answer.code == 5
    assert "another one was applied after it" in answer.err
    assert "Nothing was touched." in answer.err
    federation.ok("deploy", "--as-of", DAY, "--allow-older")


def _target(federation: Federation, service: str, release: str) -> None:
    """Set a service's target release."""
    text = federation.file.read_text(encoding="utf-8")
    pattern = rf"(?m)^(  {service}:.*\n    release: )\S+"
    after, found = re.subn(pattern, rf"\g<1>{release}", text)
    assert found == 1
    federation.file.write_text(after, encoding="utf-8")


def test_a_target_release_waits_for_upgrade(federation: Federation) -> None:
    with changed(federation):
        _target(federation, "eapp-b", "1.1.0")
        plan = federation.ok("plan", "--as-of", DAY, "--output", "json").json()
        assert plan[0]["action"] == "none"
        assert plan[0]["reasons"] == ["eapp-b 1.0.0 → 1.1.0: outdated, waits for upgrade"]
        assert federation.statuses()["272027"]["status"] == "outdated"


def test_a_body_that_vanished_is_orphaned_and_deploy_refuses(federation: Federation) -> None:
    with changed(federation):
        text = federation.file.read_text(encoding="utf-8")
        start = text.index('  - code: "272043"')
        end = text.index('  - code: "273813"')
        federation.file.write_text(text[:start] + text[end:], encoding="utf-8")
        assert federation.statuses()["272043"]["status"] == "orphaned"
        assert "key_arn" in federation.ok("output", "272043").out
        answer = federation.moyai("deploy", "--as-of", DAY)
        assert answer.code == 5
        assert "Nothing to do" not in answer.out
        assert "moyai exit" in answer.err
        plan = federation.moyai("plan", "--as-of", DAY, "--output", "json")
        assert plan.code == 5
        assert {one["code"]: one["action"] for one in plan.json()}["272043"] == "refused"
    assert federation.statuses()["272043"]["status"] == "current"


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ("      - { service: eapp-b, from: 2022-10-01 }\n", "", "put the entry back"),
        (
            "    lgwan: [10.200.3.0/24]",
            "    isolation: network\n    cidr: 10.64.16.0/20",
            "isolation changed",
        ),
        (
            "first: 2027-03-25, last: 2027-04-07",
            "first: 2026-11-01, last: 2026-11-30",
            "frozen from 2026-11-01",
        ),
    ],
)
def test_what_would_lose_or_move_data_or_touch_a_frozen_body_is_refused(
    federation: Federation, before: str, after: str, words: str
) -> None:
    with changed(federation):
        federation.edit(before, after)
        federation.edit("    name: 岸和田市", "    name: 岸和田市\n    tier: other")
        answer = federation.moyai("deploy", "272027", "--as-of", DAY)
        assert answer.code == 5
        assert words in answer.err
        assert "Nothing to do" not in answer.out
    assert federation.statuses()["272027"]["status"] == "current"


def test_a_subscription_past_its_end_stops_and_keeps_its_data(federation: Federation) -> None:
    with changed(federation):
        federation.edit(
            "{ service: eapp-b, from: 2022-10-01 }",
            "{ service: eapp-b, from: 2022-10-01, until: 2026-11-01 }",
        )
        federation.ok("deploy", "272027", "--as-of", DAY)
        found = federation.ok("output", "272027", "--output", "json").json()
        assert found["services"]["eapp-b"]["active"] is False
        access = _access(federation)
        ecs = boto3.Session().client("ecs", **access)
        names = ["osaka-272027-chat", "osaka-272027-eapp-b"]
        services = ecs.describe_services(cluster="osaka-cell-a", services=names)["services"]
        running = {one["serviceName"] for one in services if one["status"] == "ACTIVE"}
        assert running == {"osaka-272027-chat"}
        kept = federation.ok("sandbox", "psql", "272027", "eapp-b", "-c", "SELECT 40 + 2")
        assert "42" in kept.out
    federation.ok("deploy", "272027", "--as-of", DAY, "--allow-older")


def test_a_bucket_deleted_behind_its_back_is_found_and_made_again(federation: Federation) -> None:
    bucket = federation.ok("output", "273813", "--output", "json").json()["documents_bucket"]
    s3 = boto3.Session().client("s3", **_access(federation))
    s3.delete_bucket(Bucket=bucket)
    answer = federation.ok("deploy", "273813", "--refresh", "--as-of", DAY)
    assert "aws:s3/bucket:Bucket documents was gone" in answer.out
    s3.head_bucket(Bucket=bucket)
    assert federation.statuses()["273813"]["verified_at"] is not None


def test_a_neighbours_database_is_closed(federation: Federation) -> None:
    own = federation.ok("sandbox", "psql", "272027", "chat", "-c", "SELECT current_database()")
    assert "chat_272027" in own.out
    other = federation.moyai(
        "sandbox", "psql", "272027", "chat", "--database", "chat_272043", "-c", "SELECT 1"
    )
    assert other.code != 0
    assert "permission denied for database" in other.err
    sibling = federation.moyai(
        "sandbox", "psql", "272027", "chat", "--database", "eapp_b_272027", "-c", "SELECT 1"
    )
    assert sibling.code != 0
    assert "permission denied for database" in sibling.err


def test_no_secret_is_written_anywhere(federation: Federation) -> None:
    """Every password in Secrets Manager, looked for in all that Moyai keeps beside the cloud."""
    manager = boto3.Session().client("secretsmanager", **_access(federation))
    names = [one["Name"] for one in manager.list_secrets(MaxResults=100)["SecretList"]]
    secrets = [manager.get_secret_value(SecretId=name)["SecretString"] for name in names]
    passwords = [part for words in secrets for part in words.split('"') if len(part) >= 24]
    assert len(passwords) >= 9
    kept = [
        path
        for path in federation.home.rglob("*")
        if path.is_file() and "sites" in path.relative_to(federation.home).parts
    ]
    assert any(path.suffix == ".log" for path in kept)
    assert any("271004" not in path.name and path.name == "272027.json" for path in kept)
    for path in kept:
        content = path.read_bytes()
        for password in passwords:
            assert password.encode() not in content, path


def test_adding_a_body_shows_it_in_the_plan_and_deploys_it(federation: Federation) -> None:
    before = federation.file.read_text(encoding="utf-8")
    added = federation.ok("tenant", "add", "270008", "--lgwan", "10.201.0.0/24")
    assert "270008" in added.out
    after = federation.file.read_text(encoding="utf-8")
    assert after.startswith(before)
    plan = federation.ok("plan", "--as-of", DAY, "--output", "json", "--no-preview").json()
    assert {one["code"]: one["action"] for one in plan}["270008"] == "create"
    federation.ok("deploy", "270008", "--as-of", DAY)
    assert federation.statuses()["270008"]["status"] == "current"
