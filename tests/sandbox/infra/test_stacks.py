"""A cell, a body in it and a body apart, made and looked at live; runs again; ends."""

from __future__ import annotations

import dataclasses
import json
from datetime import date
from typing import Any

import pytest
from infra_federation import DAY, LAST_DAY_OF_CHAT, Federation
from sandboxes import BACKUP_REGION

from moyai.engine.stacks import RunResult, Step
from moyai.operations.inside.jobs import nothing_written
from moyai.planning.quotas import usage

CITY, OWN = "272027", "271403"


@pytest.fixture(scope="module")
def city(federation: Federation) -> RunResult:
    return federation.up(CITY)


@pytest.fixture(scope="module")
def own(federation: Federation) -> RunResult:
    return federation.up(OWN)


def changes(result: RunResult) -> list[Step]:
    """What a run did but for reading other stacks' outputs."""
    return [step for step in result.steps if step.op != "read"]


def test_second_run_changes_nothing(
    federation: Federation, city: RunResult, own: RunResult
) -> None:
    for name in ("shared", "cell-a", CITY, OWN):
        again = federation.up(name)
        assert changes(again) == [], name
        assert set(again.summary) == {"same"}


def test_another_day_changes_nothing_by_itself(federation: Federation, city: RunResult) -> None:
    assert changes(federation.up(CITY, day="2026-12-24")) == []


def test_refresh_finds_what_was_made(
    federation: Federation, city: RunResult, own: RunResult
) -> None:
    for name in ("shared", "cell-a", CITY, OWN):
        looked = federation.run(name, refresh=True)
        assert looked.ok, looked.error
        assert looked.drift == (), name
        assert changes(looked) == [], name


def test_bucket_is_encrypted_with_the_bodys_key_and_closed(
    federation: Federation, city: RunResult
) -> None:
    s3, bucket = federation.aws("s3"), str(city.outputs["documents_bucket"])
    (rule,) = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"]
    default = rule["ApplyServerSideEncryptionByDefault"]
    assert default["KMSMasterKeyID"] == city.outputs["key_arn"]
    closed = s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
    assert all(closed.values())
    policy = json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"])
    assert {"TlsOnly", "Tls12"} <= {one["Sid"] for one in policy["Statement"]}
    assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"
    tags = {one["Key"]: one["Value"] for one in s3.get_bucket_tagging(Bucket=bucket)["TagSet"]}
    assert (tags["moyai:tenant"], tags["moyai:federation"]) == (CITY, "osaka")


def test_backups_cannot_be_deleted_before_their_time(
    federation: Federation, city: RunResult
) -> None:
    s3, bucket = federation.aws("s3"), str(city.outputs["backups_bucket"])
    lock = s3.get_object_lock_configuration(Bucket=bucket)["ObjectLockConfiguration"]
    assert lock["Rule"]["DefaultRetention"]["Mode"] == "COMPLIANCE"


def test_aws_watches_the_bodys_budget(federation: Federation, city: RunResult) -> None:
    aws = federation.aws("budgets")
    which = {"AccountId": federation.site.site.account_id, "BudgetName": f"osaka-budget-{CITY}"}
    found = aws.describe_budget(**which)["Budget"]
    assert found["BudgetLimit"] == {"Amount": "99.50", "Unit": "USD"}
    assert found["FilterExpression"]["Tags"] == {"Key": "moyai:tenant", "Values": [CITY]}
    topic = {
        "SubscriptionType": "SNS",
        "Address": federation.outputs["shared"]["alarm_topic_arn"],
    }
    told = aws.describe_notifications_for_budget(**which)["Notifications"]
    assert len(told) == 3
    for one in told:
        heard = aws.describe_subscribers_for_notification(**which, Notification=one)
        assert heard["Subscribers"] == [topic]


def test_key_rotates_and_has_a_replica(federation: Federation, city: RunResult) -> None:
    key = str(city.outputs["key_arn"]).rpartition("/")[2]
    assert federation.aws("kms").get_key_rotation_status(KeyId=key)["KeyRotationEnabled"]
    away = federation.aws("kms", BACKUP_REGION).describe_key(KeyId=key)["KeyMetadata"]
    assert away["Arn"] == city.outputs["replica_key_arn"]
    assert away["MultiRegionConfiguration"]["MultiRegionKeyType"] == "REPLICA"


