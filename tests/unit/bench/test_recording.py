"""Calls written down: whole enough to replay, without anything secret."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import boto3
import botocore.session
import pytest
from moto import mock_aws
from tests.bench.recording import is_mutating, record_calls


@pytest.mark.parametrize(
    ("operation", "changes"),
    [
        ("CreateBucket", True),
        ("PutBucketPolicy", True),
        ("RegisterTaskDefinition", True),
        ("DescribeVpcs", False),
        ("HeadBucket", False),
        ("GetCallerIdentity", False),
        ("ListTagsForResource", False),
        ("AssumeRole", False),
        ("Decrypt", False),
    ],
)
def test_changes_are_told_from_looks(operation: str, changes: bool) -> None:
    assert is_mutating(operation) == changes


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "x")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "y")
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    with mock_aws():
        yield


def lines(place: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in place.read_text(encoding="utf-8").splitlines()]


def recorded_session(place: Path) -> boto3.Session:
    own = botocore.session.Session()
    record_calls(own, place)
    return boto3.Session(botocore_session=own)


def test_a_call_is_one_line(account: Any, tmp_path: Path) -> None:
    place = tmp_path / "calls"
    session = recorded_session(place)
    logs: Any = session.client("logs", region_name="ap-northeast-3")
    logs.create_log_group(logGroupName="/もやい", tags={"a": "b"})
    logs.describe_log_groups()
    made, described = lines(place)
    assert made["service"] == "logs"
    assert made["region"] == "ap-northeast-3"
    assert made["operation"] == "CreateLogGroup"
    assert made["params"] == {"logGroupName": "/もやい", "tags": {"a": "b"}}
    assert made["mutating"]
    assert made["error"] is None
    assert made["seconds"] > 0
    assert not described["mutating"]
    assert described["response"]["logGroups"][0]["logGroupName"] == "/もやい"


def test_what_aws_calls_sensitive_is_left_out(account: Any, tmp_path: Path) -> None:
    place = tmp_path / "calls"
    session = recorded_session(place)
    region = "ap-northeast-1"
    secrets: Any = session.client("secretsmanager", region_name=region)
    secrets.create_secret(Name="a", SecretString="hush-one")
    secrets.get_secret_value(SecretId="a")
    ssm: Any = session.client("ssm", region_name=region)
    ssm.put_parameter(Name="b", Value="hush-two", Type="SecureString")
    rds: Any = session.client("rds", region_name=region)
    rds.create_db_cluster(
        DBClusterIdentifier="c",
        Engine="aurora-postgresql",
        MasterUsername="m",
        MasterUserPassword="hush-three",
    )
    ecs: Any = session.client("ecs", region_name=region)
    container = {
        "name": "job",
        "image": "i",
        "memory": 512,
        "environment": [{"name": "A", "value": "hush-four"}],
    }
    ecs.register_task_definition(family="d", containerDefinitions=[container])
    assert "hush" not in place.read_text(encoding="utf-8")
    assert len(lines(place)) == 5
    told = lines(place)[-1]["params"]["containerDefinitions"][0]["environment"]
    assert told == [{"name": "[secret]", "value": "[secret]"}]
    assert oct(place.stat().st_mode)[-3:] == "600"


def test_refused_calls_say_their_code(account: Any, tmp_path: Path) -> None:
    place = tmp_path / "calls"
    session = recorded_session(place)
    s3: Any = session.client("s3", region_name="ap-northeast-1")
    with pytest.raises(s3.exceptions.ClientError):
        s3.delete_bucket(Bucket="missing")
    (line,) = lines(place)
    assert line["error"] == "NoSuchBucket"
