"""What the tests of the embedded cloud share: a network, a role and a log group for jobs."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

sys.path.insert(0, str(Path(__file__).parent))

TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "ecs-tasks.amazonaws.com"},
                "Action": "sts:AssumeRole",
            }
        ],
    }
)
GROUP = "/test/jobs"
IMAGE = "123456789012.dkr.ecr.ap-northeast-1.amazonaws.com/moyai-jobs:0.1.0"


@dataclass(frozen=True)
class JobRunner:
    """Runs containers of the jobs' image in the sandbox."""

    aws: Callable[..., Any]
    role: str
    network: dict[str, Any]

    def define(self, command: list[str], **given: Any) -> str:
        """A task definition; keyword arguments replace parts of its container."""
        options = {
            "awslogs-group": GROUP,
            "awslogs-region": "ap-northeast-1",
            "awslogs-stream-prefix": "test",
        }
        container = {
            "name": "job",
            "image": IMAGE,
            "command": command,
            "logConfiguration": {"logDriver": "awslogs", "options": options},
            **given,
        }
        definition = self.aws("ecs").register_task_definition(
            family=f"test-{uuid4().hex}",
            networkMode="awsvpc",
            requiresCompatibilities=["FARGATE"],
            cpu="256",
            memory="512",
            taskRoleArn=self.role,
            containerDefinitions=[container],
        )
        return str(definition["taskDefinition"]["taskDefinitionArn"])

    def start(self, definition: str, **override: Any) -> str:
        """Run a task; keyword arguments override parts of its container."""
        answer = self.aws("ecs").run_task(
            cluster="test",
            taskDefinition=definition,
            launchType="FARGATE",
            networkConfiguration=self.network,
            overrides={"containerOverrides": [{"name": "job", **override}]},
        )
        return str(answer["tasks"][0]["taskArn"])

    def look(self, task: str) -> dict[str, Any]:
        """The task as `describe_tasks` shows it."""
        found = self.aws("ecs").describe_tasks(cluster="test", tasks=[task])["tasks"]
        return dict(found[0])

    def wait(self, task: str, status: str = "STOPPED", seconds: float = 30) -> dict[str, Any]:
        """The task once it has come to a status."""
        end = time.monotonic() + seconds
        while (found := self.look(task))["lastStatus"] != status:
            assert time.monotonic() < end, found
            time.sleep(0.02)
        return found

    def lines(self, task: str) -> list[str]:
        """What the task wrote."""
        events = self.aws("logs").get_log_events(
            logGroupName=GROUP,
            logStreamName=f"test/job/{task.rpartition('/')[2]}",
            startFromHead=True,
        )["events"]
        return [event["message"] for event in events]


@pytest.fixture(scope="session")
def jobs(aws: Callable[..., Any]) -> JobRunner:
    """A cluster, a network, a log group and a role for jobs."""
    ec2 = aws("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.9.1.0/24")["Subnet"]["SubnetId"]
    group = ec2.create_security_group(GroupName="jobs", Description="jobs", VpcId=vpc)["GroupId"]
    aws("ecs").create_cluster(clusterName="test")
    aws("logs").create_log_group(logGroupName=GROUP)
    role = aws("iam").create_role(RoleName="test-job", AssumeRolePolicyDocument=TRUST)["Role"]
    network = {"awsvpcConfiguration": {"subnets": [subnet], "securityGroups": [group]}}
    return JobRunner(aws, role["Arn"], network)
