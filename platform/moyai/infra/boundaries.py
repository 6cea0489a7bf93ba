"""The outermost limits of roles, whatever their own policies say.

One boundary serves all bodies: it speaks of the role's own tags (`moyai:tenant`, `moyai:service`),
so that a role of one body reaches nothing of another, even with a policy that is wrong.
"""

from __future__ import annotations

from collections.abc import Sequence

from moyai.infra.policies import Statement, allow, arn, document, log_streams, secret_arns
from moyai.infra.scope import NO_SERVICE
from moyai.planning import names
from moyai.registry.models import Federation, Site

TENANT = "${aws:PrincipalTag/moyai:tenant}"
SERVICE = "${aws:PrincipalTag/moyai:service}"


def bodies(federation: Federation, site: Site) -> str:
    """For every role of a body. A role without a service (the auditor's) only reads."""
    documents, backups = (
        f"{federation.slug}-{TENANT}-{use}-{site.account_id}" for use in ("documents", "backups")
    )
    group = names.log_group(federation, TENANT)
    of_service = {"StringNotEquals": {"aws:PrincipalTag/moyai:service": NO_SERVICE}}
    of_body = {"StringEquals": {"aws:PrincipalTag/moyai:service": NO_SERVICE}}
    return document(
        allow(
            "OwnObjects",
            ["s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload"],
            [f"arn:aws:s3:::{documents}/{SERVICE}/*"],
        ),
        allow("OwnVersions", ["s3:GetObjectVersion"], [f"arn:aws:s3:::{documents}/{SERVICE}/*"]),
        allow(
            "OwnBackups",
            ["s3:GetObject", "s3:PutObject", "s3:AbortMultipartUpload"],
            [f"arn:aws:s3:::{backups}/{names.backup_prefix(SERVICE)}*"],
        ),
        allow(
            "OwnList",
            ["s3:ListBucket", "s3:ListBucketVersions"],
            [f"arn:aws:s3:::{one}" for one in (documents, backups)],
            of_service,
        ),
        allow(
            "AuditorReads",
            ["s3:ListBucket*", "s3:GetBucket*", "s3:GetObject*"],
            [f"arn:aws:s3:::{one}{rest}" for one in (documents, backups) for rest in ("", "/*")],
            of_body,
        ),
        allow(
            "AuditorLogs",
            ["logs:DescribeLogStreams", "logs:FilterLogEvents", "logs:GetLogEvents"],
            [log_streams(site, group), log_streams(site, f"{group}/*")],
            of_body,
        ),
        allow(
            "OwnSecrets",
            ["secretsmanager:GetSecretValue"],
            [secret_arns(site, f"moyai/{TENANT}/{SERVICE}/*")],
        ),
        allow(
            "OwnParameters",
            ["ssm:GetParameter", "ssm:GetParameters"],
            [arn(site, "ssm", f"parameter/moyai/{TENANT}/{SERVICE}/*")],
        ),
        allow(
            "OwnKey",
            ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*"],
            [arn(site, "kms", "key/*", "*")],
            {"StringEquals": {"aws:ResourceTag/moyai:tenant": TENANT}},
        ),
        allow(
            "OwnTopics",
            ["sns:Publish"],
            [arn(site, "sns", f"{names.subscription_prefix(federation, TENANT, SERVICE)}-*")],
        ),
        *_starting(site, [log_streams(site, group)]),
        _never(),
    )


def platform(federation: Federation, site: Site) -> str:
    """For the platform's own roles: flow logs, and the jobs that manage databases."""
    groups = names.log_group(federation, "*")
    return document(
        allow(
            "Secrets",
            ["secretsmanager:GetSecretValue", "secretsmanager:PutSecretValue"],
            [secret_arns(site, "moyai/*")],
        ),
        allow(
            "MasterSecrets", ["secretsmanager:GetSecretValue"], [secret_arns(site, "rds!cluster-*")]
        ),
        allow(
            "SecretsKeys",
            ["kms:Decrypt", "kms:GenerateDataKey"],
            [arn(site, "kms", "key/*")],
            {"StringEquals": {"kms:ViaService": f"secretsmanager.{site.region}.amazonaws.com"}},
        ),
        allow(
            "FlowLogs",
            ["logs:DescribeLogStreams"],
            [arn(site, "logs", f"log-group:{groups}"), log_streams(site, groups)],
        ),
        *_starting(site, [log_streams(site, groups)]),
        _never(),
    )


def _starting(site: Site, streams: Sequence[str]) -> tuple[Statement, ...]:
    """What ECS needs to start a task: any image of the account's registry, the log."""
    return (
        allow("Registry", ["ecr:GetAuthorizationToken"], ["*"]),
        allow(
            "Images",
            ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
            [arn(site, "ecr", "repository/*")],
        ),
        allow("Log", ["logs:CreateLogStream", "logs:PutLogEvents"], streams),
    )


def _never() -> Statement:
    return {
        "Sid": "NeverMore",
        "Effect": "Deny",
        "Action": ["iam:*", "organizations:*", "sts:AssumeRole", "kms:CreateGrant"],
        "Resource": "*",
    }
