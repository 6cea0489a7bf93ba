"""Where a job runs, as it is on record in environments that are there: no name may change."""

from __future__ import annotations

import pytest

from moyai.job_target import JobTarget, camel_case, from_outputs, from_wire, is_job, snake_case

EXPORTED = {
    "cluster_arn": "arn:aws:ecs:ap-northeast-1:123456789012:cluster/a",
    "task_definition_arn": "arn:aws:ecs:ap-northeast-1:123456789012:task-definition/job:3",
    "subnets": ["subnet-1", "subnet-2"],
    "security_groups": ["sg-1"],
    "log_group": "/osaka/271004",
    "stream_prefix": "chat-job",
    "health_role_arn": "arn:aws:iam::123456789012:role/chat",
}
ON_THE_WIRE = {
    "clusterArn": EXPORTED["cluster_arn"],
    "taskDefinitionArn": EXPORTED["task_definition_arn"],
    "subnets": EXPORTED["subnets"],
    "securityGroups": EXPORTED["security_groups"],
    "logGroup": EXPORTED["log_group"],
    "streamPrefix": EXPORTED["stream_prefix"],
}


def test_it_is_read_from_outputs() -> None:
    target = from_outputs(EXPORTED)
    assert target.subnets == ("subnet-1", "subnet-2")
    assert target.health_role_arn == EXPORTED["health_role_arn"]
    assert {
        **target.values(),
        "subnets": ["subnet-1", "subnet-2"],
        "security_groups": ["sg-1"],
    } == (EXPORTED)


def test_it_is_read_from_the_wire() -> None:
    stopped = {name: value for name, value in EXPORTED.items() if name != "health_role_arn"}
    assert from_wire(ON_THE_WIRE) == from_outputs(stopped)
    assert from_wire(ON_THE_WIRE).health_role_arn is None


def test_what_is_not_there_is_not_written() -> None:
    target = JobTarget(
        cluster_arn="c",
        task_definition_arn="t",
        subnets=("s",),
        security_groups=("g",),
        log_group="l",
        stream_prefix="p",
    )
    assert "health_role_arn" not in target.values()
    assert {camel_case(name) for name in target.values()} == set(ON_THE_WIRE)


def test_a_part_that_is_missing_is_named() -> None:
    with pytest.raises(KeyError, match="stream_prefix"):
        from_wire({name: value for name, value in ON_THE_WIRE.items() if name != "streamPrefix"})


@pytest.mark.parametrize("name", [*EXPORTED, "id", "ssl_mode", "connection_limit"])
def test_names_go_both_ways(name: str) -> None:
    assert snake_case(camel_case(name)) == name


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        ("moyai-jobs", True),
        ("moyai-jobs:1.2", True),
        ("123.dkr.ecr.ap-northeast-1.amazonaws.com/moyai-jobs:0.1.0", True),
        ("localhost:5000/x/moyai-jobs", True),
        ("localhost:5000/moyai-jobs@sha256:abc", True),
        ("123.dkr.ecr.ap-northeast-1.amazonaws.com/moyai-jobs-old:1", False),
        ("123.dkr.ecr.ap-northeast-1.amazonaws.com/eapp-a:moyai-jobs", False),
        ("", False),
    ],
)
def test_the_jobs_image_is_known_by_its_repository(image: str, expected: bool) -> None:
    assert is_job(image) is expected
