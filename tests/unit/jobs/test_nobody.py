"""What AWS says of whoever asks for a job is said of no body."""

from __future__ import annotations

import os

import boto3
import pytest
from botocore.exceptions import ClientError

from moyai.engine.state.bucket_blobs import telling
from moyai.errors import SiteTrouble
from moyai.job_target import from_outputs
from moyai.jobs import submit
from moyai.jobs.submit import JobFailed, run

TARGET = from_outputs(
    {
        "cluster_arn": "arn:aws:ecs:ap-northeast-1:123456789012:cluster/c",
        "task_definition_arn": "t:1",
        "subnets": ["s"],
        "security_groups": ["g"],
        "log_group": "l",
        "stream_prefix": "p",
    }
)


def _refused(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "no"}}, "RunTask")


def test_a_job_without_credentials_is_the_sites_trouble(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [one for one in os.environ if one.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, os.devnull)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with pytest.raises(SiteTrouble, match="cannot be entered"):
        run(
            boto3.Session(),
            TARGET,
            "health",
            {},
            region="ap-northeast-1",
            endpoint_url="http://127.0.0.1:1",
        )


def test_credentials_that_ran_out_are_the_sites_trouble_and_other_refusals_are_not() -> None:
    with pytest.raises(SiteTrouble), submit._telling("health"):
        raise _refused("ExpiredTokenException")
    with pytest.raises(JobFailed) as caught, submit._telling("health"):
        raise _refused("ClusterNotFoundException")
    assert caught.value.code == submit.NO_PLACE


def test_a_bucket_that_cannot_be_read_is_the_sites_trouble() -> None:
    with pytest.raises(SiteTrouble, match="bucket b"), telling("b"):
        raise _refused("AccessDenied")
