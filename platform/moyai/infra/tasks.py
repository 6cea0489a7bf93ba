"""ECS task definitions of this platform's own kind: one container, Fargate, logs to CloudWatch."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pulumi
import pulumi_aws as aws

import moyai
from moyai.infra.policies import allow, document, trust
from moyai.infra.scope import Scope
from moyai.planning import names
from moyai.registry.models import Site

JOB_CONTAINER = "job"
JOB_CPU, JOB_MEMORY = 256, 512
JOB_STREAM = "job"
LOG_DAYS = 365
"""A year of logs, unless a guideline asks for more."""


def image(site: Site, name: str) -> str:
    """An image in the account's own registry."""
    return f"{site.account_id}.dkr.ecr.{site.region}.amazonaws.com/{name}"


def jobs_image(site: Site) -> str:
    """The image that jobs run in."""
    return image(site, f"moyai-jobs:{moyai.__version__}")


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
    policy: pulumi.Input[str] | None,
    opts: pulumi.ResourceOptions,
) -> aws.iam.Role:
    """A role that tasks assume, under the boundary, with one policy of its own."""
    role = aws.iam.Role(
        name,
        name=names.fit(role_name, names.ROLE_LIMIT),
        assume_role_policy=trust("ecs-tasks.amazonaws.com", scope.site.account_id),
        permissions_boundary=boundary_arn,
        tags=scope.tags(),
        opts=opts,
    )
    if policy is not None:
        aws.iam.RolePolicy(name, role=role.name, policy=policy, opts=opts)
    return role


def execution_policy(
    log_group_arn: str, secret_arns: list[str], parameter_prefix: str | None, key_arn: str
) -> str:
    """What ECS itself needs to start a task: its image, its log stream, its secrets."""
    statements = [
        allow(
            "Image",
            [
                "ecr:GetAuthorizationToken",
                "ecr:BatchGetImage",
                "ecr:GetDownloadUrlForLayer",
                "ecr:BatchCheckLayerAvailability",
            ],
            ["*"],
        ),
        allow("Log", ["logs:CreateLogStream", "logs:PutLogEvents"], [f"{log_group_arn}:*"]),
        allow("Key", ["kms:Decrypt"], [key_arn]),
    ]
    if secret_arns:
        statements.append(allow("Secrets", ["secretsmanager:GetSecretValue"], secret_arns))
    if parameter_prefix is not None:
        statements.append(allow("Parameters", ["ssm:GetParameters"], [parameter_prefix]))
    return document(*statements)
