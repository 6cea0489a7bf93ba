"""ECS task definitions of this platform's own kind: one container, Fargate, logs to CloudWatch."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

import moyai
from moyai.infra.policies import trust
from moyai.infra.scope import Scope
from moyai.job_target import JOB_IMAGE
from moyai.registry.models import Site

JOB_CONTAINER = "job"
JOB_CPU, JOB_MEMORY = 256, 512
JOB_STREAM = "job"
LOG_DAYS = 365
"""A year of logs, unless a guideline asks for more."""


def image(site: Site, name: str) -> str:
    """An image in the account's own registry."""
    return f"{site.account_id}.dkr.ecr.{site.region}.amazonaws.com/{name}"


JOBS_IMAGE = f"{JOB_IMAGE}:{moyai.__version__}"
"""The image that jobs run in, as it is called in the account's registry."""


def container(
    name: str,
    image_name: str,
    region: str,
    log_group: str,
    stream: str,
    environment: Mapping[str, str],
    secrets: Mapping[str, str] | None = None,
    port: int | None = None,
) -> str:
    """Container definitions with one container, as ECS takes them (JSON)."""
    definition: dict[str, object] = {
        "name": name,
        "image": image_name,
        "essential": True,
        "readonlyRootFilesystem": True,
        "environment": [{"name": k, "value": v} for k, v in sorted(environment.items())],
        "secrets": [{"name": k, "valueFrom": v} for k, v in sorted((secrets or {}).items())],
        "portMappings": [{"containerPort": port, "protocol": "tcp"}] if port else [],
        "logConfiguration": {
            "logDriver": "awslogs",
            "options": {
                "awslogs-group": log_group,
                "awslogs-region": region,
                "awslogs-stream-prefix": stream,
            },
        },
    }
    return json.dumps([definition], sort_keys=True, separators=(",", ":"))


def task_role(
    name: str,
    role_name: str,
    scope: Scope,
    boundary_arn: pulumi.Input[str],
    policy: pulumi.Input[str],
    opts: pulumi.ResourceOptions,
) -> aws.iam.Role:
    """A role that tasks assume, under a boundary, with one policy of its own."""
    role = aws.iam.Role(
        name,
        name=role_name,
        assume_role_policy=trust("ecs-tasks.amazonaws.com", scope.site.account_id),
        permissions_boundary=boundary_arn,
        tags=scope.tags(),
        opts=opts,
    )
    aws.iam.RolePolicy(name, role=role.name, policy=policy, opts=opts)
    return role


@dataclass(frozen=True, slots=True)
class TaskArgs:
    """A task definition of one container on Fargate."""

    family: str
    cpu: int
    """Units, 1024 to a vCPU."""
    memory: int
    """MiB."""
    containers: pulumi.Input[str]
    """What `container` makes."""
    task_role_arn: pulumi.Input[str]
    execution_role_arn: pulumi.Input[str]
    scope: Scope


def task(name: str, args: TaskArgs, opts: pulumi.ResourceOptions) -> aws.ecs.TaskDefinition:
    """A task definition; a change makes a new revision."""
    return aws.ecs.TaskDefinition(
        name,
        family=args.family,
        cpu=str(args.cpu),
        memory=str(args.memory),
        network_mode="awsvpc",
        requires_compatibilities=["FARGATE"],
        task_role_arn=args.task_role_arn,
        execution_role_arn=args.execution_role_arn,
        container_definitions=args.containers,
        tags=args.scope.tags(),
        opts=opts,
    )
