"""IAM, key and bucket policies as plain documents; `document` makes them deterministic JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from moyai.registry.models import Site

Statement = Mapping[str, object]


def document(*statements: Statement) -> str:
    """A policy of these statements, as JSON with sorted keys."""
    policy = {"Version": "2012-10-17", "Statement": list(statements)}
    return json.dumps(policy, sort_keys=True, separators=(",", ":"))


def allow(
    sid: str,
    actions: Sequence[str],
    resources: Sequence[str],
    condition: Mapping[str, object] | None = None,
) -> Statement:
    """An allowing statement of an identity policy."""
    statement = {
        "Sid": sid,
        "Effect": "Allow",
        "Action": list(actions),
        "Resource": list(resources),
    }
    return {**statement, "Condition": condition} if condition else statement


def trust(service: str, account_id: str) -> str:
    """Who may assume a role: one AWS service, on behalf of this account only."""
    return document(
        {
            "Effect": "Allow",
            "Principal": {"Service": service},
            "Action": "sts:AssumeRole",
            "Condition": {"StringEquals": {"aws:SourceAccount": account_id}},
        }
    )


def root_arn(site: Site) -> str:
    """The account itself, which hands on to its IAM policies."""
    return f"arn:aws:iam::{site.account_id}:root"


def role_arn(site: Site, name: str) -> str:
    """The ARN of a role by its name, known before the role is made."""
    return f"arn:aws:iam::{site.account_id}:role/{name}"


def body_key(site: Site, users: Sequence[str], federation: str, tenant: str) -> str:
    """A body's key: its roles use it, the platform administers it without decrypting.

    `users` are the ARNs of the body's roles. The account's administrators get every action but
    those that read or write data under the key; AWS services use it for this body's resources only.
    """
    return document(
        {
            "Sid": "PlatformAdministers",
            "Effect": "Allow",
            "Principal": {"AWS": root_arn(site)},
            "Action": [
                "kms:Create*",
                "kms:Describe*",
                "kms:Enable*",
                "kms:List*",
                "kms:Put*",
                "kms:Update*",
                "kms:Revoke*",
                "kms:Disable*",
                "kms:Get*",
                "kms:Delete*",
                "kms:TagResource",
                "kms:UntagResource",
                "kms:ReplicateKey",
                "kms:ScheduleKeyDeletion",
                "kms:CancelKeyDeletion",
            ],
            "Resource": "*",
        },
        {
            "Sid": "BodyUses",
            "Effect": "Allow",
            "Principal": {"AWS": root_arn(site)},
            "Action": ["kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"],
            "Resource": "*",
            "Condition": {"ArnEquals": {"aws:PrincipalArn": list(users)}},
        },
        {
            "Sid": "ServicesForBody",
            "Effect": "Allow",
            "Principal": {"Service": f"logs.{site.region}.amazonaws.com"},
            "Action": ["kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey*", "kms:Describe*"],
            "Resource": "*",
            "Condition": {
                "ArnLike": {
                    "kms:EncryptionContext:aws:logs:arn": (
                        f"arn:aws:logs:{site.region}:{site.account_id}"
                        f":log-group:/{federation}/{tenant}*"
                    )
                }
            },
        },
    )


def platform_key(site: Site) -> str:
    """The platform's own key: the account's policies decide, named AWS services may use it."""
    return document(
        {
            "Sid": "Account",
            "Effect": "Allow",
            "Principal": {"AWS": root_arn(site)},
            "Action": "kms:*",
            "Resource": "*",
        },
        {
            "Sid": "Services",
            "Effect": "Allow",
            "Principal": {
                "Service": [
                    f"logs.{site.region}.amazonaws.com",
                    "cloudtrail.amazonaws.com",
                    "cloudwatch.amazonaws.com",
                    "sns.amazonaws.com",
                    "backup.amazonaws.com",
                ]
            },
            "Action": ["kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey*", "kms:DescribeKey"],
            "Resource": "*",
            "Condition": {"StringEquals": {"aws:SourceAccount": site.account_id}},
        },
    )


def tls_only(bucket: str, *more: Statement) -> str:
    """A bucket's policy that denies whatever does not come over TLS 1.2 or newer."""
    arns = [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"]
    return document(
        {
            "Sid": "TlsOnly",
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:*",
            "Resource": arns,
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        },
        {
            "Sid": "Tls12",
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:*",
            "Resource": arns,
            "Condition": {"NumericLessThan": {"s3:TlsVersion": "1.2"}},
        },
        *more,
    )


def trail_writes(bucket: str, trail_arn: str, account_id: str) -> tuple[Statement, ...]:
    """What CloudTrail needs on its bucket (AWS CloudTrail User Guide, bucket policy)."""
    principal = {"Service": "cloudtrail.amazonaws.com"}
    return (
        {
            "Sid": "TrailLooks",
            "Effect": "Allow",
            "Principal": principal,
            "Action": "s3:GetBucketAcl",
            "Resource": f"arn:aws:s3:::{bucket}",
            "Condition": {"StringEquals": {"aws:SourceArn": trail_arn}},
        },
        {
            "Sid": "TrailWrites",
            "Effect": "Allow",
            "Principal": principal,
            "Action": "s3:PutObject",
            "Resource": f"arn:aws:s3:::{bucket}/AWSLogs/{account_id}/*",
            "Condition": {
                "StringEquals": {
                    "aws:SourceArn": trail_arn,
                    "s3:x-amz-acl": "bucket-owner-full-control",
                }
            },
        },
    )


def boundary(site: Site, federation: str) -> str:
    """The most that any role of a body can ever have, whatever its own policies say."""
    account, region = site.account_id, site.region
    return document(
        allow(
            "BodiesData",
            [
                "s3:GetObject*",
                "s3:PutObject*",
                "s3:DeleteObject",
                "s3:ListBucket*",
                "s3:GetBucket*",
            ],
            [f"arn:aws:s3:::{federation}-*-{account}", f"arn:aws:s3:::{federation}-*-{account}/*"],
        ),
        allow(
            "BodiesSecrets",
            ["secretsmanager:GetSecretValue", "ssm:GetParameter*"],
            [
                f"arn:aws:secretsmanager:{region}:{account}:secret:moyai/*",
                f"arn:aws:ssm:{region}:{account}:parameter/moyai/*",
            ],
        ),
        allow(
            "Keys",
            ["kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey*", "kms:DescribeKey"],
            [f"arn:aws:kms:*:{account}:key/*"],
        ),
        allow(
            "LogsAndImages",
            [
                "logs:CreateLogStream",
                "logs:PutLogEvents",
                "logs:FilterLogEvents",
                "logs:GetLogEvents",
                "ecr:GetAuthorizationToken",
                "ecr:BatchGetImage",
                "ecr:GetDownloadUrlForLayer",
                "ecr:BatchCheckLayerAvailability",
                "sns:Publish",
            ],
            ["*"],
        ),
        {
            "Sid": "NeverMoreThanThis",
            "Effect": "Deny",
            "Action": ["iam:*", "organizations:*", "sts:AssumeRole"],
            "Resource": "*",
        },
    )