def test_service_works_with_its_own_credentials_only(
    federation: Federation, city: RunResult
) -> None:
    """The migration as the owner, then the health check as the service's task role."""
    for service in ("chat", "eapp-b"):
        release = federation.releases(CITY, DAY)[service]
        migrated = federation.inside.migrate(federation.registry, city.outputs, service, release)
        assert migrated.fields["ok"] is True
        healthy = federation.inside.health(federation.registry, city.outputs, service, release)
        names = {check["name"] for check in healthy.fields["checks"]}  # type: ignore[union-attr, index, call-overload]
        assert {"connect", "schema-version", "write-object", "own-database-only"} <= names


def test_staff_route_is_open_to_the_bodys_lgwan_range(
    federation: Federation, city: RunResult
) -> None:
    elb = federation.aws("elbv2")
    listener = str(federation.outputs["cell-a"]["staff_listener_arn"])
    rules = elb.describe_rules(ListenerArn=listener)["Rules"]
    conditions = {
        tuple(sorted(_values(one) for one in rule["Conditions"]))
        for rule in rules
        if not rule["IsDefault"]
    }
    assert conditions == {
        (("10.200.3.0/24",), (f"kishiwada.{name}.osaka.example.jp",))
        for name in ("chat", "shinsei-b-staff")
    }


def _values(condition: dict[str, Any]) -> tuple[str, ...]:
    config = condition.get("HostHeaderConfig") or condition["SourceIpConfig"]
    return tuple(config["Values"])


def test_hosts_lead_to_the_load_balancers(federation: Federation, city: RunResult) -> None:
    zone = federation.outputs["shared"]["zone_id"]
    records = federation.aws("route53").list_resource_record_sets(HostedZoneId=zone)
    found = {
        one["Name"].rstrip("."): one["AliasTarget"]["DNSName"].rstrip(".")
        for one in records["ResourceRecordSets"]
        if "AliasTarget" in one
    }
    cell = federation.outputs["cell-a"]
    assert found["kishiwada.shinsei-b.osaka.example.jp"] == cell["public_dns_name"]
    assert found["kishiwada.chat.osaka.example.jp"] == cell["staff_dns_name"]


def test_network_isolation_shares_neither_network_nor_cluster(
    federation: Federation, city: RunResult, own: RunResult
) -> None:
    clusters = {
        one["DBClusterIdentifier"]: one
        for one in federation.aws("rds").describe_db_clusters()["DBClusters"]
        if one["DBClusterIdentifier"].startswith("osaka-")
    }
    assert set(clusters) == {"osaka-cell-a", f"osaka-{OWN}"}
    for cluster in clusters.values():
        assert cluster["StorageEncrypted"]
        assert cluster["BackupRetentionPeriod"] == 35
        assert cluster["DeletionProtection"]
    assert clusters[f"osaka-{OWN}"]["KmsKeyId"] == own.outputs["key_arn"]
    services: Any = own.outputs["services"]
    assert services["eapp-a"]["database_host"] == clusters[f"osaka-{OWN}"]["Endpoint"]
    vpcs = federation.aws("ec2").describe_vpcs()["Vpcs"]
    assert {"10.0.0.0/16", "10.64.0.0/20"} <= {one["CidrBlock"] for one in vpcs}
    release = federation.releases(OWN, DAY)["eapp-a"]
    migrated = federation.inside.migrate(federation.registry, own.outputs, "eapp-a", release)
    assert migrated.fields["ok"] is True


def test_a_preview_of_other_tags_says_what_the_run_does(
    federation: Federation, city: RunResult, own: RunResult
) -> None:
    words = federation.file.read_text(encoding="utf-8")
    before, after = "cost_centre: kyodo-unyo\n", "cost_centre: kyodo-2027\n"
    assert before in words
    federation.file.write_text(words.replace(before, after), encoding="utf-8")
    for name in (CITY, OWN):
        previewed = federation.run(name, "preview")
        assert previewed.ok, previewed.error
        done = changes(federation.up(name))
        assert {(one.type, one.name, one.op) for one in changes(previewed)} == {
            (one.type, one.name, one.op) for one in done
        }
        assert len(done) > 5


