"""What the plugin says where something is not so: to the point, and without secrets."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from case import Aws, World
from cases.security import trust
from protocol import Engine, Failed, changed
from pulumi.runtime.proto import provider_pb2
from sandboxes import REGION

from moyai.engine.sites import EmbeddedSite
from moyai.provider.properties import from_struct, to_struct

BUCKET = "aws:s3/bucket:Bucket"
ROLE = "aws:iam/role:Role"


@pytest.fixture
def world(engine: Engine, aws: Aws) -> Iterator[World]:
    world = World(engine, aws, "refusals")
    yield world
    world.clear()


def test_an_unsupported_property_is_named_with_the_known_ones(engine: Engine) -> None:
    _, failures = engine.check(BUCKET, "a", {"acl": "private", "buckt": "x"})
    assert "no property 'acl' here" in failures["acl"]
    assert "did you mean bucket?" in failures["buckt"]


def test_an_unknown_nested_property_is_named(engine: Engine) -> None:
    kind = "aws:s3/bucketVersioning:BucketVersioning"
    inputs = {"bucket": "x", "versioningConfiguration": {"statuss": "Enabled"}}
    failures = engine.check(kind, "a", inputs)[1]
    assert set(failures) == {"versioningConfiguration.statuss", "versioningConfiguration.status"}


def test_an_unknown_type_is_named_with_the_nearest(engine: Engine) -> None:
    with pytest.raises(Failed, match="did you mean aws:s3/bucket:Bucket"):
        engine.check("aws:s3/buket:Buket", "a", {})


def test_a_refusal_names_operation_code_and_resource(engine: Engine) -> None:
    inputs = {"role": "no-such-role", "policy": trust()}
    with pytest.raises(Failed) as caught:
        engine.create("aws:iam/rolePolicy:RolePolicy", "a", {**inputs, "name": "x"})
    told = str(caught.value)
    assert told.startswith("AWS refused iam:PutRolePolicy for x (NoSuchEntity): ")


def test_what_an_interrupted_run_left_is_told_from_what_is_another_s(world: World) -> None:
    tags = {"moyai:tenant": "271004"}
    name = {"bucket": "refusals-left", "tags": tags}
    world.make(BUCKET, "left", name)
    with pytest.raises(Failed) as caught:
        world.engine.create(BUCKET, "again", name)
    told = str(caught.value)
    assert "refusals-left" in told
    assert "What is there was not touched." in told
    assert "an interrupted run left it" in told
    with pytest.raises(Failed, match="Choose another name"):
        world.engine.create(BUCKET, "again", {**name, "tags": {"moyai:tenant": "271403"}})


@pytest.mark.parametrize(
    ("token", "inputs"),
    [
        ("aws:cloudwatch/logGroup:LogGroup", {"name": "/refusals/a"}),
        ("aws:cloudwatch/metricAlarm:MetricAlarm", {"name": "refusals"}),
        ("aws:ssm/parameter:Parameter", {"name": "/refusals/a", "type": "String", "value": "x"}),
        ("aws:secretsmanager/secret:Secret", {"name": "refusals", "recoveryWindowInDays": 0}),
        (ROLE, {"name": "refusals", "assumeRolePolicy": trust()}),
        ("aws:backup/vault:Vault", {"name": "refusals"}),
    ],
)
def test_nothing_that_is_there_is_taken_silently(
    world: World, token: str, inputs: dict[str, Any]
) -> None:
    if "Alarm" in token:
        inputs |= {"comparisonOperator": "GreaterThanThreshold", "evaluationPeriods": 1}
        inputs |= {"metricName": "a", "namespace": "b", "period": 60, "statistic": "Sum"}
    world.make(token, "first", {**inputs, "tags": {"a": "b"}})
    with pytest.raises(Failed, match="an interrupted run left it"):
        world.engine.create(token, "second", {**inputs, "tags": {"a": "b"}})


def test_a_bucket_with_objects_stays(world: World) -> None:
    bucket = world.engine.create(BUCKET, "full", {})
    s3 = world.aws("s3")
    s3.put_object(Bucket=bucket.id, Key="a", Body=b"x")
    with pytest.raises(Failed, match=f"s3:DeleteBucket for {bucket.id} .BucketNotEmpty."):
        world.engine.delete(bucket)
    emptied = world.engine.update(bucket, {"forceDestroy": True})
    world.engine.delete(emptied)
    assert world.engine.refresh(emptied) is None


def test_a_cluster_without_a_name_for_its_last_snapshot_stays(engine: Engine) -> None:
    kind = "aws:rds/cluster:Cluster"
    from protocol import Resource

    cluster = Resource(kind, "a", "refusals", {}, {"region": REGION})
    with pytest.raises(Failed, match="finalSnapshotIdentifier"):
        engine.delete(cluster)


def test_secrets_are_in_no_message(engine: Engine) -> None:
    secret = "hunter2-hunter2"
    kind = "aws:ssm/parameter:Parameter"
    wanted = {"name": f"/{secret}?!", "type": "Nonsense", "value": "x", "region": REGION}
    struct = to_struct(wanted, {"name": None})
    request = provider_pb2.CreateRequest(urn=f"urn:pulumi:test::test::{kind}::a", properties=struct)
    with pytest.raises(Failed) as caught:
        engine.rpc("Create", request)
    assert secret not in str(caught.value)
    assert "[secret]" in str(caught.value)


def test_tags_that_are_secrets_are_so_in_all_outputs(world: World) -> None:
    kind = "aws:sns/topic:Topic"
    struct = to_struct(
        {"name": "refusals", "region": REGION, "tags": {"a": "hunter2"}}, {"tags": {"a": None}}
    )
    urn = f"urn:pulumi:test::test::{kind}::a"
    answer = world.engine.rpc("Create", provider_pb2.CreateRequest(urn=urn, properties=struct))
    from moyai.provider.properties import read_struct

    told, places = read_struct(answer.properties)
    assert places == {"tags": {"a": None}, "tagsAll": None}
    assert from_struct(answer.properties)["tagsAll"] == {"a": "hunter2"}
    delete = provider_pb2.DeleteRequest(urn=urn, id=answer.id, properties=to_struct(told))
    world.engine.rpc("Delete", delete)


def test_an_import_finds_another_region(world: World) -> None:
    kind = "aws:sns/topic:Topic"
    inputs = {"name": "refusals-far", "region": "ap-northeast-3"}
    made = world.make(kind, "far", inputs)
    found = world.engine.import_(kind, "far", f"{made.id}@ap-northeast-3")
    assert found is not None
    assert found.inputs["region"] == "ap-northeast-3"
    assert not changed(world.engine.diff(found, inputs))
    assert world.engine.import_(kind, "far", made.id.replace("ap-northeast-3", REGION)) is None


def test_a_half_made_resource_is_completed_by_the_next_update(world: World) -> None:
    """A bucket is there, its tags are refused: the engine keeps it, and updates it again."""
    urn = f"urn:pulumi:test::test::{BUCKET}::half"
    bad = {"bucket": "refusals-half", "region": REGION, "tags": {"aws:reserved": "x"}}
    request = provider_pb2.CreateRequest(urn=urn, properties=to_struct(bad))
    with pytest.raises(Failed, match="s3:PutBucketTagging for refusals-half"):
        world.engine.rpc("Create", request)
    good = {**bad, "tags": {"fine": "y"}}
    update = provider_pb2.UpdateRequest(
        urn=urn,
        id="refusals-half",
        olds=to_struct(good),
        old_inputs=to_struct(good),
        news=to_struct(good),
    )
    world.engine.rpc("Update", update)
    s3 = world.aws("s3")
    tags = s3.get_bucket_tagging(Bucket="refusals-half")["TagSet"]
    assert tags == [{"Key": "fine", "Value": "y"}]
    s3.delete_bucket(Bucket="refusals-half")


def configured(engine: Engine, **settings: Any) -> None:
    values = {
        name: value if isinstance(value, str) else json.dumps(value)
        for name, value in settings.items()
    }
    engine.rpc("Configure", provider_pb2.ConfigureRequest(args=to_struct(values)))


def test_a_configuration_for_this_account_and_region_is_taken(engine: Engine) -> None:
    configured(engine, region=REGION, allowedAccountIds=["123456789012"])
    configured(engine)


def test_another_region_or_account_is_refused(engine: Engine) -> None:
    with pytest.raises(Failed, match="this plugin serves ap-northeast-1, not us-east-1"):
        configured(engine, region="us-east-1")
    with pytest.raises(Failed, match="the account 123456789012 is not one"):
        configured(engine, allowedAccountIds=["000000000000"])
    with pytest.raises(Failed, match="is not one that this program is for"):
        configured(engine, forbiddenAccountIds=["123456789012"])


def test_default_tags_are_refused(engine: Engine) -> None:
    request = provider_pb2.CheckRequest(news=to_struct({"defaultTags": "{}"}))
    (failure,) = engine.rpc("CheckConfig", request).failures
    assert failure.property == "defaultTags"
    assert "tags belong on each resource" in failure.reason


def test_where_aws_does_not_answer_that_is_said(sandbox: EmbeddedSite) -> None:
    environment = {
        **os.environ,
        **sandbox.environment(),
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
        "AWS_MAX_ATTEMPTS": "1",
    }
    command = [sys.executable, "-m", "moyai.sandbox.aws"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment
    ) as process:
        assert process.stdout is not None
        engine = Engine(int(process.stdout.readline()))
        with pytest.raises(Failed, match="EndpointConnectionError"):
            engine.create("aws:sns/topic:Topic", "a", {"name": "x"})
        engine.close()
        process.terminate()


def test_a_budgets_amount_and_moments_are_looked_at(engine: Engine, world: World) -> None:
    kind = "aws:budgets/budget:Budget"
    inputs = {"budgetType": "COST", "timeUnit": "MONTHLY", "limitUnit": "USD"}
    wrong = {"limitAmount": "much", "timePeriodStart": "2026-04-01", "costFilters": []}
    failures = engine.check(kind, "a", {**inputs, **wrong})[1]
    assert set(failures) == set(wrong)
    assert "2026-04-01_00:00" in failures["timePeriodStart"]
    with pytest.raises(Failed, match="budgets:CreateBudget"):
        engine.create(kind, "a", inputs)
    made = world.make(kind, "a", {**inputs, "timeUnit": "ANNUALLY", "limitAmount": "1"})
    assert made.outputs["timePeriodStart"].endswith("-01-01_00:00")
