"""Deploying, seen from the command line, on the real engine and sandbox.

The tests of this module share one federation and leave it as they found it.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path

import boto3
import pytest
from federations import DAY, Federation, make_federation


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
        federation.edit("daily: 35", "daily: 36")
        federation.ok("deploy", "--as-of", DAY)
    planned = federation.moyai("plan", "--as-of", DAY, "--output", "json")
    assert planned.code == 5
    assert {one["action"] for one in planned.json()} == {"refused"}
    assert "another one was applied after it" in planned.json()[0]["reasons"][0]
    people = federation.moyai("plan", "--as-of", DAY)
    assert people.code == 5
    assert people.out.count("another one was applied after it") == 1
    allowed = federation.ok("plan", "--as-of", DAY, "--output", "json", "--allow-older").json()
    assert {one["action"] for one in allowed} == {"update"}
    answer = federation.moyai("deploy", "--as-of", DAY)
    assert answer.code == 5
    assert "another one was applied after it" in answer.err
    assert "Nothing was touched." in answer.err
    onboarded = federation.moyai("onboard", "272027", "--as-of", DAY)
    assert "another one was applied after it" in onboarded.err  # and nobody was asked
    assert onboarded.code == 5
    federation.ok("deploy", "--as-of", DAY, "--allow-older")


def test_a_target_release_waits_for_upgrade(federation: Federation) -> None:
    with changed(federation):
        federation.target("eapp-b", "1.1.0")
        plan = federation.ok("plan", "--as-of", DAY, "--output", "json").json()
        assert plan[0]["action"] == "none"
        assert plan[0]["reasons"] == [
            "eapp-b 1.0.0 → 1.1.0: outdated, waits for upgrade (moyai upgrade eapp-b 1.1.0)"
        ]
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
        for others in (["not", "272043"], ["all", "not", "池田市"], ["(272027", "273813)"]):
            rest = federation.moyai("plan", *others, "--as-of", DAY, "--output", "json")
            assert rest.code == 0, rest.err
            assert "272043" not in {one["code"] for one in rest.json()}
        nobody = federation.ok("plan", "272027 and ikeda", "--as-of", DAY, "--output", "json")
        assert nobody.json() == []
        answer = federation.ok("deploy", "272027 and ikeda", "--as-of", DAY)
        assert answer.out == "No body is selected.\n"
    assert federation.statuses()["272043"]["status"] == "current"


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ("      - { service: eapp-b, from: 2022-10-01 }\n", "", "put the entry back"),
        ("eapp-b, from: 2022-10-01", "eapp-b, from: 2027-10-01", "a service ends by an `until`"),
        (
            "    lgwan: [10.200.3.0/24]",
            "    isolation: network\n    cidr: 10.64.16.0/20",
            "isolation changed",
        ),
        (
            "first: 2099-03-25, last: 2099-04-07",
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
        federation.edit("    name: 岸和田市", "    name: 岸和田市\n    backup: { daily: 40 }")
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
        planned = federation.ok("plan", "272027", "--as-of", DAY, "--output", "json").json()
        over = "eapp-b: the subscription is over (the service stops, its data stay)"
        assert over in planned[0]["reasons"]
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
    assert "aws:s3/bucket:Bucket documents was gone; made anew, empty" in answer.out
    gone = [line for line in answer.out.splitlines() if "was gone" in line]
    assert all("was gone; made anew" in line for line in gone)
    again = federation.ok("deploy", "273813", "--refresh", "--as-of", DAY)
    assert "nothing had drifted" in again.out
    s3.head_bucket(Bucket=bucket)
    assert federation.statuses()["273813"]["verified_at"] is not None


def test_a_neighbours_database_is_closed(federation: Federation) -> None:
    own = federation.ok("sandbox", "psql", "272027", "chat", "-c", "SELECT current_database()")
    assert "chat_272027" in own.out
    other = federation.moyai(
        "sandbox", "psql", "272027", "chat", "--database", "chat_272043", "-c", "SELECT 1"
    )
    assert other.code == 4
    assert "permission denied for database" in other.err
    sibling = federation.moyai(
        "sandbox", "psql", "272027", "chat", "--database", "eapp_b_272027", "-c", "SELECT 1"
    )
    assert sibling.code == 4
    assert "permission denied for database" in sibling.err
    wrong = federation.moyai("sandbox", "psql", "272027", "chat", "-c", "SELECT no_such_column")
    assert (wrong.code, "no_such_column" in wrong.err) == (4, True)


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


def test_a_freeze_holds_on_any_day_that_is_given(federation: Federation) -> None:
    today = date.today()  # noqa: DTZ011 - a day more or less, wherever this runs
    first, last = today - timedelta(days=2), today + timedelta(days=2)
    freeze = f"    freezes: [{{ first: {first}, last: {last}, reason: 選挙 }}]\n"
    with changed(federation):
        federation.edit('  - code: "272027"\n', '  - code: "272027"\n' + freeze)
        federation.edit("daily: 35", "daily: 36")
        for day in (DAY, str(today), str(today + timedelta(days=60))):
            plan = federation.moyai("plan", "--as-of", day, "--output", "json", "--allow-older")
            assert plan.code == 5
            assert plan.json()[0]["action"] == "refused"
            assert "frozen from" in plan.json()[0]["reasons"][0]


@pytest.mark.parametrize(
    ("codes", "more", "code", "said"),
    [
        (("272051",), (), 5, "nobody said yes"),
        (("all", "272051"), (), 5, "nobody said yes"),
        (("tag:no-such", "272051"), ("--yes",), 2, "no-such"),
        (("272051", "999999"), ("--yes",), 2, "check digit"),
        (("272051", "272035"), ("--yes", "--service", "no-such"), 2, "no-such"),
        (("272027",), ("--yes", "--service", "chat"), 2, "already in tenants.yaml"),
    ],
)
def test_onboarding_that_comes_to_nothing_leaves_the_file(
    federation: Federation, codes: tuple[str, ...], more: tuple[str, ...], code: int, said: str
) -> None:
    with changed(federation):
        before = federation.file.read_bytes()
        answer = federation.moyai("onboard", *codes, *more, "--as-of", DAY)
        assert said in answer.err
        assert answer.code == code
        assert federation.file.read_bytes() == before


def test_a_reset_that_nobody_agrees_to_is_refused(federation: Federation) -> None:
    answer = federation.moyai("sandbox", "reset")
    assert answer.code == 5
    assert "nobody said yes" in answer.err
    assert federation.statuses()["272027"]["status"] == "current"


def test_previews_name_each_resource_once_and_by_its_own_code(federation: Federation) -> None:
    with changed(federation):
        federation.ok("tenant", "add", "272051")
        shown = federation.ok("plan", "272051", "--as-of", DAY, "--allow-older").out
    lines = [line.strip() for line in shown.splitlines() if line.startswith("  ")]
    assert "+ moyai:infra:Environment 272051" in lines
    assert len(lines) == len(set(lines))
    assert "CODE" not in shown
    assert "StackReference" not in shown


def test_a_refused_deploy_is_listed_for_programs(federation: Federation) -> None:
    with changed(federation):
        federation.edit("    slug: ikeda\n", "    slug: ikeda\n    cell: b\n")
        federation.edit(
            "      cidr: 10.0.0.0/16\n",
            "      cidr: 10.0.0.0/16\n    - name: b\n      cidr: 10.1.0.0/16\n",
        )
        planned = federation.moyai("plan", "--as-of", DAY, "--no-preview")
        assert "every body that the file puts into it is refused" in planned.out
        answer = federation.moyai("deploy", "--as-of", DAY, "--output", "json", "--allow-older")
        assert answer.code == 5
        refused = {one["code"]: one["error"] for one in answer.json() if not one["ok"]}
        assert set(refused) == {"272043"}
        assert "its cell changed from a to b" in refused["272043"]
        rows = federation.moyai("deploy", "--as-of", DAY, "--output", "csv", "--allow-older").out
        assert rows.splitlines()[0] == "code,name,ok,error"


def test_a_body_taken_out_again_is_named_though_the_file_is_an_older_one(
    federation: Federation,
) -> None:
    with changed(federation):
        text = federation.file.read_text(encoding="utf-8")
        start = text.index('  - code: "272043"')
        end = text.index('  - code: "273813"')
        federation.file.write_text(text[:start] + text[end:], encoding="utf-8")
        state = federation.home / "sites" / "sandbox" / "state" / ".moyai" / "history"
        history = state / "tenants.json"
        known = json.loads(history.read_text())
        digest = hashlib.sha256(federation.file.read_bytes()).hexdigest()
        older = {**known[-1], "sha256": digest}
        history.write_text(json.dumps([older, *known]))
        answer = federation.moyai("deploy", "--as-of", DAY)
        history.write_text(json.dumps(known))
        assert answer.code == 5
        assert "another one was applied after it" in answer.err
        assert "272043 池田市 vanished from tenants.yaml" in answer.err
        assert "moyai exit" in answer.err


def test_a_body_that_merged_away_is_an_orphan(federation: Federation) -> None:
    with changed(federation):
        federation.edit(
            '  - code: "272043"\n', '  - code: "272051"\n    former_codes: ["272043"]\n'
        )
        federation.edit("    slug: ikeda\n", "    slug: suita\n")
        federation.edit("    name: 池田市\n", "    name: 吹田市\n")
        found = federation.statuses()
        assert found["272043"]["status"] == "orphaned"
        assert found["272051"]["status"] == "absent"
        for selector in (("all", "not", "272027"), ("272051",)):
            answer = federation.moyai("deploy", *selector, "--as-of", DAY, "--allow-older")
            assert answer.code == 5
            assert "272043 池田市 merged into 272051 吹田市, but its environment" in answer.err
        assert "documents_bucket" in federation.ok("output", "272043").out


def test_one_thing_as_csv(federation: Federation) -> None:
    rows = federation.ok("output", "272027", "--output", "csv").out.splitlines()
    assert rows[0] == "key,value"
    assert "services.chat.release,1.0.0" in rows
    assert any(row.startswith("services.chat.job.subnets[0],subnet-") for row in rows)


def test_variables_for_a_shell_are_quoted(tmp_path: Path) -> None:
    odd = make_federation(tmp_path / "it's a project", tmp_path / "a 'home'; exit 3")
    odd.ok("sandbox", "start")
    lines = odd.ok("sandbox", "env").out
    said = subprocess.run(
        ["sh", "-c", f'{lines}printf %s "$AWS_CONFIG_FILE"'],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert said == odd.variables()["AWS_CONFIG_FILE"]
    assert "a 'home'; exit 3" in said
    odd.moyai("sandbox", "reset", "--yes")


def test_a_service_with_a_new_name_in_the_certificate_is_onboarded_in_one_run(
    federation: Federation,
) -> None:
    """Its name changes the certificate, and with it the cell, which had nothing to do before."""
    services = federation.folder / "stacks" / "services"
    shutil.copytree(services / "chat", services / "library")
    manifest = services / "library" / "manifest.yaml"
    words = manifest.read_text(encoding="utf-8")
    words = words.replace("name: chat", "name: library").replace("chat.{", "library.{")
    manifest.write_text(words, encoding="utf-8")
    text = federation.file.read_text(encoding="utf-8")
    chat = re.search(r"(?m)^  chat:.*\n(?:    .*\n)+", text)
    assert chat is not None
    federation.edit(chat[0], chat[0] + chat[0].replace("  chat:", "  library:"))
    plan = federation.ok("plan", "--as-of", DAY, "--no-preview")
    assert "Where what shared of the foundation exports changes" in plan.out
    answer = federation.ok("deploy", "--as-of", DAY)
    assert "shared: done" in answer.out
    assert "cell-a: done" in answer.out
    assert "Nothing to do" in federation.ok("deploy", "--as-of", DAY).out