def test_live_rules_are_as_many_as_the_quotas_count(
    federation: Federation, city: RunResult
) -> None:
    registry = federation.registry
    (alone,) = [one for one in registry.tenants if one.code == CITY]
    needed = usage(dataclasses.replace(registry, tenants=(alone,)), date.fromisoformat(DAY))
    elb = federation.aws("elbv2")
    for way in ("public", "staff"):
        listener = str(federation.outputs["cell-a"][f"{way}_listener_arn"])
        rules = [
            one for one in elb.describe_rules(ListenerArn=listener)["Rules"] if not one["IsDefault"]
        ]
        assert len(rules) == needed[f"rules-{way}", "a"]


def test_state_holds_no_password(federation: Federation, city: RunResult) -> None:
    secrets = federation.aws("secretsmanager")
    services: Any = city.outputs["services"]
    arn = services["chat"]["app_secret_arn"]
    password = json.loads(secrets.get_secret_value(SecretId=arn)["SecretString"])["password"]
    kept = [path for path in federation.site.home.rglob("*.json*") if path.is_file()]
    states = [path for path in kept if CITY in path.name]
    assert states, "the checkpoint is among what is kept"
    assert not [path for path in states if password.encode() in path.read_bytes()]


def test_a_subscription_is_backed_up_and_restored_with_its_own_jobs_roles(
    federation: Federation, city: RunResult
) -> None:
    inside, registry, outputs = federation.inside, federation.registry, city.outputs
    release = federation.releases(CITY, DAY)["chat"]
    given = (registry, outputs, "chat", release)
    inside.migrate(*given)
    closed = inside.writes_close(*given, by="20261126-1")
    assert closed.fields["closed"] is True
    inside.health(*given)
    backup = inside.dump(*given, backup_id="20261126-1").fields
    assert backup["key"].startswith("backups/chat/")
    assert nothing_written(backup, inside.writes_count(*given).fields)
    tried = inside.restore_test(*given, manifest=backup["manifest"])
    assert tried.fields["tables"] == backup["tables"]
    objects = backup["token"]["objects"]
    for _ in range(2):  # once more is as well
        inside.restore(*given, manifest=backup["manifest"], objects_sha256=objects)
    assert not nothing_written(backup, inside.writes_count(*given).fields)
    assert inside.writes_state(*given).fields["closed_by"] == "20261126-1"
    inside.restore_forget(outputs, "chat")
    inside.writes_open(*given, by="20261126-1")
    inside.health(*given)
    assert changes(federation.up(CITY)) == []


KEPT = {"Bucket", "Database", "Key", "LogGroup", "ReplicaKey", "Secret"}


def test_data_outlive_a_destroy(federation: Federation, city: RunResult) -> None:
    result = federation.run(CITY, "destroy")
    assert not result.ok
    gone = {step.type.rpartition(":")[2] for step in result.steps if step.op == "delete"}
    assert not gone & KEPT
    again = federation.up(CITY)
    made = {step.type.rpartition(":")[2] for step in again.steps if step.op == "create"}
    assert not made & KEPT
    assert changes(federation.up(CITY)) == []


def test_ended_subscription_stops_and_keeps_its_data(
    federation: Federation, city: RunResult
) -> None:
    ended = federation.up(CITY, day=LAST_DAY_OF_CHAT)
    gone = {
        (step.type.rpartition(":")[2], step.name) for step in ended.steps if step.op == "delete"
    }
    assert ("Service", "chat") in gone
    assert ("TargetGroup", "chat-staff") in gone
    assert not {kind for kind, _ in gone} & KEPT
    services: Any = ended.outputs["services"]
    assert services["chat"]["active"] is False
    cluster = str(federation.outputs["cell-a"]["ecs_cluster_arn"])
    known = federation.aws("ecs").describe_services(
        cluster=cluster, services=[f"osaka-{CITY}-chat", f"osaka-{CITY}-eapp-b"]
    )["services"]
    running = [one["serviceName"] for one in known if one["status"] == "ACTIVE"]
    assert running == [f"osaka-{CITY}-eapp-b"]
    release = federation.releases(CITY, DAY)["chat"]
    still = federation.inside.migrate(federation.registry, ended.outputs, "chat", release)
    assert still.fields["ok"] is True
    back = federation.up(CITY)
    assert ("create", "Service") in {
        (step.op, step.type.rpartition(":")[2]) for step in back.steps if step.name == "chat"
    }
